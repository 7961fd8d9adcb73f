/** How often a serving thread beats, and how often the other one looks, in milliseconds. */
export const BEAT_MS = 50;

// A thread that does nothing for 5 s hangs: its port would take connections and answer none of them. Looks are counted,
// because a clock goes on while the whole machine stands still.
const MOST_LOOKS = 100;

/** Tells a thread that goes on from one that hangs, by the number of its beats. */
export class ThreadWatch {
  #beats = 0;
  #looks = 0;

  /** `beats`: how many there have been. */
  look(beats: number): "alive" | "hangs" {
    this.#looks = beats === this.#beats ? this.#looks + 1 : 0;
    this.#beats = beats;
    if (this.#looks <= MOST_LOOKS) return "alive";
    this.#looks = 0;
    return "hangs";
  }
}
