import type { Redis } from "ioredis";
import type { Clock } from "../../process/clock.ts";
import { WorkSlice } from "../../process/work-slice.ts";
import { BATCH_ENTRIES } from "../log-limits.ts";
import { formatPosition, type Position, parsePosition } from "../position.ts";
import { MOST_TARGETS } from "../purge.ts";
import { decodeEntry } from "../purge-codec.ts";
import type { LogEntry } from "../purge-log.ts";
import { failureOf, type RedisConnection } from "./connection.ts";
import { LOG_KEY } from "./keys.ts";
import type { OutageReporter } from "./outage-reporter.ts";
import { verifyLog } from "./scripts.ts";

/** How long Redis holds a read that finds nothing, in milliseconds. A silence longer than this is an outage. */
export const BLOCK_MS = 1000;

/** An entry as Redis gives it: its id, and name, value, name, value … */
export type RawEntry = readonly [id: string, fields: readonly string[]];

/**
 * Batches of entries after `after` until `ended` aborts; then the connection is closed.
 *
 * On every new connection the log is verified first. If the history that we have followed may have been lost, that
 * puts a barrier in front of us. After any failure the trusted tail is unknown again, the connection is made anew
 * after a pause that grows, and reading goes on after the last entry that was given out.
 */
export async function* followStream(
  connection: RedisConnection,
  outage: OutageReporter,
  clock: Clock,
  after: Position,
  ended: AbortSignal,
): AsyncGenerator<readonly LogEntry[]> {
  const part = {};
  let position = after;
  /** The tail when the log was last verified: its epoch and all before it are ours. */
  let trustedTail: Position | undefined;
  /** An id that was read and is no position. */
  let foreignId: string | undefined;
  // A read that Redis holds must end at once, not at the end of its second.
  const cut = () => connection.close();
  ended.addEventListener("abort", cut);
  try {
    while (!ended.aborted) {
      if (trustedTail === undefined) {
        const verified = await connection.ask((client) => verifyLog(client, position, foreignId));
        foreignId = undefined;
        if (verified.kind === "reply") trustedTail = verified.value;
        else if (!ended.aborted) outage.noticed(part, failureOf("following the purge log", verified));
        continue;
      }
      const read = await connection.ask((client) => readAfter(client, position));
      if (read.kind !== "reply") {
        trustedTail = undefined;
        if (!ended.aborted) outage.noticed(part, failureOf("following the purge log", read));
        continue;
      }
      outage.over(part);
      const batch = await decodeBatch(read.value, trustedTail.epoch, new WorkSlice(clock));
      const last = batch?.at(-1);
      if (batch === undefined) {
        trustedTail = undefined;
        foreignId = foreignIdAmong(read.value);
      } else if (last !== undefined) {
        position = last.position;
        yield batch;
      }
    }
  } finally {
    ended.removeEventListener("abort", cut);
    outage.left(part);
    connection.close();
  }
}

/**
 * The entries of one read; undefined if one of them has an epoch that is not trusted. It either begins a new epoch or
 * was not written by us. To follow a foreign entry with an enormous id would mean to wait behind it for ever. Verifying
 * the log tells the two apart: it adopts what it can and moves the rest aside. An entry of a thousand targets takes some
 * milliseconds, so it decodes in slices.
 */
export async function decodeBatch(
  entries: readonly RawEntry[],
  trustedEpoch: number,
  slice: WorkSlice,
): Promise<readonly LogEntry[] | undefined> {
  const batch: LogEntry[] = [];
  for (const [id, fields] of entries) {
    const position = parsePosition(id);
    if (position === undefined || position.epoch > trustedEpoch) return undefined;
    if (slice.isOver(MOST_TARGETS)) await slice.pause();
    batch.push({ position, content: decodeEntry(fields) });
  }
  return batch;
}

/** The first id among them that is no position. */
export function foreignIdAmong(entries: readonly RawEntry[]): string | undefined {
  return entries.find(([id]) => parsePosition(id) === undefined)?.[0];
}

async function readAfter(client: Redis, position: Position): Promise<readonly RawEntry[]> {
  const reply = await client.xread(
    "COUNT",
    BATCH_ENTRIES,
    "BLOCK",
    BLOCK_MS,
    "STREAMS",
    LOG_KEY,
    formatPosition(position),
  );
  // Redis answers null when the time is up; otherwise one pair for the one stream that was asked for.
  return reply?.[0]?.[1] ?? [];
}
