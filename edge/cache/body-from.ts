import type { CacheContext } from "./context.ts";
import { countOriginError } from "./origin-errors.ts";

/** What an origin sends, from this byte on. A body that breaks off is counted as a failure of the origin. */
export async function* bodyFrom(
  body: AsyncIterable<Uint8Array>,
  from: number,
  site: string,
  edge: Pick<CacheContext, "counters">,
): AsyncGenerator<Uint8Array> {
  let left = from;
  try {
    for await (const chunk of body) {
      if (chunk.byteLength > left) yield chunk.subarray(left);
      left = Math.max(0, left - chunk.byteLength);
    }
  } catch (thrown) {
    countOriginError(thrown, site, edge);
    throw thrown;
  }
}
