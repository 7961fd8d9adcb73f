import type { GiveUpSignal } from "../origin/give-up.ts";
import type { CacheRequest } from "../rules/exchange.ts";
import { type Filled, released } from "./answer.ts";
import type { CacheContext } from "./context.ts";
import { PlacesRefused } from "./origin-places.ts";

type AskingRequest = Pick<CacheRequest, "site" | "target" | "fields"> & {
  readonly client?: string | undefined;
};

/**
 * Takes a place at the origin for a fill, from its request until the last byte of the response. Throws a Failure when
 * there is none, or when `left` is aborted before.
 */
export async function withPlace(
  request: AskingRequest,
  begin: () => Promise<Filled>,
  left: GiveUpSignal | undefined,
  edge: CacheContext,
): Promise<Filled> {
  const places = edge.places.of(request.site);
  const release = places.takeNow(request.client) ?? (await waitForPlace(request, left, edge));
  try {
    return released(await begin(), release);
  } catch (thrown) {
    release();
    throw thrown;
  }
}

async function waitForPlace(
  { site, client, target, fields }: AskingRequest,
  left: GiveUpSignal | undefined,
  edge: CacheContext,
): Promise<() => void> {
  let bytes = target.length;
  for (const [name, value] of fields) bytes += name.length + value.length;
  try {
    return await edge.places.of(site).wait({ client, bytes }, left);
  } catch (thrown) {
    if (thrown instanceof PlacesRefused) edge.counters.addReason("placesRefused", thrown.reason);
    throw thrown;
  }
}
