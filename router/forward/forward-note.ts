import type { TraceContext } from "../../process/tracing/trace-context.ts";
import { type Span, type SpanStart, startPart, type Tracer } from "../../process/tracing/tracer.ts";

/** What becomes known of a request while it is forwarded. */
export class ForwardNote {
  /** The span of the request; undefined: there are no traces. */
  readonly trace: TraceContext | undefined;
  /** For the edge, in X-Request-Id; undefined: it gets what the client sent. */
  readonly requestId: string | undefined;
  /** Requests that were sent, or begun to be sent, to edges. */
  tries = 0;
  /** Whether a second edge was asked because the first one took long. */
  hedged = false;
  /** The edge that answered. */
  edge: string | undefined;
  /** Monotonic milliseconds. */
  answeredAt: number | undefined;

  readonly #tracer: Tracer | undefined;

  constructor(requestId: string | undefined, trace?: TraceContext, tracer?: Tracer) {
    this.requestId = requestId;
    this.trace = trace;
    this.#tracer = tracer;
  }

  /** Part of the request; undefined: it is not recorded. */
  part(name: string, start?: SpanStart): Span | undefined {
    return startPart(this.#tracer, this.trace, name, start);
  }
}
