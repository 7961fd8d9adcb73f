import { setImmediate as endOfTurn } from "node:timers/promises";
import { type Content, cancelContent } from "../../edge/cache/answer.ts";
import { serve } from "../../edge/cache/serve.ts";
import type { EdgeConfig } from "../../edge/config.ts";
import { withoutDefaultPort } from "../../edge/origin/host-policy.ts";
import { type Origin, type OriginRequest, type OriginResponse, plainBody } from "../../edge/origin/origin.ts";
import { Fields } from "../../http/message/fields.ts";
import type { Clock } from "../../process/clock.ts";
import type { RecordedRequest } from "./recorded-requests.ts";
import { type TrialEdge, trialEdge } from "./trial-edge.ts";

/** How the requests of a record would have been answered. */
export interface ReplayTally {
  readonly requests: number;
  /** Answered from the store without asking the origin: fresh, or stale where that is allowed. */
  readonly hits: number;
  readonly revalidated: number;
  readonly misses: number;
  readonly bypassed: number;
  /** Answered by the edge itself: by a rule, or with an error. */
  readonly own: number;
  /** Of the content: bytes in all, and bytes of hits. */
  readonly bytes: number;
  readonly hitBytes: number;
  /** Stored responses at the end. */
  readonly objects: number;
  /** Why responses were not stored, the most frequent first. */
  readonly notStored: readonly (readonly [reason: string, times: number])[];
}

export interface ReplayOptions {
  /** For records that do not say it. */
  readonly authority: string;
  /** The freshness of responses whose fields were not recorded, in milliseconds. */
  readonly assumedTtlMs: number;
}

/** Plays the record to an edge with these settings whose cache is empty at first. Its time is that of the record. */
export async function replay(
  requests: readonly RecordedRequest[],
  config: EdgeConfig,
  options: ReplayOptions,
): Promise<ReplayTally> {
  const clock = new RecordedClock(requests[0]?.at ?? 0);
  const origin = new RecordedOrigin(options.assumedTtlMs, clock);
  const edge = trialEdge(config, origin, clock);
  const counts = {
    requests: 0,
    hits: 0,
    revalidated: 0,
    misses: 0,
    bypassed: 0,
    own: 0,
    bytes: 0,
    hitBytes: 0,
  };
  for (const request of requests) {
    clock.now = request.at;
    origin.current = request;
    const kind = await outcomeOf(request, edge, options.authority);
    counts.requests += 1;
    counts.bytes += request.bytes;
    if (kind === "hits") counts.hitBytes += request.bytes;
    counts[kind] += 1;
    // Refreshes behind the answer come in their own time, and the process stays responsive.
    await endOfTurn();
  }
  const reasons = edge.counters.sites.sums("notStored").filter(([, times]) => times > 0);
  return {
    ...counts,
    objects: edge.store.objects,
    notStored: reasons.sort(([, one], [, other]) => other - one),
  };
}

async function outcomeOf(
  { method, target, fields, authority: named }: RecordedRequest,
  edge: TrialEdge,
  otherwise: string,
): Promise<"hits" | "revalidated" | "misses" | "bypassed" | "own"> {
  const authority = withoutDefaultPort("https", named === "" ? otherwise : named);
  const site = edge.sites.of(authority);
  if (site === undefined) return "own";
  const scheme = "https" as const;
  const told = edge.sites.told(site, scheme, authority);
  const { outcome, content } = await serve(
    { method, target, site, ...told, fields, scheme, authority, addresses: "", body: undefined },
    edge,
  );
  await read(content);
  switch (outcome.kind) {
    case "hit":
    case "stale":
      return "hits";
    case "revalidated":
      return "revalidated";
    case "miss":
      return "misses";
    case "bypass":
      return outcome.fwdStatus === undefined ? "own" : "bypassed";
    case "error":
      return "own";
  }
}

async function read(content: Content): Promise<void> {
  if (content.kind !== "stream") return;
  try {
    // Nobody looks at the bytes.
    for await (const _ of content.read(0));
  } finally {
    cancelContent(content);
  }
}

/** Stands still between two requests of the record. What waits for a time waits for ever. */
class RecordedClock implements Clock {
  now: number;

  constructor(now: number) {
    this.now = now;
  }

  wall(): number {
    return this.now;
  }

  monotonic(): number {
    return this.now;
  }

  wait(_ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((_, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }
}

// As large as pieces of a body come.
const PIECE = new Uint8Array(64 * 1024);

// Of these fields the record tells how the content came to the browser, not how it is stored.
const OF_TRANSFER = ["Content-Length", "Transfer-Encoding", "Age", "Connection", "Keep-Alive"];

/** For a trial that asks no origin. */
export const NO_ORIGIN: Origin = {
  fetch: async () => {
    throw new Error("a trial asks no origin");
  },
  probe: async () => undefined,
  close: async () => undefined,
};

/** Answers as the origin did in the record. */
class RecordedOrigin implements Origin {
  current: RecordedRequest | undefined;
  readonly #assumedTtlMs: number;
  readonly #clock: Clock;

  constructor(assumedTtlMs: number, clock: Clock) {
    this.#assumedTtlMs = assumedTtlMs;
    this.#clock = clock;
  }

  async fetch(request: OriginRequest): Promise<OriginResponse> {
    const { current } = this;
    if (current === undefined) throw new Error("nothing is replayed");
    const fields = this.#fields(current);
    // A browser that had the response already was told that it has not changed; the edge would be told the same.
    const confirms = current.status === 304 && request.fields.has("If-None-Match");
    const status = current.status === 304 && !confirms ? 200 : current.status;
    const isEmpty = confirms || status === 204 || request.method === "HEAD";
    return { status, fields, body: isEmpty ? plainBody() : bodyOf(current.bytes) };
  }

  async probe(): Promise<void> {
    // It is always there.
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  #fields({ responseFields, status }: RecordedRequest): Fields {
    const date = new Date(this.#clock.wall()).toUTCString();
    const recorded = responseFields?.without(OF_TRANSFER);
    if (recorded !== undefined) return recorded.has("Date") ? recorded : recorded.plus("Date", date);
    const seconds = status < 400 ? Math.floor(this.#assumedTtlMs / 1_000) : 0;
    return Fields.of([
      ["Date", date],
      ["Cache-Control", `max-age=${seconds}`],
    ]);
  }
}

async function* bodyOf(bytes: number): AsyncGenerator<Uint8Array> {
  for (let left = bytes; left > 0; left -= PIECE.byteLength)
    yield PIECE.subarray(0, Math.min(left, PIECE.byteLength));
}
