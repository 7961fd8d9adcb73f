import type { Clock } from "../../process/clock.ts";
import {
  type PurgeReceipt,
  PurgeRecord,
  type PurgeTarget as WireTarget,
} from "../../proto/gen/edgecache/v1/edge.ts";
import { formatPosition, type Position } from "../../purge-log/position.ts";
import type { Purge, PurgeTarget } from "../../purge-log/purge.ts";
import type { Member } from "../../purge-log/purge-log.ts";
import { type Receipt, receiptNow } from "./receipts.ts";

// An hour of one purge every four seconds; at 3,000 purges a second the last third of a second.
const KEPT = 1_000;

// Of one purge: enough to recognise it by, and a bound for what a thousand of them take.
const KEPT_TARGETS = 10;
const KEPT_TARGET_CHARACTERS = 8_192;

// Half of what the admin CLI takes in one message.
const MOST_LISTED_BYTES = 512 * 1024;

// To sort and write them takes some milliseconds, in which nobody else is served: 25 purges of a fleet of 200 edges.
const MOST_LISTED_RECEIPTS = 5_000;

interface Remembered {
  readonly position: Position;
  readonly purge: Omit<Purge, "targets">;
  readonly targets: readonly PurgeTarget[];
  readonly targetCount: number;
  /** Wall time in milliseconds. */
  readonly appliedAt: number;
  /** By edge; those that say applied are final. */
  readonly receipts: Map<string, Receipt>;
}

/** The latest purges that this edge has applied, with what it has learned of them at the other edges. */
export class PurgeRecords {
  readonly #edge: string;
  readonly #clock: Clock;
  /** By position, the oldest first. */
  readonly #remembered = new Map<string, Remembered>();

  constructor(edge: string, clock: Clock) {
    this.#edge = edge;
    this.#clock = clock;
  }

  applied(position: Position, { targets, ...purge }: Purge, objects: number): void {
    const edge = this.#edge;
    const place = formatPosition(position);
    // Taken out first, so that it is the newest also where a log that lost entries gives a position again.
    this.#remembered.delete(place);
    this.#remembered.set(place, {
      position,
      purge,
      targets: firstTargets(targets),
      targetCount: targets.length,
      appliedAt: this.#clock.wall(),
      receipts: new Map([[edge, { edge, state: "applied", ms: 0, objects }]]),
    });
    if (this.#remembered.size <= KEPT) return;
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined) this.#remembered.delete(oldest);
  }

  /** The receipts of a purge that this edge took and waited for. */
  proven(position: Position, receipts: readonly Receipt[]): void {
    const remembered = this.#remembered.get(formatPosition(position));
    for (const receipt of receipts) remembered?.receipts.set(receipt.edge, receipt);
  }

  /** Notes what the heartbeat table says of the latest `limit` purges, so that it is known when an edge is gone. */
  learn(limit: number, members: readonly Member[]): void {
    const most = Math.min(limit, Math.ceil(MOST_LISTED_RECEIPTS / Math.max(1, members.length)));
    for (const { position, receipts } of this.#latest(most)) {
      for (const member of members) {
        const { edge } = member;
        if (receipts.get(edge)?.state !== "applied") receipts.set(edge, receiptNow(position, member));
      }
    }
  }

  /** The newest first, at most `limit`. */
  list(limit: number): PurgeRecord[] {
    const records: PurgeRecord[] = [];
    let [bytes, receipts] = [0, 0];
    for (const remembered of this.#latest(limit)) {
      receipts += remembered.receipts.size;
      if (receipts > MOST_LISTED_RECEIPTS) break;
      const record = recordOf(remembered);
      bytes += PurgeRecord.encode(record).finish().byteLength;
      if (bytes > MOST_LISTED_BYTES) break;
      records.push(record);
    }
    return records;
  }

  #latest(count: number): Remembered[] {
    return [...this.#remembered.values()].slice(-count).reverse();
  }
}

/** At least one of them. */
function firstTargets(targets: readonly PurgeTarget[]): readonly PurgeTarget[] {
  let characters = 0;
  const tooMany = targets.findIndex((target, index) => {
    characters += wordOf(target).length;
    return index > 0 && (index >= KEPT_TARGETS || characters > KEPT_TARGET_CHARACTERS);
  });
  return tooMany === -1 ? targets : targets.slice(0, tooMany);
}

function wordOf(target: PurgeTarget): string {
  switch (target.kind) {
    case "url":
      return target.target;
    case "prefix":
      return target.prefix;
    case "tag":
      return target.tag;
    case "everything":
      return "";
  }
}

function recordOf({ position, purge, targets, targetCount, appliedAt, receipts }: Remembered): PurgeRecord {
  return {
    ...purge,
    pace: purge.pace ?? 0,
    position: formatPosition(position),
    time: new Date(appliedAt),
    targets: targets.map(wireTarget),
    targetCount,
    edges: [...receipts.values()].sort((a, b) => (a.edge < b.edge ? -1 : 1)).map(wireReceipt),
  };
}

/** As the RPC says it. */
export function wireReceipt(receipt: Receipt): PurgeReceipt {
  return { bytes: 0, differs: false, ...receipt };
}

function wireTarget(target: PurgeTarget): WireTarget {
  return { target: namedIn(target), site: target.site ?? "" };
}

function namedIn(target: PurgeTarget): WireTarget["target"] {
  switch (target.kind) {
    case "url":
      return { $case: "url", url: target.target };
    case "prefix":
      return { $case: "prefix", prefix: target.prefix };
    case "tag":
      return { $case: "tag", tag: target.tag };
    case "everything":
      return { $case: "everything", everything: true };
  }
}
