import type { Clock } from "../../process/clock.ts";
import type { ExchangeEnd } from "../server/exchange.ts";
import type { AccessEntry, AccessResult, AskedBy } from "./access-entry.ts";
import {
  type AccessFormat,
  type AccessLines,
  accessLines,
  type Ending,
  type Member,
  members,
  type Repeated,
} from "./access-line.ts";
import { BatchWriter, type TakeBatch } from "./batch-writer.ts";
import { Omitted } from "./omitted.ts";
import { RequestIds } from "./request-id.ts";

/** What is written of which requests. */
export interface AccessLogForm {
  readonly format: AccessFormat;
  /** The share of requests that are written, from 0 to 1. Those that failed are always written. */
  readonly sample: number;
  readonly omit: readonly string[];
}

export interface AccessLogParts {
  readonly clock: Pick<Clock, "wall" | "wait">;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Takes lines to where they go. */
  readonly take: TakeBatch;
}

/** One line for each request of a thread. */
export class AccessLog {
  readonly ids = new RequestIds();
  readonly #form: AccessLogForm;
  readonly #parts: AccessLogParts;
  readonly #omitted: Omitted;
  readonly #lines: AccessLines;
  readonly #writer: BatchWriter;

  constructor(form: AccessLogForm, parts: AccessLogParts) {
    this.#form = form;
    this.#parts = parts;
    this.#omitted = new Omitted(form.omit);
    this.#lines = accessLines(form.format, this.#omitted);
    this.#writer = new BatchWriter(parts.clock, parts.take);
  }

  repeated(asked: AskedBy): Repeated {
    return this.#lines.repeated(asked);
  }

  /** Own members of lines. */
  members<Field extends string>(all: readonly Member<Field>[]): string {
    return members(all, this.#omitted);
  }

  /** Whether a line is written of it: always when something went wrong. */
  wants(status: number, end: ExchangeEnd): boolean {
    const { sample } = this.#form;
    return sample === 1 || status >= 400 || end !== "answered" || this.#parts.random() < sample;
  }

  ending(repeated: Repeated, result: AccessResult): Ending {
    return this.#lines.ending(repeated, result);
  }

  /** Returns the number of the line. */
  write(ending: Ending, entry: AccessEntry): number {
    return this.#writer.write(this.#lines.begin(ending, entry, this.#parts.clock.wall()), ending.end);
  }

  /** Whether the line with this number is the last one, and is not handed over yet: then it is not written. */
  takeBack(line: number): boolean {
    return this.#writer.takeBack(line);
  }

  /** Hands over the last lines. */
  close(): void {
    this.#writer.close();
  }
}
