import { Fence } from "../../edge/purging/fence.ts";
import { PurgeFollower } from "../../edge/purging/follower.ts";
import type { FollowerParts } from "../../edge/purging/follower-parts.ts";
import type { PurgeLog } from "../../purge-log/purge-log.ts";
import { fromLatest, fromTail, TrustingDisk, withoutFlushes } from "./broken-disks.ts";
import {
  FlushedSoftly,
  ForgetfulFence,
  JoiningDoomed,
  JoiningLapsed,
  JoiningTagged,
  LeaseFromReply,
  NeverBehind,
  NeverLapsed,
  SiteBlind,
  SoftlyFresh,
  StaleForever,
  StaleWhenLapsed,
  SuspensionBlind,
  Unfenced,
  UnfencedBy304,
  UnfencedPart,
  UnfencedRefresh,
  Unflushed,
} from "./broken-followers.ts";
import {
  AllFencible,
  ConfirmingTooMuch,
  EveryoneAtTail,
  Forgetful,
  Holeless,
  StepBlind,
} from "./broken-logs.ts";
import { BROKEN_PEERS } from "./broken-peers.ts";
import {
  DigestBlind,
  ForgettingAnyone,
  PatientWithTheFuture,
  RepeatingEpochs,
  RowBlind,
  RunIdBlind,
  Undoubting,
  Unknowing,
} from "./broken-redis.ts";
import { LeaseBlind, ReadingOnce, VersionBlind, WallBlind, WrittenLate } from "./broken-threads.ts";
import { FENCE_BYTES } from "./edge-rules.ts";
import { MOST_KEYS, type ThreadRules } from "./simulated-thread.ts";
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
  /** Threads that serve, of each edge. */
  readonly workers: number;
  /** Whether each edge stores on disk too. */
  readonly disk: boolean;
  /** Whether the edges ask each other before the origin. */
  readonly peers: boolean;
}

function withFollower(make: (parts: FollowerParts) => PurgeFollower): WorldRules {
  return { ...REAL_WORLD, follower: make };
}

function withLog(wrap: (log: PurgeLog) => PurgeLog): WorldRules {
  return { ...REAL_WORLD, purgeLog: wrap };
}

/** The promises about purges, as the beginnings of their violations. */
export const PROMISES = /^(proven|bounded)/;

function withRedis(make: WorldRules["redis"]): WorldRules {
  return { ...REAL_WORLD, redis: make };
}

function broken(name: string, rules: WorldRules, from: BrokenRule["from"], like = PROMISES): BrokenRule {
  return { name, rules, from, like, workers: 1, disk: false, peers: false };
}

/** A rule of an edge that stores on disk too. */
function brokenDisk(name: string, rules: Partial<WorldRules>, from: number): BrokenRule {
  return { ...broken(name, { ...REAL_WORLD, ...rules }, from), disk: true };
}

/** A rule of an edge of two threads. */
function brokenThread(name: string, threads: Partial<ThreadRules>, from: BrokenRule["from"]): BrokenRule {
  const rules = { ...REAL_WORLD, threads: { ...REAL_WORLD.threads, ...threads } };
  return { ...broken(name, rules, from), workers: 2 };
}

export const BROKEN_RULES: readonly BrokenRule[] = [
  broken(
    "E1: a hole in the entries is not noticed",
    withLog((log) => new Holeless(log)),
    140,
  ),
  broken(
    "E2: what was flushed is served unvalidated",
    withFollower((parts) => new Unflushed(parts)),
    10,
  ),
  broken(
    "E2: what was flushed is served stale while it is refreshed",
    withFollower((parts) => new FlushedSoftly(parts)),
    10,
  ),
  broken(
    "soft: what was purged softly is fresh as before",
    withFollower((parts) => new SoftlyFresh(parts)),
    0,
  ),
  broken(
    "soft: how long it may be stale does not count from the purge",
    withFollower((parts) => new StaleForever(parts)),
    70,
  ),
  broken(
    "E3: what a purge has overtaken is stored",
    withFollower((parts) => new Unfenced(parts)),
    0,
  ),
  broken(
    "E3: a fill that is older than what the fence remembers is stored",
    withFollower((parts) => {
      const fence = new Fence(FENCE_BYTES, (most) => new ForgetfulFence(most));
      return new PurgeFollower({ ...parts, fence });
    }),
    0,
  ),
  broken(
    "E3: a 304 that a purge has overtaken freshens what is stored",
    withFollower((parts) => new UnfencedBy304(parts)),
    480,
  ),
  broken(
    "E3: a part that a purge has overtaken is stored",
    withFollower((parts) => new UnfencedPart(parts)),
    130,
  ),
  broken(
    "E3: what is fetched behind a stale answer is stored though a purge has overtaken it",
    withFollower((parts) => new UnfencedRefresh(parts)),
    410,
  ),
  broken(
    "E4: a request joins a fill that a purge has overtaken",
    withFollower((parts) => new JoiningDoomed(parts)),
    0,
  ),
  broken(
    "E4: a request that joins a fill after a purge of a tag is not told apart when its tags are known",
    withFollower((parts) => new JoiningTagged(parts)),
    0,
  ),
  broken(
    "E4: a request without a lease joins a fill that began before it",
    withFollower((parts) => new JoiningLapsed(parts)),
    10,
  ),
  broken(
    "E5: the lease counts from the reply",
    withFollower((parts) => new LeaseFromReply(parts)),
    210,
  ),
  broken(
    "E5: the lease is renewed behind the tail",
    withLog((log) => new EveryoneAtTail(log)),
    410,
  ),
  // Where an epoch never comes again, a barrier tells an edge of each new history; E6 does not rely on that.
  broken(
    "E6: an edge does not learn that the log's history is another, and an epoch can come again",
    {
      ...withLog((log) => new Forgetful(log)),
      redis: (wall, runId, data) => new RepeatingEpochs(wall, runId, data),
    },
    2515,
  ),
  broken(
    "E7: the lease is not looked at when a stored response is used",
    withFollower((parts) => new NeverLapsed(parts)),
    0,
  ),
  broken(
    "E7: an edge without its lease serves stale when the origin fails",
    withFollower((parts) => new StaleWhenLapsed(parts)),
    "known histories",
  ),
  broken(
    "E7: a lease is measured by the monotonic clock alone",
    withFollower((parts) => new SuspensionBlind(parts)),
    "known histories",
  ),
  broken(
    "E1: a site that an edge does not know is no site there",
    withFollower((parts) => new SiteBlind(parts)),
    "known histories",
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
    260,
  ),
  broken(
    "P1: the run id of the server is not compared",
    withRedis((wall, runId, data) => new RunIdBlind(wall, runId, data)),
    260,
  ),
  broken(
    "P2: a purge that is sent twice is taken twice",
    withRedis((wall, runId, data) => new Unknowing(wall, runId, data)),
    15,
    /^once/,
  ),
  broken(
    "P2: an id stands for whatever it was first used for",
    withRedis((wall, runId, data) => new DigestBlind(wall, runId, data)),
    "known histories",
  ),
  broken(
    "R1: rows that the table of edges has lost are not missed",
    withRedis((wall, runId, data) => new RowBlind(wall, runId, data)),
    "known histories",
  ),
  broken(
    "R2: an edge confirms what it has not applied",
    withLog((log) => new ConfirmingTooMuch(log)),
    60,
  ),
  broken(
    "R3: an edge does not notice that the clock of Redis was set",
    { ...REAL_WORLD, serverClock: () => new StepBlind() },
    "known histories",
  ),
  broken(
    "R3: a row from the future stays where it is",
    withRedis((wall, runId, data) => new PatientWithTheFuture(wall, runId, data)),
    "known histories",
    /^recovers/,
  ),
  broken(
    "R3: an edge that serves stale without a lease is fenced by its silence",
    withLog((log) => new AllFencible(log)),
    "known histories",
  ),
  broken(
    "R5: an edge is forgotten that may still serve",
    withRedis((wall, runId, data) => new ForgettingAnyone(wall, runId, data)),
    "known histories",
  ),
  brokenDisk("E9: an edge that restarts begins at the tail, with what is on disk", { kept: fromTail }, 0),
  brokenDisk("E9: it begins at the latest position on disk", { kept: fromLatest }, 100),
  brokenDisk("E9: flushes of the earlier process are forgotten", { kept: withoutFlushes }, 0),
  brokenDisk(
    "E9: what comes back from disk is not tested",
    { follower: (parts) => new TrustingDisk({ ...parts, fence: new Fence(FENCE_BYTES) }) },
    0,
  ),
  ...BROKEN_PEERS.map(({ name, from, ...rules }) => ({
    ...broken(name, { ...REAL_WORLD, ...rules }, from),
    peers: true,
  })),
  brokenThread(
    "E2, threads: the version of a response is not looked at when it is served again",
    { reader: (storeWords) => new ReadingOnce(storeWords) },
    0,
  ),
  brokenThread(
    "E2, threads: the version of a copy is not looked at",
    { words: (buffer) => new VersionBlind(buffer, MOST_KEYS) },
    50,
  ),
  brokenThread(
    "E7, threads: the lease is not looked at",
    { words: (buffer) => new LeaseBlind(buffer, MOST_KEYS) },
    0,
  ),
  brokenThread(
    "E7, threads: the lease is written later than it is measured",
    { words: (buffer) => new WrittenLate(buffer, MOST_KEYS) },
    90,
  ),
  brokenThread(
    "E7, threads: the lease is measured by the monotonic clock alone",
    { words: (buffer) => new WallBlind(buffer, MOST_KEYS) },
    "known histories",
  ),
];
