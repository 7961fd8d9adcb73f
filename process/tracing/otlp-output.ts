import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import {
  type HrTime,
  SpanKind as OtelKind,
  type Tracer as OtelTracer,
  ROOT_CONTEXT,
  SpanStatusCode,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  type SpanExporter,
  type SpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import manifest from "../../package.json" with { type: "json" };
import { describeError } from "../failure.ts";
import type { FinishedSpan, SpanKind } from "./span.ts";
import type { SpanOutput, SpanOutputParts } from "./span-output.ts";
import type { TraceContext } from "./trace-context.ts";

// What OpenTelemetry recommends, some megabytes: so many spans wait while the collector is away.
const MOST_WAITING = 2_048;
// It takes some milliseconds to write them, in which nobody else is served.
const MOST_AT_ONCE = 256;
// A person who looks for a trace has it at once, and a collector gets few small requests.
const LATE_MS = 1_000;
// A collector answers within milliseconds. One that takes this long is away.
const ANSWER_MS = 5_000;
// With its retries.
const EXPORT_MS = 10_000;
// A program that stops sends all that waits at once, beside what is under way.
const MOST_EXPORTS = MOST_WAITING / MOST_AT_ONCE + 2;
const MOST_CONNECTIONS = 2;
// Longer than what names anything; the rest of a long path is cut.
const MOST_VALUE = 1_024;
// A collector that takes nothing may not keep a program that stops.
const LAST_SPANS_MS = 1_000;

/** ExportResultCode.SUCCESS of @opentelemetry/core. */
const EXPORTED = 0;

const KINDS: Readonly<Record<SpanKind, OtelKind>> = {
  server: OtelKind.SERVER,
  client: OtelKind.CLIENT,
  producer: OtelKind.PRODUCER,
  consumer: OtelKind.CONSUMER,
  internal: OtelKind.INTERNAL,
};

/**
 * Takes the spans of all threads of a program to a collector, by OTLP over HTTP. The queue, the batches, the form and the
 * tries are those of OpenTelemetry's own packages.
 */
export class OtlpOutput implements SpanOutput {
  readonly #parts: SpanOutputParts;
  readonly #agents = new Set<HttpAgent>();
  readonly #provider: TracerProvider;
  readonly #tracer: OtelTracer;
  /** What the span that is made next is called. */
  #next: TraceContext | undefined;
  #waiting = 0;
  /** The collector has not said whether it took them. */
  #sent = 0;
  #isClosed = false;

  constructor(endpoint: URL, parts: SpanOutputParts) {
    this.#parts = parts;
    const exporter = new OTLPTraceExporter({
      url: endpoint.href,
      timeoutMillis: ANSWER_MS,
      concurrencyLimit: MOST_EXPORTS,
      httpAgentOptions: (protocol) => this.#agent(protocol),
    });
    const batches = new BatchSpanProcessor({
      exporter: this.#watched(exporter),
      maxQueueSize: MOST_WAITING,
      maxExportBatchSize: MOST_AT_ONCE,
      scheduledDelayMillis: LATE_MS,
      exportTimeoutMillis: EXPORT_MS,
    });
    const named = resourceFromAttributes({
      "service.name": `edgecache-${parts.program}`,
      "service.version": manifest.version,
      "service.instance.id": parts.instance,
    });
    this.#provider = new TracerProvider({
      // Whether a span is recorded was decided where it began.
      sampler: new AlwaysOnSampler(),
      resource: named.merge(detectResources({ detectors: [envDetector] })),
      spanLimits: { attributeValueLengthLimit: MOST_VALUE },
      idGenerator: {
        generateTraceId: () => this.#next?.traceId ?? "",
        generateSpanId: () => this.#next?.spanId ?? "",
      },
      spanProcessors: [this.#bounded(batches)],
    });
    this.#tracer = this.#provider.getTracer("edgecache", manifest.version);
  }

  take(spans: readonly FinishedSpan[]): void {
    for (const span of spans) this.#take(span);
  }

  async close(): Promise<void> {
    const { clock, dropped } = this.#parts;
    const flushed = new AbortController();
    const late = clock.wait(LAST_SPANS_MS, flushed.signal).catch(() => undefined);
    await Promise.race([this.#provider.shutdown().catch(() => undefined), late]);
    flushed.abort();
    this.#isClosed = true;
    if (this.#waiting + this.#sent > 0) dropped(this.#waiting + this.#sent);
    for (const agent of this.#agents) agent.destroy();
  }

  #take(span: FinishedSpan): void {
    const { name, kind, context, parent, links, began, ended, attributes, events, error } = span;
    this.#next = context;
    const under = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, sampled(parent));
    const made = this.#tracer.startSpan(
      name,
      {
        kind: KINDS[kind],
        startTime: timeOf(began),
        attributes: given(attributes),
        links: links.map((link) => ({ context: sampled(link) })),
        root: parent === undefined,
      },
      under,
    );
    for (const event of events) made.addEvent(event.name, given(event.attributes), timeOf(event.at));
    if (error !== undefined) made.setStatus({ code: SpanStatusCode.ERROR });
    made.end(timeOf(ended));
  }

  /** Counts what finds no room: the processor drops it without a word. */
  #bounded(batches: SpanProcessor): SpanProcessor {
    return {
      onStart: (...started) => batches.onStart(...started),
      onEnd: (span) => {
        if (this.#waiting >= MOST_WAITING) {
          this.#parts.dropped(1);
          return;
        }
        this.#waiting += 1;
        batches.onEnd(span);
      },
      forceFlush: () => batches.forceFlush(),
      shutdown: () => batches.shutdown(),
    };
  }

  /** Counts what the collector did not take. */
  #watched(exporter: SpanExporter): SpanExporter {
    return {
      export: (spans, done) => {
        this.#waiting -= spans.length;
        this.#sent += spans.length;
        exporter.export(spans, (result) => {
          this.#sent -= spans.length;
          if (result.code !== EXPORTED && !this.#isClosed) this.#notTaken(spans.length, result.error);
          done(result);
        });
      },
      shutdown: () => exporter.shutdown(),
    };
  }

  #notTaken(spans: number, error: Error | undefined): void {
    const cause = error === undefined ? "no reason given" : describeError(error);
    this.#parts.dropped(spans);
    this.#parts.log.warn({ sampled: "traces", cause, spans }, "spans not taken; they are dropped");
  }

  /** Its connections are ours to close. */
  #agent(protocol: string): HttpAgent {
    const options = { keepAlive: true, maxSockets: MOST_CONNECTIONS };
    const agent = protocol === "https:" ? new HttpsAgent(options) : new HttpAgent(options);
    this.#agents.add(agent);
    return agent;
  }
}

function sampled({ traceId, spanId }: TraceContext) {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
}

function given(attributes: FinishedSpan["attributes"]): Record<string, string | number | boolean | string[]> {
  const all: Record<string, string | number | boolean | string[]> = {};
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) all[name] = typeof value === "object" ? [...value] : value;
  return all;
}

/** Seconds and nanoseconds. */
function timeOf(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
}
