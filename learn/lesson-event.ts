/** The kinds of things that move and stand in the picture. Each has a colour and a sign of its own. */
export type Tone =
  | "request"
  | "hit"
  | "miss"
  | "stale"
  | "revalidated"
  | "bypass"
  | "error"
  | "purge"
  | "heartbeat";

/** One thing that happens in a lesson. Times are in milliseconds since it began. */
export type LessonEvent =
  /** Something travels. */
  | {
      readonly kind: "message";
      readonly at: number;
      readonly arrives: number;
      readonly from: string;
      readonly to: string;
      readonly tone: Tone;
      readonly label: string;
    }
  /** From now on a place shows these lines. */
  | { readonly kind: "shows"; readonly at: number; readonly place: string; readonly lines: readonly string[] }
  /** A step of the story. `wrong`: it should never happen. */
  | { readonly kind: "note"; readonly at: number; readonly text: string; readonly wrong: boolean };

/** Somebody or something that stands in the picture. */
export interface Place {
  readonly id: string;
  readonly kind: "client" | "dns" | "editor" | "router" | "edge" | "origin" | "log";
  readonly name: string;
  /** Where, in hundredths of the picture's width and height. */
  readonly x: number;
  readonly y: number;
}

/** One figure of a run, to be compared with the run of the other choice. */
export interface Figure {
  readonly name: string;
  readonly value: string;
}

/** Everything that a page needs to play a lesson, and a test to check it. */
export interface Run {
  readonly places: readonly Place[];
  readonly events: readonly LessonEvent[];
  readonly endsAt: number;
  readonly figures: readonly Figure[];
  /** What this run has shown, in a sentence. */
  readonly shown: string;
}
