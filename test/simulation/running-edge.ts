import type { CacheContext } from "../../edge/cache/context.ts";
import { type EdgeRequest, serve } from "../../edge/cache/serve.ts";
import type { PurgeCalls } from "../../edge/control-plane/purge-calls.ts";
import type { PurgeFollower } from "../../edge/purging/follower.ts";
import type { PurgeLog } from "../../purge-log/purge-log.ts";
import type { SimulatedPurgeLog } from "./simulated-purge-log.ts";
import type { Decided, Knowledge, SimulatedThread } from "./simulated-thread.ts";

/** One process of an edge, from its start to its crash. */
export interface Running {
  readonly parts: CacheContext;
  readonly follower: PurgeFollower;
  readonly purgeLog: PurgeLog;
  readonly purges: PurgeCalls;
  /** The same as `purgeLog` unless a rule is broken. */
  readonly client: SimulatedPurgeLog;
  /** One for each serving thread; none where one thread does everything. */
  readonly threads: readonly SimulatedThread[];
  readonly knowledge: () => Knowledge;
  readonly stopped: AbortController;
}

/** Asks for an answer. undefined: there is none. */
export type Ask = (request: EdgeRequest) => Promise<Decided | undefined>;

/** By the only thread. */
export function askAlone({ parts, knowledge }: Running): Ask {
  return async (request) => {
    const served = await serve(request, parts);
    return { served, knowing: knowledge() };
  };
}
