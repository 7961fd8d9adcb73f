import { type Combined, clamped, combined, heldPart } from "../rules/partial.ts";
import type { CacheRequest } from "../rules/stored-head.ts";
import { selects } from "../rules/vary.ts";
import type { StoredResponse } from "../store/stored-response.ts";
import { bytesContent, sliceBytes } from "./content.ts";
import type { CacheContext } from "./context.ts";

/**
 * Stores a response that is whole in memory, unless a purge has overtaken its fill (rule E3): then those who
 * waited for it have got it, and nobody else will.
 */
export function keep(
  response: StoredResponse,
  request: CacheRequest,
  edge: Pick<CacheContext, "store" | "purges" | "counters">,
): void {
  const part = heldPart(response) === undefined ? undefined : clamped(response, response.bodyLength);
  if (edge.purges.overtaken(response.mark, response)) edge.counters.add("fillsOvertaken");
  else if (response.status === 206 && part === undefined)
    edge.counters.addReason("notStored", "unknown-part");
  else if (isOutrun(response, request, edge)) edge.counters.addReason("notStored", "outrun");
  else {
    const whole =
      part === undefined ? response : withOlderParts({ ...response, fields: part }, request, edge);
    const put = edge.store.put(whole, request);
    if (put !== "stored") edge.counters.addReason("notStored", put);
  }
}

/** A fill that took long must not put its response in the place of one that was asked for later. */
function isOutrun(
  response: StoredResponse,
  request: CacheRequest,
  edge: Pick<CacheContext, "store">,
): boolean {
  return edge.store
    .peek(response.key)
    .some((other) => other.requestTime > response.requestTime && selects(other.selecting, request));
}

/** RFC 9111 section 3.4: a part together with those that are stored of the same representation. */
function withOlderParts(
  newer: StoredResponse,
  request: CacheRequest,
  edge: Pick<CacheContext, "store" | "purges">,
): StoredResponse {
  let whole = newer;
  for (const older of edge.store.peek(newer.key)) {
    // What a purge covers, or may cover, must not come back as a part of something newer.
    if (edge.purges.standing(older).kind !== "trusted" || !selects(older.selecting, request)) continue;
    const both = combined(older, whole);
    if (both !== undefined) whole = joined(older, whole, both);
  }
  return whole;
}

function joined(older: StoredResponse, newer: StoredResponse, both: Combined): StoredResponse {
  const [a, b] = [heldPart(older), heldPart(newer)];
  if (a === undefined || b === undefined) return newer;
  const oldBytes = bytesContent(older.chunks);
  // Empty where the older part begins later, or ends earlier, than the newer one.
  const before = sliceBytes(oldBytes, 0, b.first - 1 - a.first).chunks;
  const after = sliceBytes(oldBytes, b.last + 1 - a.first, a.last - a.first).chunks;
  const chunks = [...before, ...newer.chunks, ...after];
  const bodyLength = both.held.last - both.held.first + 1;
  return { ...newer, status: both.status, fields: both.fields, chunks, bodyLength };
}
