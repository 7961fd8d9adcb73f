import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { LightFleet } from "./light-fleet.ts";

const PROGRAM = fileURLToPath(new URL("followers.ts", import.meta.url));
// Edges wait for Redis, not for one another, as far as two cores allow it.
const PROCESSES = 2;

/** A fleet of light edges: one in this process, which takes the purges, and the others in a few more. */
export class SpreadFleet {
  readonly #taker: LightFleet;
  readonly #processes: readonly ChildProcess[];

  private constructor(taker: LightFleet, processes: readonly ChildProcess[]) {
    this.#taker = taker;
    this.#processes = processes;
  }

  /** Resolves when all of them have joined. */
  static async start(redis: string, edges: number): Promise<SpreadFleet> {
    const taker = new LightFleet(redis);
    await taker.join(1, 1);
    const others = edges - 1;
    const processes: ChildProcess[] = [];
    for (let number = 0; number < PROCESSES; number += 1) {
      const first = Math.floor((others * number) / PROCESSES);
      const end = Math.floor((others * (number + 1)) / PROCESSES);
      processes.push(fork(PROGRAM, [redis, String(first + 2), String(end - first)]));
    }
    await Promise.all(processes.map((child) => once(child, "message")));
    return new SpreadFleet(taker, processes);
  }

  /** Resolves to the milliseconds until every edge has applied it. */
  purge(number: number): Promise<number> {
    return this.#taker.purge(number);
  }

  async stop(): Promise<void> {
    for (const child of this.#processes) child.disconnect();
    await this.#taker.leave();
  }
}
