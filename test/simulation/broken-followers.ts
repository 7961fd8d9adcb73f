import type { Sharing } from "../../edge/cache/purge-state.ts";
import { refreshBehind } from "../../edge/cache/refresh.ts";
import type { Reading } from "../../edge/purging/elapsed-time.ts";
import { PurgeFollower } from "../../edge/purging/follower.ts";
import type { FollowerParts } from "../../edge/purging/follower-parts.ts";
import { RecentTargets } from "../../edge/purging/recent-targets.ts";
import {
  LAPSED,
  LAPSED_BUT_SERVING,
  PURGED,
  type PurgeStanding,
  TRUSTED,
} from "../../edge/rules/purge-standing.ts";
import type { Purgeable } from "../../edge/store/purge-match.ts";
import type { Store } from "../../edge/store/store.ts";
import type { FillMark, StoredResponse } from "../../edge/store/stored-response.ts";
import type { Clock } from "../../process/clock.ts";
import { comparePositions, type Position } from "../../purge-log/position.ts";
import { Timed } from "./broken-logs.ts";
import { STATUS_FIELD } from "./simulated-origin.ts";

// Followers of the purge log that each break one rule. broken-rules.ts describes each wrong behaviour.

export class Unflushed extends PurgeFollower {
  readonly #store: Store;

  constructor(parts: FollowerParts) {
    super(parts);
    this.#store = parts.store;
  }

  override standing(stored: StoredResponse): PurgeStanding {
    if (this.#store.softPurgedAt(stored) !== undefined) return PURGED;
    return this.leaseLeftMs > 0 ? TRUSTED : LAPSED;
  }
}

/** Takes what a flush or a hard purge has made a validator for something that a soft purge has made stale just now. */
export class FlushedSoftly extends PurgeFollower {
  override standing(stored: StoredResponse): PurgeStanding {
    const standing = super.standing(stored);
    return standing.kind === "purged" && this.leaseLeftMs > 0
      ? { kind: "soft-purged", seconds: 0 }
      : standing;
  }
}

export class SoftlyFresh extends PurgeFollower {
  override standing(stored: StoredResponse): PurgeStanding {
    const standing = super.standing(stored);
    return standing.kind === "soft-purged" ? TRUSTED : standing;
  }
}

export class StaleForever extends PurgeFollower {
  override standing(stored: StoredResponse): PurgeStanding {
    const standing = super.standing(stored);
    return standing.kind === "soft-purged" ? { ...standing, seconds: 0 } : standing;
  }
}

export class Unfenced extends PurgeFollower {
  override overtaken(_mark: FillMark, _response: Purgeable): boolean {
    return false;
  }
}

/** Takes what it no longer remembers for something that was never named. */
export class ForgetfulFence extends RecentTargets {
  protected override forgotSince(): boolean {
    return false;
  }
}

export class UnfencedBy304 extends PurgeFollower {
  override overtaken(mark: FillMark, response: Purgeable): boolean {
    return !by304(mark, response) && super.overtaken(mark, response);
  }
}

/** What is stored is tested as it was, with the mark of another fill, and as it became. */
function by304(mark: FillMark, response: Purgeable): boolean {
  if (!isStored(response)) return false;
  return response.mark !== mark || response.fields.get(STATUS_FIELD) === "304";
}

export class UnfencedPart extends PurgeFollower {
  override overtaken(mark: FillMark, response: Purgeable): boolean {
    const part = isStored(response) && response.status === 206;
    return !part && super.overtaken(mark, response);
  }
}

/** Knows what is fetched behind a stale answer by who takes its mark. */
export class UnfencedRefresh extends PurgeFollower {
  readonly #behind = new WeakSet<FillMark>();

  override mark(): FillMark | undefined {
    const mark = super.mark();
    if (mark !== undefined && isCalledBy(refreshBehind.name)) this.#behind.add(mark);
    return mark;
  }

  override overtaken(mark: FillMark, response: Purgeable): boolean {
    return !this.#behind.has(mark) && super.overtaken(mark, response);
  }
}

function isCalledBy(name: string): boolean {
  const { stackTraceLimit } = Error;
  // It may stand behind more callers than a stack usually shows.
  Error.stackTraceLimit = 50;
  const { stack = "" } = new Error("who calls?");
  Error.stackTraceLimit = stackTraceLimit;
  return stack.includes(name);
}

function isStored(response: Purgeable): response is StoredResponse {
  return "mark" in response;
}

export class JoiningDoomed extends PurgeFollower {
  override sharing(mark: FillMark | undefined, response: Purgeable): Sharing {
    const sharing = super.sharing(mark, response);
    return sharing === "lapsed" ? sharing : "yes";
  }
}

/** Requests that join a fill with unknown tags are not checked again when its response arrives. */
export class JoiningTagged extends PurgeFollower {
  override sharing(mark: FillMark | undefined, response: Purgeable): Sharing {
    const sharing = super.sharing(mark, response);
    return sharing === "unless-tagged" ? "yes" : sharing;
  }
}

export class JoiningLapsed extends PurgeFollower {
  override sharing(mark: FillMark | undefined, response: Purgeable): Sharing {
    const sharing = super.sharing(mark, response);
    const isBlind = sharing === "lapsed" && mark !== undefined && !this.overtaken(mark, response);
    return isBlind ? "yes" : sharing;
  }
}

export class NeverLapsed extends PurgeFollower {
  override standing(stored: StoredResponse): PurgeStanding {
    const standing = super.standing(stored);
    return standing.kind === "lapsed" ? TRUSTED : standing;
  }
}

/** Takes each position below its own for one that it has passed. */
export class NeverBehind extends PurgeFollower {
  override async reaches(position: Position, ms: number): Promise<boolean> {
    return comparePositions(this.position, position) >= 0 || (await super.reaches(position, ms));
  }
}

/** Serves stale without a lease when the origin fails, although it does not say so. */
export class StaleWhenLapsed extends PurgeFollower {
  override standing(stored: StoredResponse): PurgeStanding {
    const standing = super.standing(stored);
    return standing.kind === "lapsed" ? LAPSED_BUT_SERVING : standing;
  }
}

/** Knows every site by the name that a purge has for it. */
export class SiteBlind extends PurgeFollower {
  constructor({ sites: _, ...parts }: FollowerParts) {
    super(parts);
  }
}

/** A lease by the monotonic clock alone, which stands still while the machine is suspended. */
export class SuspensionBlind extends PurgeFollower {
  constructor(parts: FollowerParts) {
    const { clock } = parts;
    const monotonic = (): number => clock.monotonic();
    const wait: Clock["wait"] = (ms, signal) => clock.wait(ms, signal);
    super({ ...parts, clock: { monotonic, wall: monotonic, wait } });
  }
}

/** A lease that counts from the reply to the heartbeat. */
export class LeaseFromReply extends PurgeFollower {
  readonly #clock: Clock;
  readonly #repliedAt: Map<number, number>;

  constructor(parts: FollowerParts) {
    const { clock, purgeLog } = parts;
    const repliedAt = new Map<number, number>();
    super({ ...parts, purgeLog: new Timed(purgeLog, clock, repliedAt) });
    this.#clock = clock;
    this.#repliedAt = repliedAt;
  }

  protected override provenAgoMs(now: Reading): number | undefined {
    const ago = super.provenAgoMs(now);
    if (ago === undefined) return undefined;
    const monotonic = this.#clock.monotonic();
    const sentAt = [...this.#repliedAt.keys()].find((at) => Math.abs(at - (monotonic - ago)) < 0.01);
    return sentAt === undefined ? ago : monotonic - (this.#repliedAt.get(sentAt) ?? sentAt);
  }
}
