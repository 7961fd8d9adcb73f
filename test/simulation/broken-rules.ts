import type { FollowerParts, PurgeFollower } from "../../edge/purging/follower.ts";
import type { PurgeLog } from "../../purge-log/purge-log.ts";
import {
  FlushedSoftly,
  JoiningDoomed,
  JoiningLapsed,
  LeaseFromReply,
  NeverBehind,
  NeverLapsed,
  SoftlyFresh,
  StaleForever,
  Unfenced,
  UnfencedBy304,
  UnfencedPart,
  UnfencedRefresh,
  Unflushed,
} from "./broken-followers.ts";
import { EveryoneAtTail, Forgetful, Holeless } from "./broken-logs.ts";
import { RepeatingEpochs, RunIdBlind, Undoubting, Unknowing } from "./broken-redis.ts";
import { REAL_WORLD, type WorldRules } from "./world.ts";

/** A world in which one rule of the purge protocol does not hold. */
export interface BrokenRule {
  /** The rule, and what is done in its place. */
  readonly name: string;
  readonly rules: WorldRules;
  /** A seed shortly before one that shows it; or one of the known histories does, and seeds hardly ever. */
  readonly from: number | "known histories";
  /** Which promises it breaks. */
  readonly like: RegExp;
}

function withFollower(make: (parts: FollowerParts) => PurgeFollower): WorldRules {
  return { ...REAL_WORLD, follower: make };
}

function withLog(wrap: (log: PurgeLog) => PurgeLog): WorldRules {
  return { ...REAL_WORLD, purgeLog: wrap };
}

/** What is promised about purges, as violations of it begin. */
export const PROMISES = /^(proven|bounded)/;

function withRedis(make: WorldRules["redis"]): WorldRules {
  return { ...REAL_WORLD, redis: make };
}

function broken(name: string, rules: WorldRules, from: BrokenRule["from"], like = PROMISES): BrokenRule {
  return { name, rules, from, like };
}

export const BROKEN_RULES: readonly BrokenRule[] = [
  broken(
    "E1: a hole in the entries is not noticed",
    withLog((log) => new Holeless(log)),
    550,
  ),
  broken(
    "E2: what was flushed is served unvalidated",
    withFollower((parts) => new Unflushed(parts)),
    0,
  ),
  broken(
    "E2: what was flushed is served stale while it is refreshed",
    withFollower((parts) => new FlushedSoftly(parts)),
    20,
  ),
  broken(
    "soft: what was purged softly is fresh as before",
    withFollower((parts) => new SoftlyFresh(parts)),
    0,
  ),
  broken(
    "soft: how long it may be stale does not count from the purge",
    withFollower((parts) => new StaleForever(parts)),
    80,
  ),
  broken(
    "E3: what a purge has overtaken is stored",
    withFollower((parts) => new Unfenced(parts)),
    0,
  ),
  broken(
    "E3: a 304 that a purge has overtaken freshens what is stored",
    withFollower((parts) => new UnfencedBy304(parts)),
    220,
  ),
  broken(
    "E3: a part that a purge has overtaken is stored",
    withFollower((parts) => new UnfencedPart(parts)),
    120,
  ),
  broken(
    "E3: what is fetched behind a stale answer is stored though a purge has overtaken it",
    withFollower((parts) => new UnfencedRefresh(parts)),
    110,
  ),
  broken(
    "E4: a request joins a fill that a purge has overtaken",
    withFollower((parts) => new JoiningDoomed(parts)),
    0,
  ),
  broken(
    "E4: a request without a lease joins a fill that began before it",
    withFollower((parts) => new JoiningLapsed(parts)),
    20,
  ),
  broken(
    "E5: the lease counts from the reply",
    withFollower((parts) => new LeaseFromReply(parts)),
    490,
  ),
  broken(
    "E5: the lease is renewed behind the tail",
    withLog((log) => new EveryoneAtTail(log)),
    270,
  ),
  // Where an epoch never comes again, a barrier tells an edge of each new history; E6 does not rely on that.
  broken(
    "E6: an edge does not learn that the log's history is another, and an epoch can come again",
    {
      ...withLog((log) => new Forgetful(log)),
      redis: (wall, runId, data) => new RepeatingEpochs(wall, runId, data),
    },
    0,
  ),
  broken(
    "E7: the lease is not looked at when a stored response is used",
    withFollower((parts) => new NeverLapsed(parts)),
    0,
  ),
  broken(
    "EdgeCache-After: a lower epoch is taken for an earlier one",
    withFollower((parts) => new NeverBehind(parts)),
    "known histories",
    /^read-your-purge/,
  ),
  broken(
    "P1: no epoch is opened when history may be lost",
    withRedis((wall, runId, data) => new Undoubting(wall, runId, data)),
    0,
  ),
  broken(
    "P1: the run id of the server is not compared",
    withRedis((wall, runId, data) => new RunIdBlind(wall, runId, data)),
    0,
  ),
  broken(
    "P2: a purge that is sent twice is taken twice",
    withRedis((wall, runId, data) => new Unknowing(wall, runId, data)),
    40,
    /^once/,
  ),
];
