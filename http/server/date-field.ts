import type { Clock } from "../../process/clock.ts";

/** The value of Date (RFC 9110 section 6.6.1), made anew once a second. */
export class HttpDate {
  readonly #clock: Clock;
  #second = Number.NaN;
  #text = "";

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get value(): string {
    const second = Math.floor(this.#clock.wall() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = new Date(second * 1000).toUTCString();
    }
    return this.#text;
  }
}
