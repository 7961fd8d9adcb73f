import type { Run } from "./lesson-event.ts";

/** Something that the reader can change. The first choice is the usual one. */
export interface Variable {
  /** In the address of the page. */
  readonly name: string;
  readonly label: string;
  readonly choices: readonly [Choice, ...Choice[]];
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

/** The value of each variable, by its name. */
export type Choices = Readonly<Record<string, string>>;

/** One idea, one thing to do, one thing to watch. */
export interface Lesson {
  /** In the address of the page. */
  readonly id: string;
  readonly title: string;
  /** Paragraphs. */
  readonly idea: readonly string[];
  readonly watch: string;
  /** One; the playground has more. */
  readonly variables: readonly [Variable, ...Variable[]];
  /** Sections of RFCs, or rules of docs/purge.md. */
  readonly rules: readonly string[];
  /** The files that decide it. */
  readonly files: readonly string[];
  /** Milliseconds of the lesson in one second of the page, so that every lesson takes less than a minute. */
  readonly pace: number;
  /** Runs the code of the edge or router from beginning to end. The same seed and choices give the same run. */
  readonly run: (seed: number, choices: Choices) => Promise<Run>;
}
