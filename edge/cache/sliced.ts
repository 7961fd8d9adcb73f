/**
 * Large bodies in slices, where the site or a rule says so.
 *
 * A slice is a response of its own: a 206 under the key of the URL and its number. It is looked up, judged, validated,
 * collapsed, stored, evicted and purged as every other response; its target, tags and variant are those of the URL. This
 * file makes one answer of them:
 *
 * 1. The slice with the first byte that the client wants is taken. It tells the length and the version of the whole.
 * 2. The client's preconditions and range are answered as for the whole body.
 * 3. The other slices are taken one after the other as the client reads. Each must be of the same version
 *    (slice-source.ts). Bytes of two versions never meet in one answer: it ends broken.
 *
 * What has no slices is answered whole, as without the setting: undefined. That is remembered for a while.
 */
import { cacheKey } from "../rules/cache-key.ts";
import type { CacheRequest, Slice } from "../rules/exchange.ts";
import { heldPart } from "../rules/partial.ts";
import { type Part, resolveRange } from "../rules/range.ts";
import { firstSlice, isSlice, rangeOf } from "../rules/slice.ts";
import { cancelContent, NO_CONTENT, type Served } from "./answer.ts";
import { type CacheContext, rulesOf } from "./context.ts";
import type { FillRequest } from "./fill-request.ts";
import type { CacheOutcome } from "./outcome.ts";
import { recall } from "./recall.ts";
import { type Represented, representHeld } from "./representation.ts";
import { SliceSignals } from "./slice-signals.ts";
import { type ServeSlice, type SliceParts, SliceSource, sliceRequest } from "./slice-source.ts";
import { slicedContent } from "./sliced-content.ts";

/** undefined: the request is to be answered as if there were no slices. */
export async function serveSliced(
  request: FillRequest,
  edge: CacheContext,
  serve: ServeSlice,
): Promise<Served | undefined> {
  const slice = firstSlice(request, rulesOf(edge, request.site));
  if (slice === undefined || (await isServedWhole(request, edge))) return undefined;
  const parts = { request, size: slice.size, signals: new SliceSignals(request.left), edge, serve };
  const first = await serve(sliceRequest(parts, slice.number));
  switch (useOf(first, request, slice)) {
    case "slice":
      return inSlices(parts, slice.number, first);
    case "as-it-is":
      return request.method === "HEAD" ? withoutContent(first) : first;
    case "whole":
      cancelContent(first.content);
      return undefined;
    case "never-sliced":
      cancelContent(first.content);
      edge.hitForMiss.mark(wholeKey(request), "slice", edge.clock.monotonic());
      return undefined;
  }
}

/** Of bodies that have turned out to have no slices. */
function wholeKey({ site, base, target }: CacheRequest): string {
  return `${site} slice/none ${base ?? ""}${target}`;
}

function hasNoSlices(request: CacheRequest, edge: Pick<Judging, "hitForMiss" | "clock">): boolean {
  return edge.hitForMiss.is(wholeKey(request), edge.clock.monotonic());
}

function isWholeStored(key: string, { store }: Pick<CacheContext, "store">): boolean {
  return store.peek(key).some(({ status }) => status !== 206);
}

async function isServedWhole(request: FillRequest, edge: CacheContext): Promise<boolean> {
  if (hasNoSlices(request, edge)) return true;
  if (edge.disk !== undefined) await recall(request, edge);
  return isWholeStored(cacheKey(request), edge);
}

/** What the answer to the first slice is good for. */
function useOf(
  first: Served,
  request: FillRequest,
  slice: Slice,
): "slice" | "as-it-is" | "whole" | "never-sliced" {
  const { status, outcome } = first;
  if (status === 206 && isSlice(first, slice)) {
    if (outcome.kind !== "miss" || outcome.stored) return "slice";
    // The next one begins after the purge that came meanwhile.
    return outcome.detail === "overtaken"
      ? "slice"
      : outcome.detail === "purge-log-unknown"
        ? "whole"
        : "never-sliced";
  }
  if (outcome.kind === "error") return "as-it-is";
  if (status >= 200 && status < 300) return "never-sliced";
  // RFC 9110 section 13.1.5: the client gets the whole when it has a part of another version.
  return status === 416 && request.fields.has("If-Range") ? "whole" : "as-it-is";
}

// About the slice, and not the whole.
const OF_SLICE = ["Content-Range", "Content-Length", "Content-Digest"];

/** `first`: the slice with this number. */
function inSlices(parts: SliceParts, number: number, first: Served): Served | undefined {
  const { request } = parts;
  const held = heldPart(first);
  if (held === undefined) return undefined;
  const { length } = held;
  const fields = first.fields.without(OF_SLICE).with("Content-Length", String(length));
  const head = { status: 200, fields };
  const { outcome, originMs, validates, age } = first;
  const answered = (represented: Represented, isCached: boolean): Served => ({
    ...represented,
    outcome: outcomeOf(outcome, isCached),
    ...(originMs === undefined ? {} : { originMs }),
    ...(validates === undefined ? {} : { validates }),
    ...(age === undefined ? {} : { age }),
  });
  const range = resolveRange(request, head, length);
  const needed = (range.kind === "parts" ? range.parts[0] : undefined) ?? { first: 0, last: length - 1 };
  if (request.method === "HEAD")
    return withoutContent(answered(representHeld(request, head, first.content, held), true));
  if (held.first <= needed.first && needed.last <= held.last)
    return answered(representHeld(request, head, first.content, held), true);
  const source = new SliceSource(parts, first);
  const content = slicedContent(source, { number, served: first }, { length, last: needed.last });
  const represented = representHeld(request, head, content, { first: 0, last: length - 1, length });
  const isSent = represented.content.kind !== "none";
  return answered(represented, !isSent || areHeld(parts, needed));
}

/** RFC 9110 section 9.3.2. The slice itself is stored for what the client asks next. */
function withoutContent(served: Served): Served {
  cancelContent(served.content);
  return { ...served, content: NO_CONTENT };
}

type Judging = Pick<CacheContext, "clock" | "disk" | "hitForMiss" | "siteRules" | "store">;

/** The request for the slice that its answer would begin with; the request itself where it would be answered whole. */
export function asFirstSlice(request: CacheRequest, edge: Judging): CacheRequest {
  const slice = firstSlice(request, rulesOf(edge, request.site));
  if (slice === undefined || hasNoSlices(request, edge)) return request;
  const key = cacheKey(request);
  if (edge.disk?.mayHold(key) === true || isWholeStored(key, edge)) return request;
  return { ...request, slice, fields: request.fields.with("Range", rangeOf(slice)) };
}

// A look takes some microseconds. With more slices than these the answer is no hit, whatever the store has.
const MOST_LOOKED_AT = 1_024;

/** Whether the store, or the disk, has all slices with these bytes. */
function areHeld({ request, size, edge: { store, disk } }: SliceParts, { first, last }: Part): boolean {
  const [from, to] = [Math.floor(first / size), Math.floor(last / size)];
  if (to - from >= MOST_LOOKED_AT) return false;
  for (let number = from; number <= to; number += 1) {
    const key = cacheKey({ ...request, slice: { size, number } });
    if (store.peek(key).length === 0 && disk?.mayHold(key) !== true) return false;
  }
  return true;
}

function outcomeOf(first: CacheOutcome, isCached: boolean): CacheOutcome {
  const detail = first.detail ?? "slice";
  // RFC 9211 section 2.2: the cache has a part of what was asked for.
  if (first.kind === "hit" && !isCached)
    return { kind: "miss", fwd: "partial", ttl: first.ttl, stored: true, collapsed: false, detail };
  return { ...first, detail };
}
