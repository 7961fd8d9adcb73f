import { type CacheContext, cacheOf } from "../../edge/cache/context.ts";
import type { PurgeState } from "../../edge/cache/purge-state.ts";
import type { EdgeConfig } from "../../edge/config.ts";
import type { Origin } from "../../edge/origin/origin.ts";
import { Sites, siteRulesByName } from "../../edge/origin/sites.ts";
import { TRUSTED } from "../../edge/rules/purge-standing.ts";
import { evictionBy } from "../../edge/store/eviction/policies.ts";
import { MemoryStore } from "../../edge/store/memory-store.ts";
import type { Clock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { BEGINNING } from "../../purge-log/position.ts";

/** The core of an edge, without sockets, to try settings on. */
export interface TrialEdge extends CacheContext {
  readonly sites: Sites;
}

/** Nobody purges anything during a trial. */
const NO_PURGES: PurgeState = {
  reaches: async () => true,
  standing: () => TRUSTED,
  trusts: (_mark, softPurgedAt) => softPurgedAt === undefined,
  mark: () => ({ position: BEGINNING, flushes: 0, invalidations: 0 }),
  overtaken: () => false,
  recalled: (mark) => mark,
  sharing: () => "yes",
  removed: () => false,
  hold: () => () => undefined,
  invalidate: () => () => undefined,
};

/** The real parts, as edge/edge.ts puts them together. `origin` stands for that of every site. */
export function trialEdge(config: EdgeConfig, origin: Origin, clock: Clock): TrialEdge {
  const { id, memory, eviction, sites } = config;
  const store = new MemoryStore({ maxBytes: memory, eviction: () => evictionBy(eviction), clock });
  const parts = {
    id,
    origins: new Map(sites.map(({ name }) => [name, origin])),
    siteRules: siteRulesByName(sites),
    store,
    purges: NO_PURGES,
    clock,
    log: createLog("trial", "silent"),
  };
  return { ...cacheOf(parts, memory), sites: new Sites(sites) };
}
