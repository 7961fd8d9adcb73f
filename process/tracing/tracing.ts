import type { Clock } from "../clock.ts";
import type { FinishedSpan } from "./span.ts";
import type { SpanOutput, SpanOutputParts } from "./span-output.ts";
import type { TraceValues } from "./trace-settings.ts";
import { Tracer } from "./tracer.ts";

export interface TracingParts extends Omit<SpanOutputParts, "dropped"> {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** The traces of a program: the tracer of its first thread, and the place where the spans of all threads end. */
export class Tracing {
  readonly tracer: Tracer;
  readonly #output: SpanOutput;
  /** Told how many spans were lost. */
  dropped: (spans: number) => void = () => undefined;

  private constructor(tracer: Tracer, output: SpanOutput) {
    this.tracer = tracer;
    this.#output = output;
  }

  /** undefined: traces are off. Only a program that has them on loads OpenTelemetry, which is 25 MB of memory. */
  static async open(
    { traces, traceSample: sample }: TraceValues,
    parts: TracingParts,
  ): Promise<Tracing | undefined> {
    if (traces === undefined) return undefined;
    const { OtlpOutput } = await import("./otlp-output.ts");
    const output = new OtlpOutput(traces, { ...parts, dropped: (spans) => tracing.dropped(spans) });
    const take = (spans: readonly FinishedSpan[]) => output.take(spans);
    const tracing = new Tracing(new Tracer({ ...parts, sample, take }), output);
    return tracing;
  }

  /** The last spans are sent, for a moment. */
  async close(): Promise<void> {
    this.tracer.close();
    await this.#output.close();
  }
}
