import type { Clock } from "../../process/clock.ts";
import type { SeenRequest, SeenRequests } from "./seen-requests.ts";

/** By what the table may be sorted. */
export const topOrders = ["requests", "bytes", "slowest", "misses"] as const;
export type TopOrder = (typeof topOrders)[number];

/** One URL of late. The figures are estimates, because they come from a sample. */
export interface TopUrl {
  readonly url: string;
  readonly site: string;
  requests: number;
  bytes: number;
  slowestMs: number;
  misses: number;
  /** The last one that was no hit. */
  missed: SeenRequest | undefined;
}

// The table shows what happened within the last one to two of these.
const PERIOD_MS = 5 * 60_000;

// With URLs of 512 characters they take 2 MB in both periods. What a site is asked for most is far fewer.
const MOST_URLS = 1_000;

/** What was asked for most of late: a bounded table by the Space-Saving algorithm (Metwally et al., 2005). */
export class TopRequests {
  readonly #clock: Pick<Clock, "monotonic">;
  #now = new Map<string, TopUrl>();
  #before: ReadonlyMap<string, TopUrl> = new Map();
  #since: number;
  #sinceBefore: number;

  constructor(seen: SeenRequests, clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
    this.#since = clock.monotonic();
    this.#sinceBefore = this.#since;
    seen.onRequest((request) => this.#take(request));
  }

  /** The first is the largest. */
  rows(by: TopOrder, limit: number): { readonly windowMs: number; readonly rows: readonly TopUrl[] } {
    this.#turn();
    const all = new Map([...this.#before].map(([url, row]) => [url, { ...row }]));
    for (const [url, row] of this.#now) {
      const older = all.get(url);
      if (older === undefined) all.set(url, { ...row });
      else add(older, row);
    }
    const figure = FIGURES[by];
    const rows = [...all.values()].filter((row) => figure(row) > 0).sort((a, b) => figure(b) - figure(a));
    return { windowMs: this.#clock.monotonic() - this.#sinceBefore, rows: rows.slice(0, limit) };
  }

  #take(request: SeenRequest): void {
    this.#turn();
    const { url, site, weight, bytes, durationMs, outcome } = request;
    const row = this.#now.get(url) ?? this.#newRow(url, site);
    const isMiss = outcome?.kind !== "hit";
    add(row, {
      ...{ requests: weight, bytes: bytes * weight, slowestMs: durationMs },
      ...{ misses: isMiss ? weight : 0, missed: isMiss ? request : undefined },
    });
  }

  /** In a full table it takes the place of the URL that was asked for least, and its count: it may be as high. */
  #newRow(url: string, site: string): TopUrl {
    const row = { url, site, requests: 0, bytes: 0, slowestMs: 0, misses: 0, missed: undefined };
    if (this.#now.size >= MOST_URLS) {
      let least: TopUrl | undefined;
      for (const each of this.#now.values())
        if (least === undefined || each.requests < least.requests) least = each;
      if (least !== undefined) this.#now.delete(least.url);
      row.requests = least?.requests ?? 0;
    }
    this.#now.set(url, row);
    return row;
  }

  #turn(): void {
    const now = this.#clock.monotonic();
    if (now - this.#since < PERIOD_MS) return;
    const isRecent = now - this.#since < 2 * PERIOD_MS;
    this.#before = isRecent ? this.#now : new Map();
    this.#sinceBefore = isRecent ? this.#since : now;
    this.#now = new Map();
    this.#since = now;
  }
}

const FIGURES: Readonly<Record<TopOrder, (row: TopUrl) => number>> = {
  requests: ({ requests }) => requests,
  bytes: ({ bytes }) => bytes,
  slowest: ({ slowestMs }) => slowestMs,
  misses: ({ misses }) => misses,
};

function add(to: TopUrl, more: Omit<TopUrl, "url" | "site">): void {
  to.requests += more.requests;
  to.bytes += more.bytes;
  to.misses += more.misses;
  to.slowestMs = Math.max(to.slowestMs, more.slowestMs);
  to.missed = more.missed ?? to.missed;
}
