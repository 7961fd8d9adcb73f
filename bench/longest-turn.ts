import { setTimeout as after, setImmediate as turn } from "node:timers/promises";

/**
 * Watches the turns of the event loop. Processor time is what counts on a machine where other programs run: their time
 * does not stand in it.
 */
export class LongestTurn {
  wallMs = 0;
  processorMs = 0;
  /** How many took more than 5, 10 and 20 ms of processor time. */
  readonly above = [0, 0, 0];
  #wall = performance.now();
  #processor = process.threadCpuUsage();

  /** Resolves at the end of the turn. */
  async next(): Promise<void> {
    await turn();
    const now = performance.now();
    const { user, system } = process.threadCpuUsage(this.#processor);
    const processorMs = (user + system) / 1_000;
    this.wallMs = Math.max(this.wallMs, now - this.#wall);
    this.processorMs = Math.max(this.processorMs, processorMs);
    for (const [index, ms] of [5, 10, 20].entries())
      if (processorMs > ms) this.above[index] = (this.above[index] ?? 0) + 1;
    this.#wall = now;
    this.#processor = process.threadCpuUsage();
  }
}

/** Processor time of the longest turn while `work` goes on, in milliseconds. */
export async function longestTurnOf(work: () => Promise<unknown>): Promise<number> {
  globalThis.gc?.();
  await after(20);
  const turns = new LongestTurn();
  let isDone = false;
  const done = work().finally(() => {
    isDone = true;
  });
  while (!isDone) await turns.next();
  await done;
  return turns.processorMs;
}
