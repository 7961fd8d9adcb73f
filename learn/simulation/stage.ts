import type { LessonEvent, Place, Tone } from "../lesson-event.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** Writes down what happens, for a picture of it. */
export class Stage {
  readonly places: readonly Place[];
  readonly #time: VirtualTime;
  readonly #events: LessonEvent[] = [];
  readonly #shown = new Map<string, string>();

  constructor(time: VirtualTime, places: readonly Place[]) {
    this.#time = time;
    this.places = places;
  }

  /** In the order of their times. */
  get events(): readonly LessonEvent[] {
    return this.#events;
  }

  /** Resolves when it has arrived, after `ms`. */
  travel(from: string, to: string, ms: number, tone: Tone, label: string): Promise<void> {
    const at = this.#time.now;
    this.#events.push({ kind: "message", at, arrives: at + ms, from, to, tone, label });
    return this.pause(ms);
  }

  shows(place: string, lines: readonly string[]): void {
    const text = lines.join("\n");
    if (this.#shown.get(place) === text) return;
    this.#shown.set(place, text);
    this.#events.push({ kind: "shows", at: this.#time.now, place, lines });
  }

  note(text: string, wrong = false): void {
    this.#events.push({ kind: "note", at: this.#time.now, text, wrong });
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#time.after(ms, resolve));
  }
}
