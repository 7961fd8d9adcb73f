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
import type { Batch } from "./batch-queue.ts";
import { BatchWriter } from "./batch-writer.ts";
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
  /** Takes lines to where they go. It may keep the bytes. */
  readonly take: (batch: Batch) => void;
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

  /** Returns the line. */
  write(ending: Ending, entry: AccessEntry): string {
    const line = this.#lines.line(ending, entry, this.#parts.clock.wall());
    this.#writer.write(line);
    return line;
  }

  /** Whether the line, as `write` returned it, was the last one: then it is not written. */
  takeBack(line: string): boolean {
    return this.#writer.takeBack(line);
  }

  /** Hands over the last lines. */
  close(): void {
    this.#writer.close();
  }
}
