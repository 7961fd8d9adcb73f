import { cacheKey } from "../rules/cache-key.ts";
import type { CacheRequest } from "../rules/exchange.ts";
import { ttl } from "../rules/freshness.ts";
import { momentOf } from "../rules/moment.ts";
import { versionOf } from "../rules/slice.ts";
import { selects } from "../rules/vary.ts";
import { inOwnMemory } from "../store/own-memory.ts";
import { type StoredResponse, withPart } from "../store/stored-response.ts";
import type { CacheContext } from "./context.ts";
import { recall } from "./recall.ts";

/**
 * RFC 9111 section 4.3.4: what confirms one stored response freshens all with the same strong validator. So a slice that is
 * stale, or softly purged, becomes as fresh as `head`, another slice of its version that was asked for later. Without this
 * each slice of a large body would cost a request of its own.
 *
 * Rule E3: it takes over the mark of `head`, and is tested against purges since then in the step that stores it.
 */
export async function followHead(
  request: CacheRequest,
  head: StoredResponse | undefined,
  edge: CacheContext,
): Promise<void> {
  if (head === undefined) return;
  if (edge.disk !== undefined) await recall(request, edge);
  const { store, purges } = edge;
  if (purges.standing(head).kind !== "trusted") return;
  const now = momentOf(edge.clock);
  for (const older of store.peek(cacheKey(request))) {
    if (!selects(older.selecting, request) || !isOlder(older, head)) continue;
    const standing = purges.standing(older).kind;
    const isUsable = standing === "trusted" && ttl(older, now) > 0;
    if (isUsable || standing === "purged") continue;
    const followed = inOwnMemory(as(older, head));
    if (!purges.overtaken(followed.mark, followed)) store.put(followed, request);
  }
}

function isOlder(stored: StoredResponse, head: StoredResponse): boolean {
  const version = versionOf(stored);
  return (
    stored.requestTime.monotonic < head.requestTime.monotonic &&
    version !== undefined &&
    version === versionOf(head)
  );
}

const OF_PART = ["Content-Range", "Content-Length", "Content-Digest"];

/** The bytes and the place of one slice with all else of another. */
function as({ key, fields, chunks, bodyLength }: StoredResponse, head: StoredResponse): StoredResponse {
  const own = OF_PART.flatMap((name) => fields.all(name).map((value) => [name, value] as const));
  const all = own.reduce(
    (sum, [name, value]) => sum.plus(name, value),
    head.fields.unpacked().without(OF_PART),
  );
  return { ...withPart(head, { fields: all }), key, chunks, bodyLength };
}
