import { type Origin, type OriginRequest, type OriginResponse, plainBody } from "../../edge/origin/origin.ts";
import { formatHttpDate } from "../../http/message/date.ts";
import { Fields } from "../../http/message/fields.ts";
import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import type { VirtualTime } from "../../learn/simulation/virtual-time.ts";
import type { Clock } from "../../process/clock.ts";
import { Failure } from "../../process/failure.ts";
import type { PurgeTarget } from "../../purge-log/purge.ts";
import { isMeant, PAGES, type Page, tagText, textAt } from "./pages.ts";

/** One moment at which the origin looked at a page, for a response that has this number in `Read`. */
export interface OriginRead {
  readonly page: Page;
  readonly version: number;
  readonly at: number;
}

export const READ_FIELD = "Read";
/** What the origin answered with, which the status does not say of what is stored. */
export const STATUS_FIELD = "Origin-Status";

/** The pages in their present versions, and every read of them. */
export class SimulatedOrigin {
  readonly reads: OriginRead[] = [];
  readonly #time: VirtualTime;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #versions = new Map<Page, number>();
  #failsUntil = 0;

  constructor(time: VirtualTime, clock: Clock, random: SeededRandom) {
    this.#time = time;
    this.#clock = clock;
    this.#random = random;
  }

  version(page: Page): number {
    return this.#versions.get(page) ?? 1;
  }

  /** Publishes new versions of what the targets mean. */
  change(targets: readonly PurgeTarget[]): void {
    for (const page of PAGES) {
      const version = this.version(page);
      if (targets.some((target) => isMeant(target, page, version))) this.#versions.set(page, version + 1);
    }
  }

  fail(ms: number): void {
    this.#failsUntil = Math.max(this.#failsUntil, this.#time.now + ms);
  }

  mend(): void {
    this.#failsUntil = 0;
  }

  /** The origin as one edge sees it. */
  seenThrough(defer: (run: () => void) => void): Origin {
    return {
      fetch: (request) => this.#fetch(request, defer),
      probe: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  }

  async #fetch(request: OriginRequest, defer: (run: () => void) => void): Promise<OriginResponse> {
    const wait = (ms: number): Promise<void> =>
      new Promise((resolve) => this.#time.after(ms, () => defer(resolve)));
    await wait(this.#random.between(0.1, 3));
    const page = PAGES.find(({ target }) => target === request.target);
    if (this.#time.now < this.#failsUntil || page === undefined) {
      if (this.#random.chance(0.5)) throw new Failure("connection_refused", "origin", "the origin is away");
      return { status: 503, fields: Fields.of([]), body: plainBody() };
    }
    const version = this.version(page);
    this.reads.push({ page, version, at: this.#time.now });
    const fields = this.#fields(page, version, this.reads.length - 1);
    await wait(this.#gate(page));
    return this.#answer(request, fields, textAt(page.target, version), () => wait(this.#gate(page)));
  }

  /** For how long the origin holds back the fields, or the body, after it has read. */
  #gate(page: Page): number {
    const random = this.#random;
    if (!page.slow) return random.between(0.1, 5);
    return random.chance(0.3) ? random.between(500, 4000) : random.between(5, 600);
  }

  #fields(page: Page, version: number, read: number): Fields {
    return Fields.of([
      ["Date", formatHttpDate(this.#clock.wall())],
      ["Cache-Control", page.cacheControl],
      ["ETag", `"${version}"`],
      [page.tagField, tagText(page, version)],
      [READ_FIELD, String(read)],
      [STATUS_FIELD, "200"],
    ]);
  }

  #answer(request: OriginRequest, fields: Fields, text: string, gate: () => Promise<void>): OriginResponse {
    const tag = fields.get("ETag");
    if (request.fields.get("If-None-Match") === tag)
      return { status: 304, fields: fields.with(STATUS_FIELD, "304"), body: plainBody() };
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.fields.get("Range") ?? "");
    const ifRange = request.fields.get("If-Range");
    const whole = range === null || (ifRange !== undefined && ifRange !== tag);
    const first = whole ? 0 : Number(range[1]);
    const last = whole || range[2] === "" ? text.length - 1 : Math.min(Number(range[2]), text.length - 1);
    const content = text.slice(first, last + 1);
    const sized = fields.with("Content-Length", String(content.length));
    const body = request.method === "HEAD" ? plainBody() : heldBody(content, gate);
    if (whole) return { status: 200, fields: sized, body };
    const partly = sized.with("Content-Range", `bytes ${first}-${last}/${text.length}`);
    return { status: 206, fields: partly, body };
  }
}

async function* heldBody(text: string, gate: () => Promise<void>): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  const half = Math.ceil(bytes.byteLength / 2);
  yield bytes.subarray(0, half);
  await gate();
  if (half < bytes.byteLength) yield bytes.subarray(half);
}
