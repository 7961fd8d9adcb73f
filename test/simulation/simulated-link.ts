import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import type { VirtualTime } from "../../learn/simulation/virtual-time.ts";
import type { Reply } from "../../purge-log/redis/connection.ts";
import { RedisError } from "./redis-data.ts";
import type { SimulatedRedis } from "./simulated-redis.ts";

/** Which way nothing gets through. */
export type Direction = "to-redis" | "from-redis";

/**
 * Runs at the server; answers at once or later, and throws a RedisError when the server refuses. `reset`: the
 * connection ends instead.
 */
export type Command<T> = (redis: SimulatedRedis, answer: (value: T) => void, reset: () => void) => void;

/** One TCP connection, which does not outlive the process that it leads to. */
export interface Session {
  /** Undefined until the server has been reached. */
  runId: string | undefined;
}

export interface LinkParts {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  /** Holds back what would happen at the edge while the edge stands still. */
  readonly defer: (run: () => void) => void;
}

// Bytes sent into a cut wire may still arrive: the kernel sends them again once the wire is mended.
const SENT_AGAIN_WITHIN_MS = 4000;

/** One edge's way to Redis. Each message takes its time; faults make it slow, swallow it or bring it late. */
export class SimulatedLink {
  /** Where it leads to; undefined while nobody listens there. */
  redis: SimulatedRedis | undefined;
  readonly #parts: LinkParts;
  readonly #cutUntil = { "to-redis": 0, "from-redis": 0 };
  #slowUntil = 0;
  #mended = false;

  constructor(parts: LinkParts) {
    this.#parts = parts;
  }

  cut(direction: Direction, ms: number): void {
    this.#cutUntil[direction] = Math.max(this.#cutUntil[direction], this.#parts.time.now + ms);
  }

  slow(ms: number): void {
    this.#slowUntil = Math.max(this.#slowUntil, this.#parts.time.now + ms);
  }

  /** From now on it does nothing unusual any more. */
  mend(): void {
    this.#cutUntil["to-redis"] = 0;
    this.#cutUntil["from-redis"] = 0;
    this.#slowUntil = 0;
    this.#mended = true;
  }

  /** Carries the command there and its answer back. `silenceMs`: when the edge stops waiting. */
  send<T>(session: Session, command: Command<T>, silenceMs: number): Promise<Reply<T>> {
    const { time, random, defer } = this.#parts;
    const { promise, resolve } = Promise.withResolvers<Reply<T>>();
    const arrive = (reply: Reply<T>): void => defer(() => resolve(reply));
    // A cut is noticed by a connection that is to be made, or by none that is there already.
    const connecting = session.runId === undefined && random.chance(0.5);
    const swallowed: Reply<T> = connecting
      ? { kind: "unreachable", reason: "no connection in time" }
      : { kind: "unanswered", reason: `no answer in ${silenceMs} ms` };
    const giveUp = time.after(silenceMs, () => arrive(swallowed));
    const back = (reply: Reply<T>): void => {
      time.after(this.#delay(), () => {
        if (this.#isCut("from-redis")) return;
        giveUp();
        arrive(reply);
      });
    };
    const reach = (): void => this.#reach(session, command, back);
    if (!this.#isCut("to-redis")) time.after(this.#delay(), reach);
    else if (!connecting) {
      time.after(random.between(0, SENT_AGAIN_WITHIN_MS), () => {
        if (!this.#isCut("to-redis")) reach();
      });
    }
    return promise;
  }

  /** A message that nobody answers, from the server. */
  push(deliver: () => void): void {
    const { time, defer } = this.#parts;
    time.after(this.#delay(), () => {
      if (!this.#isCut("from-redis")) defer(deliver);
    });
  }

  #reach<T>(session: Session, command: Command<T>, back: (reply: Reply<T>) => void): void {
    const { redis } = this;
    const reset = (): void => back({ kind: "unanswered", reason: "connection reset" });
    if (session.runId !== undefined && session.runId !== redis?.runId) {
      reset();
      return;
    }
    if (redis === undefined) {
      back({ kind: "unreachable", reason: "connection refused" });
      return;
    }
    session.runId = redis.runId;
    try {
      command(redis, (value) => back({ kind: "reply", value }), reset);
    } catch (thrown) {
      if (!(thrown instanceof RedisError)) throw thrown;
      back({ kind: "refused", reason: thrown.message });
    }
  }

  #isCut(direction: Direction): boolean {
    return this.#parts.time.now < this.#cutUntil[direction];
  }

  #delay(): number {
    const { random, time } = this.#parts;
    if (time.now < this.#slowUntil) return random.between(50, 1900);
    return !this.#mended && random.chance(0.03) ? random.between(10, 600) : random.between(0.1, 3);
  }
}
