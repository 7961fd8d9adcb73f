const NEVER = Number.MAX_SAFE_INTEGER;

/** Hits, of requests and of bytes, 0 to 1. */
export interface HitRatio {
  readonly requests: number;
  readonly bytes: number;
}

/**
 * What a cache would reach that knows the future and always gives up what is asked for last (Belady). For pages of one size
 * no policy can do better. For pages of different sizes one could: then it is a mark to compare with, and no bound.
 */
export function optimum(pages: Int32Array, sizeOf: (page: number) => number, most: number): HitRatio {
  const next = nextUses(pages);
  const heap = new FarthestFirst();
  const heldUntil = new Map<number, number>();
  let [held, hits, hitBytes, bytes] = [0, 0, 0, 0];
  for (const [at, page] of pages.entries()) {
    const size = sizeOf(page);
    bytes += size;
    const isHit = heldUntil.has(page);
    if (isHit) {
      hits += 1;
      hitBytes += size;
    } else held += size;
    const until = next[at] ?? NEVER;
    heldUntil.set(page, until);
    heap.push(page, until);
    while (held > most) {
      const [farthest, stamp] = heap.pop();
      // The page was used since, and stands in the heap once more.
      if (heldUntil.get(farthest) !== stamp) continue;
      heldUntil.delete(farthest);
      held -= sizeOf(farthest);
    }
  }
  return { requests: hits / pages.length, bytes: hitBytes / bytes };
}

/**
 * What no cache can exceed, whatever the sizes (PFOO-L: Berger, Beckmann and Harchol-Balter, 2018). To hit a request, a
 * cache must hold its page since the last request for it: bytes times requests. It has `most` times all requests of that.
 * The bound pays for the cheapest hits first, whenever they are, so a cache that is never too full may not exist. By bytes,
 * the cheapest are those with the fewest requests between.
 */
export function bound(pages: Int32Array, sizeOf: (page: number) => number, most: number): HitRatio {
  const last = new Map<number, number>();
  const waits: { readonly size: number; readonly length: number }[] = [];
  let bytes = 0;
  for (const [at, page] of pages.entries()) {
    const size = sizeOf(page);
    bytes += size;
    const before = last.get(page);
    if (before !== undefined && size <= most) waits.push({ size, length: at - before });
    last.set(page, at);
  }
  const has = most * pages.length;
  const byRequests = paid(
    waits.toSorted((a, b) => a.size * a.length - b.size * b.length),
    has,
  );
  const byBytes = paid(
    waits.toSorted((a, b) => a.length - b.length),
    has,
  );
  return { requests: byRequests.hits / pages.length, bytes: byBytes.bytes / bytes };
}

/** The last one is paid in part: by a whole one, it would be no bound. */
function paid(waits: readonly { readonly size: number; readonly length: number }[], has: number) {
  let [hits, bytes, left] = [0, 0, has];
  for (const { size, length } of waits) {
    const part = Math.min(1, left / (size * length));
    hits += part;
    bytes += part * size;
    left -= part * size * length;
    if (left <= 0) break;
  }
  return { hits, bytes };
}

/** By request, when its page is asked for again. */
function nextUses(pages: Int32Array): Float64Array {
  const next = new Float64Array(pages.length);
  const seen = new Map<number, number>();
  for (let at = pages.length - 1; at >= 0; at -= 1) {
    const page = pages[at] ?? 0;
    next[at] = seen.get(page) ?? NEVER;
    seen.set(page, at);
  }
  return next;
}

/** A binary heap. */
class FarthestFirst {
  readonly #items: (readonly [page: number, until: number])[] = [];

  push(page: number, until: number): void {
    const items = this.#items;
    let at = items.length;
    items.push([page, until]);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if ((items[above]?.[1] ?? 0) >= until) break;
      this.#swap(at, above);
      at = above;
    }
  }

  pop(): readonly [page: number, until: number] {
    const items = this.#items;
    const [top] = items;
    const last = items.pop();
    if (top === undefined || last === undefined) throw new Error("nothing is left to give up");
    if (items.length > 0) {
      items[0] = last;
      this.#sink();
    }
    return top;
  }

  #sink(): void {
    const items = this.#items;
    for (let at = 0; ; ) {
      let largest = at;
      for (const below of [2 * at + 1, 2 * at + 2])
        if ((items[below]?.[1] ?? -1) > (items[largest]?.[1] ?? -1)) largest = below;
      if (largest === at) return;
      this.#swap(at, largest);
      at = largest;
    }
  }

  #swap(a: number, b: number): void {
    const items = this.#items;
    const [left, right] = [items[a], items[b]];
    if (left !== undefined && right !== undefined) [items[a], items[b]] = [right, left];
  }
}
