import { type Ejection, nextEjection, SOUND, type TrafficEvent } from "../choose/ejection.ts";

// Enough for a percentile that one slow answer does not move, few enough to sort at times.
const SAMPLES = 128;
const FEWEST_SAMPLES = 20;

// Older answers say nothing of now.
const RECENT_MS = 60_000;

// So many answers in so short a time are more than people at one browser make: what this edge does, others must be
// able to do as well when it is lost.
const BUSY_ANSWERS = 32;
const BUSY_MS = 2000;

// An edge that answers nothing more is lost within that time, and was busy until then.
const WAS_BUSY_MS = 5000;

// The percentile is asked for with every request, and changes little from one to the next.
const COMPUTED_EVERY_MS = 250;

/** What requests through this router have shown of one edge. Instants are monotonic milliseconds. */
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

  /** `ejectionChanged` is called when it has been ejected. */
  constructor(ejectionChanged: () => void = () => undefined) {
    this.#ejectionChanged = ejectionChanged;
  }

  /** Requests sent there that are not over. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Those of them that have no first byte of an answer yet; long downloads are not among them. */
  get waiting(): number {
    return this.#waiting;
  }

  get ejection(): Ejection {
    return this.#ejection;
  }

  /** A request is about to be sent there. */
  began(): void {
    this.#inFlight += 1;
    this.#waiting += 1;
  }

  /** The first byte of its answer has come, so long after it began. */
  answered(now: number, firstByteMs: number): void {
    this.#waiting -= 1;
    this.#firstByteMs[this.#next] = firstByteMs;
    this.#answeredAt[this.#next] = now;
    this.#next = (this.#next + 1) % SAMPLES;
    this.#take("answered", now);
  }

  /** It is over, well or not; pairs with began. */
  ended(wasAnswered: boolean): void {
    this.#inFlight -= 1;
    if (!wasAnswered) this.#waiting -= 1;
  }

  /** A request failed there before its response began to make sense. */
  failed(now: number, event: Exclude<TrafficEvent, "answered">): void {
    this.#take(event, now);
  }

  /** Another process is there now: what the one before it did is forgotten. */
  restarted(): void {
    this.#ejection = SOUND;
  }

  /** Whether this router has lately sent it more than a few requests. */
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
