import { randomUUID } from "node:crypto";
import { formatPosition } from "../../purge-log/position.ts";
import { MOST_TAG, MOST_URL, type Purge, type PurgeTarget } from "../../purge-log/purge.ts";
import type { PurgeLog } from "../../purge-log/purge-log.ts";
import { askedVia } from "../../purge-log/taker.ts";
import type { CacheContext } from "../cache/context.ts";
import type { PurgeFollower } from "../purging/follower.ts";
import { TARGET_LIMITS } from "../purging/target-room.ts";

/** What the entry says of who asked, before the edge. */
const INVALIDATION = "invalidation";

export interface BroadcastParts extends Pick<CacheContext, "id" | "clock" | "log" | "counters"> {
  readonly follower: Pick<PurgeFollower, "position">;
  readonly purgeLog: Pick<PurgeLog, "append">;
  readonly sites: { readonly digest: string };
}

// Clients cause broadcasts, so each edge appends 4 entries a second at most, and each key stands in 4 of them.
const APART_MS = 250;

// 1,000 targets a second, beside the purges of operators.
const MOST_TARGETS_AN_ENTRY = 250;

// Clients cause broadcasts, and where rules make more of a purge than an edge has room for, it covers the whole site. Edges
// with a few more rules have room for these.
const MOST_MADE_AN_ENTRY = TARGET_LIMITS.targets / 2;
const MOST_MADE_CHARACTERS = TARGET_LIMITS.characters / 2;

// 64 KiB a second, so that a flood takes half an hour to drive the other purges out of the log.
const MOST_BYTES_AN_ENTRY = 16 * 1024;

// What a broadcast waits for when there are many: one second, or an outage of the log.
const MOST_WAITING = 1_000;
const MOST_WAITING_BYTES = 256 * 1024;

const TRY_AGAIN_MS = 1_000;

interface Told {
  readonly target: PurgeTarget;
  readonly made: number;
}

/**
 * Invalidations by requests, on their way to every edge as purges of the log.
 *
 * 1. The first goes at once. Those that come within the next quarter of a second go together, each key once, as far as
 *    an edge has room for what its rules make of them.
 * 2. So many wait, of so many bytes. Further ones are dropped and counted; at this edge they hold all the same.
 * 3. While the log does not take an entry, the same entry is tried again under the same id (rule P2).
 */
export class Broadcasts {
  readonly #parts: BroadcastParts;
  /** By what they name. */
  #waiting = new Map<string, Told>();
  #bytes = 0;
  #sending: Promise<void> | undefined;
  readonly #stopped = new AbortController();

  constructor(parts: BroadcastParts) {
    this.#parts = parts;
  }

  /** `made`: how many targets the rules of the site make of each of these at most. */
  send(targets: readonly PurgeTarget[], made: number): void {
    for (const target of targets) this.#add({ target, made });
    if (this.#waiting.size === 0 || this.#stopped.signal.aborted) return;
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  /** Those that wait are dropped, and counted. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#sending;
    this.#dropped(this.#waiting.size, "the edge stops");
    this.#waiting.clear();
  }

  #add(told: Told): void {
    const { target } = told;
    const name = nameOf(target);
    // Such a purge would be refused, and nothing is stored under that name.
    if (name === undefined) return;
    const key = `${target.site ?? ""} ${target.kind} ${name}`;
    if (this.#waiting.has(key)) return;
    const isRoom = this.#waiting.size < MOST_WAITING && this.#bytes + key.length <= MOST_WAITING_BYTES;
    if (!isRoom || this.#stopped.signal.aborted) {
      this.#dropped(1, isRoom ? "the edge stops" : "too many wait");
      return;
    }
    this.#waiting.set(key, told);
    this.#bytes += key.length;
  }

  async #sendAll(): Promise<void> {
    const { clock, counters } = this.#parts;
    const { signal } = this.#stopped;
    while (this.#waiting.size > 0 && !signal.aborted) {
      const purge = this.#nextPurge();
      if (await this.#append(purge)) counters.add("broadcasts", purge.targets.length);
      else this.#dropped(purge.targets.length, "the edge stops");
      await clock.wait(APART_MS, signal).catch(() => undefined);
    }
  }

  #nextPurge(): Purge {
    const { id, sites } = this.#parts;
    const targets: PurgeTarget[] = [];
    let [bytes, most, characters] = [0, 0, 0];
    for (const [key, { target, made }] of this.#waiting) {
      bytes += key.length;
      most += made;
      characters += made * key.length;
      const isRoom =
        bytes <= MOST_BYTES_AN_ENTRY && most <= MOST_MADE_AN_ENTRY && characters <= MOST_MADE_CHARACTERS;
      // One alone goes in any case.
      if (targets.length === MOST_TARGETS_AN_ENTRY || (targets.length > 0 && !isRoom)) break;
      this.#waiting.delete(key);
      this.#bytes -= key.length;
      targets.push(target);
    }
    const purgeId = `${INVALIDATION}-${randomUUID()}`;
    return { purgeId, targets, soft: false, sites: sites.digest, by: askedVia(INVALIDATION, id) };
  }

  /** Whether the log has it. Tries until it has, or until the edge stops. */
  async #append(purge: Purge): Promise<boolean> {
    const { follower, purgeLog, clock, log } = this.#parts;
    const { signal } = this.#stopped;
    const { purgeId, targets, by } = purge;
    while (!signal.aborted) {
      const appended = await purgeLog.append(purge, follower.position);
      if (appended.kind === "accepted") {
        const position = formatPosition(appended.position);
        log.info({ purgeId, position, targets: targets.length, by }, "invalidation broadcast");
        return true;
      }
      const { kind: outcome, reason } = appended;
      log.warn({ sampled: "broadcast", purgeId, outcome, reason }, "invalidation not broadcast yet");
      await clock.wait(TRY_AGAIN_MS, signal).catch(() => undefined);
    }
    return false;
  }

  #dropped(count: number, reason: string): void {
    if (count === 0) return;
    this.#parts.counters.add("broadcastsDropped", count);
    this.#parts.log.warn(
      { sampled: "broadcast-dropped", dropped: count, reason },
      "invalidation holds at this edge only",
    );
  }
}

/** undefined: a purge may not name it. */
function nameOf(target: PurgeTarget): string | undefined {
  switch (target.kind) {
    case "url":
      return target.target.length <= MOST_URL ? target.target : undefined;
    case "tag":
      return target.tag !== "" && target.tag.length <= MOST_TAG ? target.tag : undefined;
    case "prefix":
    case "everything":
      return undefined;
  }
}
