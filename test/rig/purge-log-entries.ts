import { BEGINNING, type Position } from "../../purge-log/position.ts";
import type { Purge } from "../../purge-log/purge.ts";
import type { AppendOutcome, Heartbeat, LogEntry, PurgeLog } from "../../purge-log/purge-log.ts";

/** A purge of the path with the name of its id. */
export function purgeOf(purgeId: string): Purge {
  return { purgeId, targets: [{ kind: "url", target: `/${purgeId}` }], soft: false, by: "edge-1 127.0.0.1" };
}

export function beatOf(edge: string, position: Position = BEGINNING): Heartbeat {
  return {
    edge,
    bootId: `${edge}-boot`,
    grpcAddress: "127.0.0.1:50051",
    httpAddress: "127.0.0.1:8081",
    position,
    runId: "",
    leaseMs: 2000,
    sites: "",
    staleWhenLapsed: false,
    applied: [{ position, objects: 3 }],
  };
}

/** The position of an append that must have been accepted. */
export function accepted(outcome: AppendOutcome): Position {
  if (outcome.kind !== "accepted") throw new Error(`not accepted but ${outcome.kind}: ${outcome.reason}`);
  return outcome.position;
}

/** The next entries up to the batch with which `enough` holds. Ends the iteration. */
export async function takeUntil(
  batches: AsyncIterable<readonly LogEntry[]>,
  enough: (entries: readonly LogEntry[]) => boolean,
): Promise<readonly LogEntry[]> {
  const entries: LogEntry[] = [];
  for await (const batch of batches) {
    entries.push(...batch);
    if (enough(entries)) return entries;
  }
  throw new Error(`the log ended after ${entries.length} entries`);
}

/** The entries after `after` up to the batch with which `enough` holds. */
export async function collect(
  log: PurgeLog,
  after: Position,
  enough: (entries: readonly LogEntry[]) => boolean,
): Promise<readonly LogEntry[]> {
  return await takeUntil(log.follow(after, new AbortController().signal), enough);
}

/** A name for an entry: the id of a purge, else its kind. */
export function label(entry: LogEntry): string {
  return entry.content.kind === "purge" ? entry.content.purge.purgeId : entry.content.kind;
}
