import { Fields } from "../../../http/message/fields.ts";
import { cacheKey } from "../../rules/cache-key.ts";
import { selects } from "../../rules/vary.ts";
import type { CacheContext } from "../context.ts";
import { prefetch } from "../refresh.ts";
import type { HotPage } from "./hot-pages.ts";
import { unaskedRequest } from "./unasked-request.ts";

// Places at the origins that clients do not get meanwhile: an eighth of what a site has.
const MOST_IN_FLIGHT = 8;

// What comes beyond would push out what clients have asked for in the meantime.
const FULL = 0.9;

/** What became of pages that were to be fetched. */
export interface Warmed {
  readonly fetched: number;
  /** They are stored already, or somebody fetches them. */
  readonly passedOver: number;
  /** The origin failed, or its answer may not be stored. */
  readonly notKept: number;
}

interface WarmUpParts {
  /** Fetches a second at most. */
  readonly pace: number;
  /** Waits until the edge may use what it stores. */
  readonly ready: () => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Fetches these pages in their order, at a pace, as long as there is room. Clients may join each fetch. Never rejects: it
 * ends with the signal.
 */
export async function warmUp(
  pages: readonly HotPage[],
  edge: CacheContext,
  { pace, ready, signal }: WarmUpParts,
): Promise<Warmed> {
  const warmed: Record<keyof Warmed, number> = { fetched: 0, passedOver: 0, notKept: 0 };
  const inFlight = new Set<Promise<void>>();
  for (const page of pages) {
    if (signal.aborted || edge.store.bytes > FULL * edge.store.limit) break;
    await ready();
    const done = brought(page, edge).then((became) => {
      warmed[became] += 1;
      inFlight.delete(done);
    });
    inFlight.add(done);
    await edge.clock.wait(1_000 / pace, signal).catch(() => undefined);
    if (inFlight.size >= MOST_IN_FLIGHT) await Promise.race(inFlight);
  }
  await Promise.all(inFlight);
  return warmed;
}

async function brought(page: HotPage, edge: CacheContext): Promise<keyof Warmed> {
  const { site, base, target, mark } = page;
  if (!edge.origins.has(site)) return "passedOver";
  const request = unaskedRequest({ site, base, target, mark, fields: Fields.of(page.fields) }, edge);
  const key = cacheKey(request);
  // It may be another variant that is fetched.
  await edge.flights.at(key)?.finished;
  if (edge.store.peek(key).some(({ selecting }) => selects(selecting, request))) return "passedOver";
  return (await prefetch(request, key, edge)) === "kept" ? "fetched" : "notKept";
}
