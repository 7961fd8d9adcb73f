import type { Clock } from "../../process/clock.ts";
import type { Tokens } from "../../process/control/tokens.ts";
import type { Log } from "../../process/log.ts";
import type { Tracer } from "../../process/tracing/tracer.ts";
import type { PurgeTarget } from "../../purge-log/purge.ts";
import type { Origin } from "../origin/origin.ts";
import type { ContentCoding } from "../rules/compression.ts";
import type { CacheRequest } from "../rules/exchange.ts";
import { SAFE_RULES, type SiteRules } from "../rules/site-rules.ts";
import type { DiskTier } from "../store/disk/disk-tier.ts";
import type { Store } from "../store/store.ts";
import type { StoredResponse } from "../store/stored-response.ts";
import type { Filled } from "./answer.ts";
import { ByteBudget } from "./byte-budget.ts";
import { DemandLimit } from "./demand-limit.ts";
import { Flights } from "./flights.ts";
import { HitForMiss } from "./hit-for-miss.ts";
import { EdgeCounters } from "./metrics.ts";
import { SitePlaces } from "./origin-places.ts";
import type { Peers } from "./peers/peers.ts";
import type { PurgeState } from "./purge-state.ts";
import { RateLimits } from "./rate-limits.ts";
import { RevalidationLimit } from "./revalidation-limit.ts";
import { SeenRequests } from "./seen-requests.ts";
import { Tunnels } from "./tunnels.ts";
import { VaryNames } from "./vary-names.ts";

/** An encoding of a response; or the delta by the version that it has replaced. */
export type WantedEncoding = ContentCoding | { readonly dictionary: StoredResponse };

/** The parts that the cache of an edge uses. */
export interface CacheParts {
  /** The edge's. */
  readonly id: string;
  /** By site name. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** By site name. A site that is not in it has SAFE_RULES. */
  readonly siteRules?: ReadonlyMap<string, SiteRules>;
  readonly store: Store;
  /** What is on disk behind the store; undefined: nothing. */
  readonly disk?: DiskTier | undefined;
  readonly purges: PurgeState;
  /** The other edges of the fleet; undefined: none is asked. */
  readonly peers?: Peers | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly counters?: EdgeCounters | undefined;
  /** By which a request shows that an operator sends it. */
  readonly tokens?: Tokens;
  /** undefined: nothing is traced. */
  readonly tracer?: Tracer | undefined;
  /** Whether memory is so short that the edge sends no more requests to an origin. */
  readonly short?: () => boolean;
  /** Whether clients are told identifiers of this edge's own: those that an origin tells are not kept. */
  readonly tellsIds?: boolean;
  /** Has an encoding made of a stored response behind the answer, if there is room. It does not wait. */
  readonly compress?: ((stored: StoredResponse, wanted: WantedEncoding) => void) | undefined;
  /**
   * Takes an invalidation to every edge, if it can. It does not wait. `made`: how many targets the rules of the site make
   * of each of these at most.
   */
  readonly broadcast?: (targets: readonly PurgeTarget[], made: number) => void;
}

/** The parts of an edge that a request uses. */
export interface CacheContext extends CacheParts {
  readonly flights: Flights<Filled>;
  readonly hitForMiss: HitForMiss;
  readonly revalidations: RevalidationLimit;
  /** The line of requests whose clients know of a purge that the edge does not: no others wait in it. */
  readonly aheadFills: RevalidationLimit;
  readonly varyNames: VaryNames;
  /** The requests under way at the origin of each site. */
  readonly places: SitePlaces;
  readonly tunnels: Tunnels;
  readonly demands: DemandLimit;
  readonly rateLimits: RateLimits;
  readonly counters: EdgeCounters;
  /** Those requests that are looked at. */
  readonly seen: SeenRequests;
  /** Bytes that all fills in flight may hold together. */
  readonly fillBudget: ByteBudget;
  /** The largest body, in bytes, that is stored. */
  readonly keepLimit: number;
}

export function rulesOf({ siteRules }: Pick<CacheParts, "siteRules">, site: string): SiteRules {
  return siteRules?.get(site) ?? SAFE_RULES;
}

const forwardedNames = new WeakMap<SiteRules, ReadonlySet<string>>();

/** The names, in lower case, of the fields beside the usual ones that the origin gets of a request. */
export function forwardedOf(
  { site, matched }: Pick<CacheRequest, "site" | "matched">,
  parts: Pick<CacheParts, "siteRules">,
): ReadonlySet<string> {
  const names = forwardedTo(site, parts);
  return matched === undefined || matched.forwards.length === 0
    ? names
    : names.union(new Set(matched.forwards));
}

function forwardedTo(site: string, parts: Pick<CacheParts, "siteRules">): ReadonlySet<string> {
  const rules = rulesOf(parts, site);
  const known = forwardedNames.get(rules);
  if (known !== undefined) return known;
  const names = new Set(rules.forwardFields);
  forwardedNames.set(rules, names);
  return names;
}

// One response may take a quarter of the store, so that it cannot evict everything else.
const KEEP_SHARE = 4;

// Fills in flight are not in the store's account yet. Together they may hold half as much again.
const FILL_SHARE = 2;

/** The cache of an edge whose store holds at most `memoryBytes`. Nothing is counted or in flight yet. */
export function cacheOf(parts: CacheParts, memoryBytes: number): CacheContext {
  return {
    ...parts,
    flights: new Flights(),
    hitForMiss: new HitForMiss(),
    varyNames: new VaryNames(),
    tunnels: new Tunnels(),
    demands: new DemandLimit(),
    rateLimits: new RateLimits(),
    places: new SitePlaces((site) => rulesOf(parts, site), parts.clock),
    revalidations: new RevalidationLimit(parts.clock),
    aheadFills: new RevalidationLimit(parts.clock),
    counters: parts.counters ?? new EdgeCounters(),
    seen: new SeenRequests(),
    fillBudget: new ByteBudget(memoryBytes / FILL_SHARE),
    keepLimit: memoryBytes / KEEP_SHARE,
  };
}
