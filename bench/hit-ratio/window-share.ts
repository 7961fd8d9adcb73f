// As in Caffeine: a small window is best for most loads.
const FIRST = 0.01;
const LEAST = 0.005;
const MOST = 0.8;
const STEP = 0.0625;
// Steps become smaller while the hit ratio hardly changes.
const DECAY = 0.98;
// A change of the hit ratio by so much means another load.
const ANOTHER_LOAD = 0.05;
// Requests an entry between two steps.
const SAMPLE = 10;
const LEAST_SAMPLE = 2_000;

/** The share of the window, which climbs towards the better hit ratio. */
export class WindowShare {
  value = FIRST;
  #hits = 0;
  #requests = 0;
  #ratio = 0;
  #step = STEP;

  hit(entries: number): void {
    this.#hits += 1;
    this.missed(entries);
  }

  missed(entries: number): void {
    this.#requests += 1;
    if (this.#requests >= Math.max(LEAST_SAMPLE, SAMPLE * entries)) this.#climb();
  }

  #climb(): void {
    const ratio = this.#hits / this.#requests;
    const change = ratio - this.#ratio;
    const isFirst = this.#ratio === 0;
    this.#hits = 0;
    this.#requests = 0;
    this.#ratio = ratio;
    if (isFirst) return;
    const direction = change >= 0 ? Math.sign(this.#step) : -Math.sign(this.#step);
    this.#step = direction * (Math.abs(change) >= ANOTHER_LOAD ? STEP : Math.abs(this.#step) * DECAY);
    this.value = Math.min(MOST, Math.max(LEAST, this.value + this.#step));
  }
}
