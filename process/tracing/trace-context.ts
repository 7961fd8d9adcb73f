import { RandomHex } from "../random-hex.ts";

/** The fields of W3C Trace Context, in lower case. */
export const TRACEPARENT = "traceparent";
export const TRACESTATE = "tracestate";

/** W3C Trace Context section 2.2: the place of a request in a trace. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: the span that what comes next is part of. */
  readonly spanId: string;
  /** Whether spans of the trace are recorded. */
  readonly sampled: boolean;
}

// W3C Trace Context section 3.2: version, trace, parent and flags; no part of it is all zeros.
const SHAPE = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/;
// Of version 00. A later version may have more behind it.
const CHARS = 55;
const SAMPLED = 0x01;

/** What a `traceparent` says; undefined: it is not there or not valid. */
export function parseTraceparent(text: string | undefined): TraceContext | undefined {
  if (text === undefined) return undefined;
  const [, version, traceId = "", spanId = "", flags = ""] = SHAPE.exec(text) ?? [];
  if (version === undefined || (version === "00" && text.length !== CHARS)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & SAMPLED) !== 0 };
}

export function traceparentOf({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/** Makes the identifiers of traces and spans. */
export class TraceIds {
  readonly #traces = new RandomHex(16);
  readonly #spans = new RandomHex(8);

  /** The place of another span: in the trace of `parent`, else in a new trace. */
  next(parent: Pick<TraceContext, "traceId"> | undefined, sampled: boolean): TraceContext {
    return { traceId: parent?.traceId ?? this.#traces.next(), spanId: this.#spans.next(), sampled };
  }
}
