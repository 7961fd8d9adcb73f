import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Collects garbage: "young" only what was made lately, as it happens many times a second, and "all". */
function collect(which: "young" | "all"): void {
  setFlagsFromString("--expose-gc");
  const gc: (options: { type: "minor" | "major" }) => void = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  gc({ type: which === "young" ? "minor" : "major" });
}

// In all some MiB, which bring about no full collection.
const EACH = 500;
const TIMES = 8;
const WORDS = 256;

/**
 * How much stays behind of what a piece of work had, although the work is over: 1 is all of it, until the next full
 * collection. `work` gets what it has to hold on to, and resolves when it is over.
 */
export async function leftBehind(work: (payload: object) => Promise<void>): Promise<number> {
  const some = async (): Promise<void> => {
    for (let n = 0; n < EACH; n += 1) await work(new Array(WORDS).fill(0));
    collect("young");
  };
  await some();
  // Whatever lives now is old from now on.
  collect("all");
  collect("all");
  const before = process.memoryUsage().heapUsed;
  for (let time = 0; time < TIMES; time += 1) await some();
  return (process.memoryUsage().heapUsed - before) / (8 * WORDS * EACH * TIMES);
}
