/** How often a serving thread beats, and how often the other one looks, in milliseconds. */
export const BEAT_MS = 50;

// A thread that does nothing for 5 s hangs: its port would take connections and answer none of them. Looks are counted,
// because a clock goes on while the whole machine stands still.
const MOST_LOOKS = 100;

/** What a serving thread does. `absent`: it has no port open, because it starts or is replaced. */
export type Standing = "serves" | "hangs" | "absent";

/** Whether clients are answered, by these threads or, without any, by the one that asks. */
export function answer(threads: readonly Standing[]): boolean {
  // Connections to a thread that hangs are lost. Those that an absent one would take go to the others.
  return !threads.includes("hangs") && (threads.length === 0 || threads.includes("serves"));
}

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
