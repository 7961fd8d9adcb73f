import type { Served } from "./answer.ts";
import type { CacheContext } from "./context.ts";

/** An answer that waits for the origin, with the time that it waited. */
export async function timed(
  answer: Promise<Served>,
  { clock }: Pick<CacheContext, "clock">,
): Promise<Served> {
  const since = clock.monotonic();
  const served = await answer;
  return { ...served, originMs: clock.monotonic() - since };
}
