import type { Served } from "./answer.ts";
import type { CacheContext } from "./context.ts";

/** An answer that waits for the origin, with the time that it waited, which is counted too. */
export async function timed(
  answer: Promise<Served>,
  { clock, counters }: Pick<CacheContext, "clock" | "counters">,
): Promise<Served> {
  const since = clock.monotonic();
  const served = await answer;
  const originMs = clock.monotonic() - since;
  counters.took("originSeconds", originMs / 1000);
  return { ...served, originMs };
}
