import type { Clock } from "../../process/clock.ts";
import type { Log } from "../../process/log.ts";
import type { Origin } from "../origin/origin.ts";
import type { PurgeFollower } from "../purging/follower.ts";
import type { Store } from "../store/store.ts";
import type { ByteBudget } from "./byte-budget.ts";
import type { Filled } from "./filled.ts";
import type { Collapse } from "./flights.ts";
import type { EdgeCounters } from "./metrics.ts";

/** What an edge is made of, as the request path needs it. */
export interface EdgeParts {
  readonly id: string;
  /** By site name. */
  readonly origins: ReadonlyMap<string, Origin>;
  readonly store: Store;
  readonly follower: PurgeFollower;
  readonly collapse: Collapse<Filled>;
  readonly counters: EdgeCounters;
  readonly clock: Clock;
  readonly log: Log;
  /** Bytes that all fills in flight may hold together. */
  readonly fillBudget: ByteBudget;
  /** The largest body, in bytes, that is stored. */
  readonly keepLimit: number;
}
