import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import type { Clock } from "../../process/clock.ts";
import { pauseMs } from "../../purge-log/redis/backoff.ts";
import type { Reply } from "../../purge-log/redis/connection.ts";
import type { Command, Session, SimulatedLink } from "./simulated-link.ts";

export interface SimulatedConnectionParts {
  readonly wire: SimulatedLink;
  readonly clock: Clock;
  readonly random: SeededRandom;
}

/** The counterpart of RedisConnection: after each failure it pauses, longer each time. */
export class SimulatedConnection {
  readonly #parts: SimulatedConnectionParts;
  readonly #killed: AbortSignal;
  readonly #silenceMs: number;
  readonly #longestPauseMs: number;
  #session: Session = { runId: undefined };
  #failures = 0;
  #notBefore = 0;

  constructor(
    parts: SimulatedConnectionParts,
    killed: AbortSignal,
    silenceMs: number,
    longestPauseMs: number,
  ) {
    this.#parts = parts;
    this.#killed = killed;
    this.#silenceMs = silenceMs;
    this.#longestPauseMs = longestPauseMs;
  }

  /** A process that is gone sends nothing and hears nothing. */
  async ask<T>(command: Command<T>, onSend?: () => void): Promise<Reply<T>> {
    const { clock, wire, random } = this.#parts;
    const pause = this.#notBefore - clock.monotonic();
    if (pause > 0) await clock.wait(pause);
    if (this.#killed.aborted) return await never();
    onSend?.();
    const reply = await wire.send(this.#session, command, this.#silenceMs);
    if (this.#killed.aborted) return await never();
    if (reply.kind === "reply") this.#failures = 0;
    else {
      this.#session = { runId: undefined };
      this.#failures += 1;
      const rest = pauseMs(this.#failures, this.#longestPauseMs, () => random.next());
      this.#notBefore = clock.monotonic() + rest;
    }
    return reply;
  }
}

/** Each its own: one for all would hold on to everybody who ever waited for it. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}
