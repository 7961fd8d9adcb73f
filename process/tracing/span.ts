import type { TraceContext } from "./trace-context.ts";

/** As OpenTelemetry has them. */
export type SpanKind = "server" | "client" | "producer" | "consumer" | "internal";

export type Attributes = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** Something that happened in a span, and when, in milliseconds since 1970. */
export interface SpanEvent {
  readonly name: string;
  readonly at: number;
  readonly attributes: Attributes;
}

/** A span that is over: plain data, so that any thread may make it. Times are milliseconds since 1970. */
export interface FinishedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly context: TraceContext;
  /** undefined: it is the first of its trace. */
  readonly parent: TraceContext | undefined;
  readonly links: readonly TraceContext[];
  readonly began: number;
  readonly ended: number;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  /** Why it failed: `error.type` of OpenTelemetry's conventions; undefined: it did not. */
  readonly error: string | undefined;
}
