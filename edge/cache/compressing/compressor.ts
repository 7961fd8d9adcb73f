import { setImmediate as turn } from "node:timers/promises";
import { describeError } from "../../../process/failure.ts";
import {
  type CompressRules,
  DELTA,
  type EncodingName,
  encodingNames,
  isCompressible,
} from "../../rules/compression.ts";
import { isNegotiated } from "../../rules/form-choice.ts";
import { inPieces } from "../../store/body-pieces.ts";
import {
  type Encoding,
  encodingOf,
  type FillMark,
  type StoredResponse,
} from "../../store/stored-response.ts";
import type { CacheContext, WantedEncoding } from "../context.ts";
import type { EncodingDropped } from "../encoding-drops.ts";
import type { PurgeState } from "../purge-state.ts";
import type { EncodingJob } from "./encode.ts";
import { hasSameBytes, isSameFill, isSameVariant } from "./same-response.ts";

// Half a second of work: brotli 5 makes some 30 MB a second. What has to wait longer is asked for again.
const MOST_BYTES = 16 * 2 ** 20;
// A body is copied at once for the thread that encodes: some 5 ms for so much. It may take a quarter of a second there.
const LARGEST = 8 * 2 ** 20;
// Of small bodies, as much work as that.
const MOST_JOBS = 1_024;

// An encoding that is hardly smaller is not worth its memory.
const WORTH = 0.9;
// Brotli 11 takes the place of brotli 5, so it is worth less.
const WORTH_BETTER = 0.95;

// Brotli 11 takes 2 s for so much. Meanwhile nothing else is encoded.
const LARGEST_IMPROVED = 2 ** 20;
// Uses of late from which on the bytes that clients save are worth 45 times the work.
const MANY_USES = 64;
// Keys whose brotli may be improved. Of more, the oldest are forgotten.
const MOST_IMPROVABLE = 1_024;

type Parts = Pick<CacheContext, "store" | "counters" | "log"> & {
  readonly purges: Pick<PurgeState, "standing" | "mark" | "removed">;
  /** What rules say of it too. */
  readonly rulesOf: (stored: StoredResponse) => CompressRules;
  /** Called again only when it has settled. */
  readonly encode: (job: EncodingJob) => Promise<Uint8Array>;
};

type Job = { readonly stored: StoredResponse } & (
  | { readonly name: Exclude<EncodingName, typeof DELTA> }
  | {
      readonly name: typeof DELTA;
      readonly dictionary: StoredResponse;
      /** When the dictionary was last known to be covered by no purge. */
      readonly since: FillMark | undefined;
    }
);

/**
 * Has encodings made of stored responses, behind the answers that could have used them. Jobs wait in a line that is
 * bounded by number and bytes; what finds it full is dropped, and its clients get the body as it is.
 *
 * An encoding is one with its response: it is put beside the body only in the step in which the response is found to be
 * stored and covered by no purge. So none outlives its response, however late it comes. Rule E10: a delta is one of them.
 */
export class Compressor {
  readonly #parts: Parts;
  readonly #line: Job[] = [];
  /** Jobs in the line or under way. */
  readonly #wanted = new Set<string>();
  readonly #refused = new WeakSet<StoredResponse>();
  readonly #improvable = new Set<string>();
  #bytes = 0;
  #isRunning = false;
  #isStopped = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Bytes of the bodies that wait, which are held until their turn. */
  get bytes(): number {
    return this.#bytes;
  }

  readonly want = (stored: StoredResponse, wanted: WantedEncoding): void => {
    const job: Job =
      typeof wanted === "string"
        ? { stored, name: wanted }
        : { stored, name: DELTA, ...wanted, since: this.#parts.purges.mark() };
    if (this.#refused.has(stored) || this.#wanted.has(idOf(job))) return;
    if (!this.#isFit(stored)) this.#refused.add(stored);
    else if (job.name !== DELTA || isDictionary(job.dictionary)) this.#take(job);
  };

  /** Has brotli made anew for what is asked for often. Called now and then: it does nothing while other jobs wait. */
  improve(): void {
    const { store } = this.#parts;
    if (this.#isRunning) return;
    for (const key of this.#improvable) {
      if (store.useCount(key) < MANY_USES) continue;
      this.#improvable.delete(key);
      const improved = store.peek(key).filter((stored) => hasOnlyFastBrotli(stored) && this.#isFit(stored));
      for (const stored of improved) this.#take({ stored, name: "br-11" });
      if (improved.length > 0) return;
    }
  }

  /** What waits is dropped, and nothing is taken any more. */
  stop(): void {
    this.#isStopped = true;
    for (const job of this.#line.splice(0)) this.#leave(job);
  }

  #isFit(stored: StoredResponse): boolean {
    const { method, fields, bodyLength } = stored;
    return (
      method !== "HEAD" &&
      isNegotiated(stored) &&
      bodyLength <= LARGEST &&
      isCompressible(fields, bodyLength, this.#parts.rulesOf(stored))
    );
  }

  #take(job: Job): void {
    const bytes = bytesOf(job);
    if (this.#isStopped || this.#wanted.has(idOf(job))) return;
    if (this.#wanted.size >= MOST_JOBS || this.#bytes + bytes > MOST_BYTES) {
      this.#drop("queue-full");
      return;
    }
    this.#wanted.add(idOf(job));
    this.#bytes += bytes;
    this.#line.push(job);
    if (!this.#isRunning) void this.#run();
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let job = this.#line.shift(); job !== undefined; job = this.#line.shift()) {
      await this.#make(job);
      // Requests come first, also when the thread is faster than this one.
      await turn();
      this.#leave(job);
    }
    this.#isRunning = false;
  }

  #leave(job: Job): void {
    this.#wanted.delete(idOf(job));
    this.#bytes -= bytesOf(job);
  }

  async #make(job: Job): Promise<void> {
    const { encode, log } = this.#parts;
    const begun = this.#currentOf(job);
    if (begun === undefined) return this.#drop("gone");
    try {
      if (job.name === DELTA && hasSameBytes(begun, job.dictionary))
        return this.#inherit(begun, job.dictionary);
      const body = copyOf(begun);
      const encoded = await encode(
        job.name === DELTA
          ? { name: DELTA, body, dictionary: copyOf(job.dictionary) }
          : { name: job.name, body },
      );
      const stored = this.#currentOf(job);
      if (stored === undefined) this.#drop("gone");
      else this.#keep(stored, job.name, encoded);
    } catch (thrown) {
      if (this.#isStopped) return;
      this.#drop("failed");
      log.warn({ sampled: "compress", cause: describeError(thrown) }, "a body was not encoded");
    }
  }

  /** The version is the same as before, so the delta to it is, too. */
  #inherit(stored: StoredResponse, previous: StoredResponse): void {
    const delta = encodingOf(previous, DELTA);
    if (delta !== undefined) this.#parts.store.encode(stored, [...(stored.encodings ?? []), delta]);
  }

  #currentOf(job: Job): StoredResponse | undefined {
    return this.#current(job.stored) ?? (job.name === DELTA ? this.#sameAgain(job) : undefined);
  }

  /**
   * The response that has come in its place with the same bytes, as it often is after a refresh. Rule E10: meanwhile a purge
   * may have taken the dictionary out of use.
   */
  #sameAgain({
    stored,
    dictionary,
    since,
  }: Extract<Job, { name: typeof DELTA }>): StoredResponse | undefined {
    const { store, purges } = this.#parts;
    if (since === undefined || purges.removed(since, dictionary)) return undefined;
    const again = store
      .peek(stored.key)
      .find((other) => isSameVariant(other, stored) && hasSameBytes(other, stored));
    const hasItsTags = dictionary.tags.every((tag) => again?.tags.includes(tag) === true);
    return again !== undefined && hasItsTags && purges.standing(again).kind === "trusted" ? again : undefined;
  }

  /** The response as it is stored now. Rule E2: one that a purge covers may be out of the store in the next moment. */
  #current(stored: StoredResponse): StoredResponse | undefined {
    const { store, purges } = this.#parts;
    const current = store.peek(stored.key).find((other) => isSameFill(other, stored));
    return current !== undefined && purges.standing(current).kind === "trusted" ? current : undefined;
  }

  #keep(stored: StoredResponse, name: EncodingName, encoded: Uint8Array): void {
    const { store, counters } = this.#parts;
    const { encodings: held = [], key } = stored;
    const fast = name === "br-11" ? held.find((encoding) => encoding.name === "br") : undefined;
    const most = fast === undefined ? leastOf(stored, name) * WORTH : fast.length * WORTH_BETTER;
    const isWorth = encoded.byteLength <= most;
    const length = isWorth ? encoded.byteLength : 0;
    const made: Encoding = { name, length, chunks: isWorth ? inPieces([encoded], length) : [] };
    const kept = isWorth ? held.filter((encoding) => encoding !== fast) : held;
    const all = [...kept.filter((encoding) => encoding.name !== name), made].sort(byName);
    const outcome = store.encode(stored, all);
    if (outcome === "gone") this.#drop("gone");
    else if (outcome === "too-large") {
      // Its room does not grow by asking again.
      this.#refused.add(stored);
      this.#drop("no-room");
    } else if (isWorth) {
      counters.add("encodingsMade");
      if (name === "br" && stored.bodyLength <= LARGEST_IMPROVED) this.#mayImprove(key);
    } else counters.add("encodingsNotSmaller");
  }

  #mayImprove(key: string): void {
    const [oldest] = this.#improvable;
    if (oldest !== undefined && this.#improvable.size >= MOST_IMPROVABLE) this.#improvable.delete(oldest);
    this.#improvable.add(key);
  }

  #drop(reason: EncodingDropped): void {
    this.#parts.counters.addReason("encodingsDropped", reason);
  }
}

/** Variants of a key take turns. Each version has a delta of its own. */
function idOf({ stored, name }: Job): string {
  return name === DELTA ? `${name} ${stored.requestTime.monotonic} ${stored.key}` : `${name} ${stored.key}`;
}

/** Bytes that a job holds. */
function bytesOf(job: Job): number {
  return job.stored.bodyLength + (job.name === DELTA ? job.dictionary.bodyLength : 0);
}

/** Bytes that a client would get without the encoding. With a delta competes what clients without dictionary get. */
function leastOf({ bodyLength, encodings = [] }: StoredResponse, name: EncodingName): number {
  if (name !== DELTA) return bodyLength;
  return Math.min(bodyLength, ...encodings.flatMap(({ length }) => (length === 0 ? [] : length)));
}

// RFC 8878 section 5: bytes that begin so would not be taken as they are, but for a dictionary in a format.
const FORMATTED = [0x37, 0xa4, 0x30, 0xec];

function isDictionary({ bodyLength, chunks: [first] }: StoredResponse): boolean {
  if (bodyLength === 0 || bodyLength > LARGEST) return false;
  return !FORMATTED.every((byte, at) => first?.[at] === byte);
}

function byName(a: Encoding, b: Encoding): number {
  return encodingNames.indexOf(a.name) - encodingNames.indexOf(b.name);
}

function hasOnlyFastBrotli({ encodings = [] }: StoredResponse): boolean {
  return (
    encodings.some(({ name, length }) => name === "br" && length > 0) &&
    encodings.every(({ name }) => name !== "br-11")
  );
}

/** The thread takes the memory. */
function copyOf({ chunks, bodyLength }: StoredResponse): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bodyLength);
  let at = 0;
  for (const chunk of chunks) {
    copy.set(chunk, at);
    at += chunk.byteLength;
  }
  return copy;
}
