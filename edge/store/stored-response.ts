import type { Position } from "../../purge-log/position.ts";
import type { EncodingName } from "../rules/compression.ts";
import type { TimedHead } from "../rules/exchange.ts";
import type { SearchVariance } from "../rules/no-vary-search.ts";
import type { SentFields } from "../rules/sent-fields.ts";
import { parsedHead, type StoredHead } from "../rules/stored-head.ts";

/** A body once more, coded by this edge. */
export interface Encoding {
  readonly name: EncodingName;
  /** None: it has been made, and is not worth to be kept. */
  readonly chunks: readonly Uint8Array[];
  readonly length: number;
}

/** A stored response: what the rules need to know of it, its body, and what a purge needs to know of it. */
export interface StoredResponse extends StoredHead {
  readonly key: string;
  readonly site: string;
  /** As in the request, see CacheRequest. */
  readonly base?: string;
  readonly target: string;
  readonly chunks: readonly Uint8Array[];
  readonly bodyLength: number;
  /** Of the body, in the order of their names. They are kept, counted and dropped with it. */
  readonly encodings?: readonly Encoding[];
  /** How far a hit sends the stored fields as they are. */
  readonly sent: SentFields;
  readonly tags: readonly string[];
  /** No-Vary-Search: the other targets of its path that it stands for. */
  readonly variance: SearchVariance | undefined;
  /** Where in the history of purges its fill began. */
  readonly mark: FillMark;
}

/** Where in the history of purges a fill began, taken before its request to the origin is written (rule E3). */
export interface FillMark {
  /** Purges up to here had been applied. */
  readonly position: Position;
  /** Soft flushes that had happened. */
  readonly flushes: number;
  /** Invalidations by requests at this edge that had happened. */
  readonly invalidations: number;
}

/** Of a response that may be used when the origin has confirmed it. */
export function asValidator(mark: FillMark): FillMark {
  return { ...mark, flushes: -1 };
}

/** Whether it was stored as one. */
export function isValidator({ flushes }: FillMark): boolean {
  return flushes < 0;
}

/** The same response with other bytes of its representation: how long it is fresh, and for whom, does not change. */
export function withPart(
  stored: StoredResponse,
  head: Pick<Partial<TimedHead>, "status" | "fields">,
): StoredResponse {
  const { policy, lifetime, clientFields } = stored;
  const part = withHead(stored, head);
  const control = clientFields.get("Cache-Control");
  if (control === stored.fields.get("Cache-Control")) return { ...part, policy, lifetime };
  // A rule of the site gives clients another one.
  const forClient = part.clientFields.without(["Expires", "Pragma"]).with("Cache-Control", control ?? "");
  return { ...part, policy, lifetime, clientFields: forClient };
}

export function encodingOf(
  { encodings }: StoredResponse,
  name: EncodingName | undefined,
): Encoding | undefined {
  return encodings?.find((encoding) => encoding.name === name);
}

/** Bytes of its body, in all forms in which it is kept. */
export function keptBytes({ bodyLength, encodings = [] }: StoredResponse): number {
  return encodings.reduce((sum, { length }) => sum + length, bodyLength);
}

/** The same bytes, in the order in which they are kept. */
export function keptChunks({ chunks, encodings = [] }: StoredResponse): readonly Uint8Array[] {
  return encodings.length === 0 ? chunks : [...chunks, ...encodings.flatMap((encoding) => encoding.chunks)];
}

/** The same response with another status or other fields, which are parsed anew. */
export function withHead(stored: StoredResponse, head: Partial<TimedHead>): StoredResponse {
  const { status, fields, requestTime, responseTime } = { ...stored, ...head };
  return { ...stored, ...parsedHead({ status, fields, requestTime, responseTime }), sent: "rewritten" };
}
