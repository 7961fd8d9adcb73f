import { chargedBytes } from "../../edge/store/charge.ts";
import type { Eviction } from "../../edge/store/eviction/eviction.ts";
import { MemoryStore } from "../../edge/store/memory-store.ts";
import type { StoredResponse } from "../../edge/store/stored-response.ts";
import { systemClock } from "../../process/clock.ts";
import { requestFor, storedResponse } from "../../test/rig/stored-response.fixture.ts";
import type { HitRatio } from "./optimum.ts";

const BODY = new Uint8Array(2 ** 20);

function responseOf(page: number, size: number): StoredResponse {
  return storedResponse(`/${page}`, { chunks: [BODY.subarray(0, size)], bodyLength: size });
}

/** What the store charges for a page. */
export function chargeOf(page: number, size: number): number {
  return chargedBytes(responseOf(page, size));
}

export interface Replayed extends HitRatio {
  readonly microsecondsARequest: number;
}

/** Asks a store for the pages, and puts those into it that it does not have. `most`: bytes that it may hold. */
export function replay(
  pages: Int32Array,
  sizeOf: (page: number) => number,
  most: number,
  eviction: () => Eviction,
): Replayed {
  const store = new MemoryStore({ maxBytes: most, eviction, clock: systemClock });
  let [hits, hitBytes, bytes] = [0, 0, 0];
  const began = process.cpuUsage();
  for (const page of pages) {
    const size = sizeOf(page);
    bytes += size;
    if (store.variants(`default /${page}`).length > 0) {
      hits += 1;
      hitBytes += size;
    } else store.put(responseOf(page, size), requestFor(`/${page}`));
  }
  const { user, system } = process.cpuUsage(began);
  return {
    requests: hits / pages.length,
    bytes: hitBytes / bytes,
    microsecondsARequest: (user + system) / pages.length,
  };
}
