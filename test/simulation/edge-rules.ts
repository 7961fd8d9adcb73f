import { Peers, type PeersParts } from "../../edge/cache/peers/peers.ts";
import type { FenceWatch } from "../../edge/cache/purge-state.ts";
import { Fence } from "../../edge/purging/fence.ts";
import { PurgeFollower } from "../../edge/purging/follower.ts";
import type { FollowerParts } from "../../edge/purging/follower-parts.ts";
import type { Kept } from "../../edge/purging/kept.ts";
import type { Clock } from "../../process/clock.ts";
import type { PurgeLog } from "../../purge-log/purge-log.ts";
import { ServerClock } from "../../purge-log/redis/server-clock.ts";
import { REAL_THREADS, type ThreadRules } from "./simulated-thread.ts";

/** The parts that a broken rule replaces. */
export interface EdgeRules {
  /** `watch`: of the fence, where serving threads share its news. */
  follower(parts: FollowerParts, watch?: FenceWatch): PurgeFollower;
  purgeLog(log: PurgeLog, clock: Clock): PurgeLog;
  serverClock(): ServerClock;
  /** Rule E9: what an earlier process has left to this one. */
  kept(kept: Kept): Kept;
  readonly threads: ThreadRules;
  /** Rule E11. */
  peers(parts: PeersParts): Peers;
}

// So little that a fill meets its end now and then: the targets of two purges.
export const FENCE_BYTES = 8_000;

export const REAL_RULES: EdgeRules = {
  follower: (parts, watch) =>
    new PurgeFollower({ ...parts, fence: new Fence(FENCE_BYTES, undefined, watch) }),
  purgeLog: (log) => log,
  serverClock: () => new ServerClock(),
  kept: (kept) => kept,
  threads: REAL_THREADS,
  peers: (parts) => new Peers(parts),
};
