import type { Clock } from "../../process/clock.ts";
import type { Log } from "../../process/log.ts";
import type { Heartbeat, PurgeLog } from "../../purge-log/purge-log.ts";
import type { Store } from "../store/store.ts";
import type { Fence } from "./fence.ts";
import type { Kept } from "./kept.ts";
import type { KnownSites } from "./known-sites.ts";

/** The facts that the edge reports in a heartbeat, beside its position. */
export type Identity = Pick<Heartbeat, "edge" | "bootId" | "grpcAddress" | "httpAddress">;

export interface FollowerParts {
  readonly leaseMs: number;
  readonly purgeLog: PurgeLog;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** The sites of this edge; every name is known when it is left out. */
  readonly sites?: KnownSites;
  /** Whether responses that allow it are served stale without a lease when the origin fails. */
  readonly staleWhenLapsed?: boolean;
  readonly fence?: Fence;
  /** undefined: there is no disk. */
  readonly kept?: Kept | undefined;
}
