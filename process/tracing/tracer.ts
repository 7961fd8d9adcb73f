import type { Clock } from "../clock.ts";
import type { Attributes, FinishedSpan, SpanEvent, SpanKind } from "./span.ts";
import { type TraceContext, TraceIds } from "./trace-context.ts";

export interface TracerParts {
  readonly clock: Pick<Clock, "wall" | "monotonic" | "wait">;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** The share of traces that are recorded, from 0 to 1, of those that begin here. */
  readonly sample: number;
  /** Takes spans to where they go. */
  readonly take: (spans: readonly FinishedSpan[]) => void;
}

export interface SpanStart {
  readonly kind?: SpanKind;
  /** Spans of other requests that this one waits for. */
  readonly links?: readonly TraceContext[];
  readonly attributes?: Attributes;
  /** Monotonic milliseconds; undefined: now. */
  readonly at?: number;
}

// A message of this size costs little more than one of a span, and a fiftieth of it for each span.
const MOST_GATHERED = 50;
// As late as a line of the access log may be.
const LATE_MS = 100;
// More than the grain of the wall clock and of a thread that is busy between two readings; less than a clock that was set.
const CLOCK_SET_MS = 50;

/** Records the spans of a thread. */
export class Tracer {
  readonly #parts: TracerParts;
  readonly #ids = new TraceIds();
  /** The wall clock less the monotonic one. */
  #offset: number;
  #gathered: FinishedSpan[] = [];
  #isTimed = false;
  readonly #closed = new AbortController();

  constructor(parts: TracerParts) {
    this.#parts = parts;
    this.#offset = parts.clock.wall() - parts.clock.monotonic();
  }

  /** Whether the spans of a request are recorded: as its parent is, else by chance. */
  samples(parent: TraceContext | undefined): boolean {
    return parent === undefined ? this.#parts.random() < this.#parts.sample : parent.sampled;
  }

  /** For requests that are sent on without a span: whoever gets them is not to record them either. */
  unsampled(parent: TraceContext | undefined): TraceContext {
    return this.#ids.next(parent, false);
  }

  /** It is recorded, whatever `parent` says. */
  start(name: string, parent: TraceContext | undefined, start: SpanStart = {}): Span {
    const { clock } = this.#parts;
    const context = this.#ids.next(parent, true);
    return new Span({ name, context, parent, ...start }, start.at ?? clock.monotonic(), this);
  }

  now(): number {
    return this.#parts.clock.monotonic();
  }

  /** Milliseconds since 1970 of a monotonic moment: by one clock, so that spans of a microsecond are in order. */
  wallOf(at: number): number {
    const { clock } = this.#parts;
    const offset = clock.wall() - clock.monotonic();
    if (Math.abs(offset - this.#offset) > CLOCK_SET_MS) this.#offset = offset;
    return at + this.#offset;
  }

  /** Takes a span that is over. */
  record(span: FinishedSpan): void {
    this.#gathered.push(span);
    if (this.#gathered.length >= MOST_GATHERED) this.#handOver();
    else if (!this.#isTimed) void this.#handOverLater();
  }

  /** Hands over spans that another thread has recorded. */
  pass(spans: readonly FinishedSpan[]): void {
    this.#parts.take(spans);
  }

  /** Hands over what is recorded. Later spans are handed over at once. */
  close(): void {
    this.#closed.abort();
    this.#handOver();
  }

  async #handOverLater(): Promise<void> {
    this.#isTimed = true;
    await this.#parts.clock.wait(LATE_MS, this.#closed.signal).catch(() => undefined);
    this.#isTimed = false;
    this.#handOver();
  }

  #handOver(): void {
    if (this.#gathered.length === 0) return;
    const spans = this.#gathered;
    this.#gathered = [];
    this.#parts.take(spans);
  }
}

interface SpanParts extends Omit<SpanStart, "at"> {
  readonly name: string;
  readonly context: TraceContext;
  readonly parent: TraceContext | undefined;
}

/** A span under way. */
export class Span {
  readonly context: TraceContext;
  readonly #parts: SpanParts;
  readonly #began: number;
  readonly #tracer: Pick<Tracer, "now" | "wallOf" | "record">;
  readonly #events: SpanEvent[] = [];
  #attributes: Attributes;
  #isOver = false;

  constructor(parts: SpanParts, began: number, tracer: Pick<Tracer, "now" | "wallOf" | "record">) {
    this.context = parts.context;
    this.#parts = parts;
    this.#began = began;
    this.#tracer = tracer;
    this.#attributes = parts.attributes ?? {};
  }

  set(attributes: Attributes): void {
    this.#attributes = { ...this.#attributes, ...attributes };
  }

  /** `at`: monotonic milliseconds; undefined: now. */
  event(name: string, attributes: Attributes = {}, at = this.#tracer.now()): void {
    this.#events.push({ name, at: this.#tracer.wallOf(at), attributes });
  }

  /** The first call counts. `error`: why it failed. */
  end(error?: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { name, kind = "internal", context, parent, links = [] } = this.#parts;
    const began = this.#tracer.wallOf(this.#began);
    const ended = began + this.#tracer.now() - this.#began;
    const attributes = error === undefined ? this.#attributes : { ...this.#attributes, "error.type": error };
    const events = this.#events;
    this.#tracer.record({ name, kind, context, parent, links, began, ended, attributes, events, error });
  }
}

/** Part of a request that is recorded; undefined: it is not, or nothing is. */
export function startPart(
  tracer: Tracer | undefined,
  parent: TraceContext | undefined,
  name: string,
  start?: SpanStart,
): Span | undefined {
  return tracer === undefined || parent?.sampled !== true ? undefined : tracer.start(name, parent, start);
}
