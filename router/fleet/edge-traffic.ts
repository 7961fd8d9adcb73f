import { type Ejection, nextEjection, SOUND, type TrafficEvent } from "../choose/ejection.ts";

// Enough that one slow response does not move the percentile, and few enough to sort now and then.
const SAMPLES = 128;
const FEWEST_SAMPLES = 20;

// Older responses say nothing about the present.
const RECENT_MS = 60_000;

// This many responses in so short a time are more than one browser causes. If such an edge is lost, its load must be
// spread.
const BUSY_ANSWERS = 32;
const BUSY_MS = 2000;

// An edge that stops answering is dead within this time, and was busy until then.
const WAS_BUSY_MS = 5000;

// Every request needs the percentile, which changes little from one to the next.
const COMPUTED_EVERY_MS = 250;

/** The traffic of this router to one edge. Instants are monotonic milliseconds. */
export class EdgeTraffic {
  readonly #ejectionChanged: () => void;
  #inFlight = 0;
  #waiting = 0;
  #ejection: Ejection = SOUND;
  /** First-byte times with their instants, as a ring. */
  readonly #firstByteMs = new Float64Array(SAMPLES);
  readonly #answeredAt = new Float64Array(SAMPLES).fill(Number.NEGATIVE_INFINITY);
  #next = 0;
  #p95: { readonly at: number; readonly ms: number | undefined } = {
    at: Number.NEGATIVE_INFINITY,
    ms: undefined,
  };

  /** Calls `ejectionChanged` when the edge has been ejected. */
  constructor(ejectionChanged: () => void = () => undefined) {
    this.#ejectionChanged = ejectionChanged;
  }

  /** Requests in flight. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Requests in flight without a first response byte, so without long downloads. */
  get waiting(): number {
    return this.#waiting;
  }

  get ejection(): Ejection {
    return this.#ejection;
  }

  /** Call it before sending a request. */
  began(): void {
    this.#inFlight += 1;
    this.#waiting += 1;
  }

  /** Call it at the first response byte, with the time since the request was sent. */
  answered(now: number, firstByteMs: number): void {
    this.#waiting -= 1;
    this.#firstByteMs[this.#next] = firstByteMs;
    this.#answeredAt[this.#next] = now;
    this.#next = (this.#next + 1) % SAMPLES;
    this.#take("answered", now);
  }

  /** Call it once after each `began`, whether the request succeeded or failed. */
  ended(wasAnswered: boolean): void {
    this.#inFlight -= 1;
    if (!wasAnswered) this.#waiting -= 1;
  }

  /** Call it when a request failed before its response began. */
  failed(now: number, event: Exclude<TrafficEvent, "answered">): void {
    this.#take(event, now);
  }

  /** Call it when the edge has restarted. Forgets the previous process. */
  restarted(): void {
    this.#ejection = SOUND;
  }

  /** Whether this router has recently sent it more than a few requests. */
  isBusy(now: number): boolean {
    const last = this.#answeredAt.at((this.#next - 1) % SAMPLES) ?? Number.NEGATIVE_INFINITY;
    const first = this.#answeredAt.at((this.#next - BUSY_ANSWERS) % SAMPLES) ?? Number.NEGATIVE_INFINITY;
    return now - last <= WAS_BUSY_MS && last - first <= BUSY_MS;
  }

  /** 95th percentile of the first-byte times of the last minute; undefined when there are fewer than 20. */
  p95Ms(now: number): number | undefined {
    if (now - this.#p95.at >= COMPUTED_EVERY_MS) this.#p95 = { at: now, ms: this.#computeP95(now) };
    return this.#p95.ms;
  }

  #computeP95(now: number): number | undefined {
    const recent = this.#firstByteMs.filter((_, at) => now - (this.#answeredAt[at] ?? 0) <= RECENT_MS).sort();
    return recent.length < FEWEST_SAMPLES ? undefined : recent[Math.ceil(recent.length * 0.95) - 1];
  }

  #take(event: TrafficEvent, now: number): void {
    const { until } = this.#ejection;
    this.#ejection = nextEjection(this.#ejection, event, now);
    if (this.#ejection.until !== until) this.#ejectionChanged();
  }
}
