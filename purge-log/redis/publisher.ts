import type { Clock } from "../../process/clock.ts";
import { Deadlines } from "../../process/deadlines.ts";
import { describeError } from "../../process/failure.ts";
import type { Position } from "../position.ts";
import { ANOTHER_PURGE } from "../purge-digest.ts";
import type { AppendOutcome } from "../purge-log.ts";
import type { Reply } from "./connection.ts";

/** A command that someone waits for is answered, or known to be unanswered, within this time, in milliseconds. */
export const ANSWER_MS = 2000;

// A disk that needs 5 ms for an append still takes 3,200 purges a second of each edge. More at a time would let
// callers that send as fast as they are answered crowd out the requests of an edge's clients.
const BATCH_PURGES = 16;
// In characters: four of the largest purges, or many small ones.
const BATCH_TEXT = 1_048_576;

/** A purge as it goes into the log. */
export interface EncodedEntry {
  readonly purgeId: string;
  readonly text: string;
  /** The digest of the purge that has this id (rule P2). */
  readonly digest: string;
}

/** Purges that are appended in one go: all of them, or none. */
export interface Batch {
  readonly purges: readonly EncodedEntry[];
  readonly floor: Position;
}

/** Where they stand, in their order, and in which history. An id may stand for another purge already. */
export interface Published {
  readonly runId: string;
  readonly positions: readonly (Position | "another-purge")[];
}

interface Waiting extends EncodedEntry {
  readonly floor: Position;
  settle(outcome: AppendOutcome): void;
}

export interface PublisherParts {
  readonly clock: Clock;
  /** No deadline is kept any more once it aborts: what is being sent must end by itself then. */
  readonly closed: AbortSignal;
  /** Resolves when a first append may go, so that those that come at about the same time go with it. */
  readonly gather: () => Promise<void>;
  /** Never rejects. */
  readonly send: (batch: Batch, withinMs: number) => Promise<Reply<Published>>;
}

/**
 * Appends purges. Purges that come while an append is under way go together in the next one: a log that writes each
 * append to disk takes ten purges in the time of one. Each has its own position and outcome.
 */
export class Publisher {
  readonly #deadlines: Deadlines;
  readonly #gather: () => Promise<void>;
  readonly #send: (batch: Batch, withinMs: number) => Promise<Reply<Published>>;
  readonly #waiting: Waiting[] = [];
  #sending = false;

  constructor({ clock, closed, gather, send }: PublisherParts) {
    this.#deadlines = new Deadlines(clock, closed);
    this.#gather = gather;
    this.#send = send;
  }

  /** Never rejects. */
  async publish(entry: EncodedEntry, floor: Position): Promise<AppendOutcome> {
    const { promise, resolve } = Promise.withResolvers<AppendOutcome>();
    const waiting: Waiting = { ...entry, floor, settle: resolve };
    this.#waiting.push(waiting);
    if (!this.#sending) this.#sendAll();
    try {
      return await this.#deadlines.within(promise, ANSWER_MS);
    } catch (thrown) {
      return { kind: this.#withdraw(waiting) ? "rejected" : "unknown", reason: describeError(thrown) };
    }
  }

  /** Whether the purge was still unsent. Then it is never sent. */
  #withdraw(waiting: Waiting): boolean {
    const index = this.#waiting.indexOf(waiting);
    if (index >= 0) this.#waiting.splice(index, 1);
    return index >= 0;
  }

  async #sendAll(): Promise<void> {
    this.#sending = true;
    await this.#gather();
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) {
      const outcomes = await this.#append(batch);
      for (const [index, { settle }] of batch.entries()) settle(outcomes(index));
    }
    this.#sending = false;
  }

  async #append(batch: readonly Waiting[]): Promise<(index: number) => AppendOutcome> {
    const seq = Math.max(...batch.map(({ floor }) => floor.seq));
    const epoch = batch[0]?.floor.epoch ?? 0;
    const reply = await this.#send({ purges: batch, floor: { epoch, seq } }, ANSWER_MS);
    switch (reply.kind) {
      case "reply": {
        const { runId, positions } = reply.value;
        return (index) => {
          const position = positions[index];
          if (position === undefined) {
            return { kind: "unknown", reason: "the log did not say where it stands" };
          }
          return position === "another-purge"
            ? { kind: position, reason: ANOTHER_PURGE }
            : { kind: "accepted", position, runId };
        };
      }
      case "refused":
      case "unreachable":
        return () => ({ kind: "rejected", reason: reply.reason });
      case "unanswered":
        return () => ({ kind: "unknown", reason: reply.reason });
    }
  }

  /**
   * The next purges that can go together. Their floors are of one epoch: an epoch from the far future is refused, and
   * that must not befall purges with another floor.
   */
  #take(): readonly Waiting[] {
    const epoch = this.#waiting[0]?.floor.epoch;
    let characters = 0;
    const end = this.#waiting.findIndex(({ floor, text }, index) => {
      characters += text.length;
      return floor.epoch !== epoch || index === BATCH_PURGES || (index > 0 && characters > BATCH_TEXT);
    });
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : end);
  }
}
