import { type OriginRequest, plainBody } from "../origin/origin.ts";
import type { CacheRequest, KeyedContent } from "../rules/exchange.ts";
import { isIncremental } from "../rules/incremental.ts";
import type { PassedDetail } from "../rules/verdict-detail.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { keyedContent } from "./keyed-content.ts";

// Searches and GraphQL documents are a few KiB. The whole is in memory until the origin has answered, for each client that
// sends one.
const MOST_BYTES = 64 * 1024;

/** Whether the content of the request is in its key, if it can be read. */
export function isKeyable({ method, matched }: Pick<CacheRequest, "method" | "matched">): boolean {
  return method === "QUERY" || (method === "POST" && matched?.cachesPost === true);
}

interface UnreadRequest extends CacheRequest {
  readonly body: AsyncIterable<Uint8Array> | undefined;
}

/** A request whose content has been read, or that passes the cache by. */
export interface ReadRequest<R> {
  readonly request: R;
  /** Why its content is not in its key; undefined: it is. */
  readonly passed: PassedDetail | undefined;
  /** To be called when the request is answered. */
  release(): void;
}

/** Reads the content of a keyable request. What does not fit is passed on, with what was read before it. */
export async function readContent<R extends UnreadRequest>(
  request: R,
  budget: ByteBudget,
): Promise<ReadRequest<R>> {
  const { method, fields, body } = request;
  const nothing = (): void => undefined;
  const unread = (passed: PassedDetail): ReadRequest<R> => ({ request, passed, release: nothing });
  // RFC 10036 section 3: it is not to be buffered.
  if (isIncremental(fields)) return unread("incremental");
  // RFC 9110 section 14.5: a part of some content, of which only the origin knows the rest.
  if (fields.has("content-range")) return unread("content-range");
  if (Number(fields.get("content-length") ?? 0) > MOST_BYTES) return unread("content-too-large");
  const parts = body?.[Symbol.asyncIterator]();
  const read: Uint8Array[] = [];
  let length = 0;
  let taken = 0;
  const release = (): void => budget.give(taken);
  try {
    for (
      let next = await parts?.next();
      next !== undefined && next.done !== true;
      next = await parts?.next()
    ) {
      // The piece is a view of memory that is used again.
      read.push(Uint8Array.from(next.value));
      length += next.value.byteLength;
      const fits = length <= MOST_BYTES && budget.take(next.value.byteLength);
      if (fits) taken += next.value.byteLength;
      else if (parts !== undefined) {
        const whole = { ...request, body: rejoined(read, parts) };
        return {
          request: whole,
          passed: length > MOST_BYTES ? "content-too-large" : "memory-short",
          release,
        };
      }
    }
  } catch (thrown) {
    release();
    throw thrown;
  }
  const content = keyedContent(method, fields, Buffer.concat(read, length));
  return { request: { ...request, content, body: undefined }, passed: undefined, release };
}

/** What was read, and then the rest. */
async function* rejoined(
  read: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* read;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** The request to the origin with the content that is in the key, byte for byte. */
export function withContent(asked: OriginRequest, content: KeyedContent | undefined): OriginRequest {
  if (content === undefined) return asked;
  const { bytes } = content;
  if (bytes.byteLength === 0) return asked;
  const body = { [Symbol.asyncIterator]: () => plainBody(bytes) };
  const fields = asked.fields.with("Content-Length", String(bytes.byteLength));
  return { ...asked, fields, body, isBodyHeld: true };
}
