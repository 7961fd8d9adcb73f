import { cacheKey } from "../rules/cache-key.ts";
import type { CacheRequest } from "../rules/exchange.ts";
import { inOwnMemory } from "../store/own-memory.ts";
import { asValidator, type StoredResponse } from "../store/stored-response.ts";
import type { CacheContext } from "./context.ts";

/**
 * Brings what only the disk holds for the request to memory, as far as purges allow. Returns whether it did.
 *
 * What was read is tested and stored in one step, as what a fill brings (rules E3 and E9): no purge can come between.
 */
export async function recall(
  request: CacheRequest,
  edge: Pick<CacheContext, "store" | "disk" | "purges">,
): Promise<boolean> {
  const { store, disk } = edge;
  const asks = request.method === "GET" || request.method === "HEAD" || request.content !== undefined;
  if (!asks || disk === undefined) return false;
  const key = cacheKey(request);
  const usable = await onDisk(key, edge);
  if (usable === undefined) return false;
  if (usable.length === 0) {
    disk.forget(key);
    return false;
  }
  store.restore(usable.map(inOwnMemory));
  return true;
}

/**
 * What only the disk holds under the key, as far as purges allow at this moment. undefined: memory holds something, or
 * what is on disk cannot be read or judged now.
 */
export async function onDisk(
  key: string,
  { store, disk, purges }: Pick<CacheContext, "store" | "disk" | "purges">,
): Promise<readonly StoredResponse[] | undefined> {
  if (disk === undefined || store.peek(key).length > 0 || !disk.mayHold(key)) return undefined;
  const found = await disk.read(key);
  if (found === undefined || store.peek(key).length > 0) return undefined;
  const usable: StoredResponse[] = [];
  for (const stored of found.responses) {
    const mark = purges.recalled(stored.mark, stored);
    // The log has not been read so far yet.
    if (mark === "ahead") return undefined;
    if (mark === "gone") continue;
    const trusted = found.isDoubtful(stored.site) ? asValidator(mark) : mark;
    usable.push({ ...stored, mark: trusted });
  }
  return usable;
}
