import { readdir, readFile } from "node:fs/promises";

/** What one program takes of its machine. */
export interface Figures {
  readonly pid: number;
  readonly residentBytes: number;
  readonly descriptors: number;
  /** The longest delay of the event loop of its main thread since the last look; undefined when it did not say. */
  readonly loopDelayMs: number | undefined;
}

const LOOP_DELAY = /^nodejs_eventloop_lag_max_seconds (\S+)$/m;
// A program that stands still answers when it goes on: the next look comes before.
const PATIENCE_MS = 2_000;
const KIB = 1024;

/** Undefined when it does not run. `metricsUrl`: its metrics; each look at them begins the event loop's figures anew. */
export async function figuresOf(pid: number, metricsUrl: URL): Promise<Figures | undefined> {
  try {
    const [status, descriptors, loopDelayMs] = await Promise.all([
      readFile(`/proc/${pid}/status`, "utf8"),
      readdir(`/proc/${pid}/fd`),
      loopDelayOf(metricsUrl),
    ]);
    const resident = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    if (resident === undefined) return undefined;
    return {
      pid,
      residentBytes: Number(resident) * KIB,
      descriptors: descriptors.length,
      loopDelayMs,
    };
  } catch (thrown) {
    // It has ended between two looks.
    if (thrown instanceof Error && "code" in thrown && ["ENOENT", "ESRCH"].includes(String(thrown.code)))
      return undefined;
    throw thrown;
  }
}

async function loopDelayOf(metricsUrl: URL): Promise<number | undefined> {
  try {
    const answer = await fetch(metricsUrl, { signal: AbortSignal.timeout(PATIENCE_MS) });
    const seconds = LOOP_DELAY.exec(await answer.text())?.[1];
    return seconds === undefined ? undefined : Number(seconds) * 1_000;
  } catch {
    return undefined;
  }
}
