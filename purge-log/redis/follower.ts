import type { Redis } from "ioredis";
import { BATCH_ENTRIES } from "../log-limits.ts";
import { formatPosition, type Position, parsePosition } from "../position.ts";
import { decodeEntry } from "../purge-codec.ts";
import type { LogEntry } from "../purge-log.ts";
import { failureOf, type RedisConnection } from "./connection.ts";
import { LOG_KEY } from "./keys.ts";
import type { Outage } from "./outage-reporter.ts";
import { settle } from "./scripts.ts";

/** How long Redis holds a read that finds nothing, in milliseconds. A silence longer than this is an outage. */
export const BLOCK_MS = 1000;

/** An entry as Redis gives it: its id, and name, value, name, value … */
export type RawEntry = readonly [id: string, fields: readonly string[]];

/**
 * Batches of entries after `after` until `ended` aborts; then the connection is closed.
 *
 * On every new connection the log is settled first: that puts a barrier in front of us if the history
 * that we have followed may have been lost. After any failure `vouched` is unknown again, the connection
 * makes itself anew with a growing pause, and reading goes on after the last entry that was given out.
 */
export async function* followStream(
  connection: RedisConnection,
  outage: Outage,
  after: Position,
  ended: AbortSignal,
): AsyncGenerator<readonly LogEntry[]> {
  const part = {};
  let position = after;
  /** The tail when the log was last settled: its epoch is one of ours, and so are those before it. */
  let vouched: Position | undefined;
  /** An id that was read and has no place in our order. */
  let stranger: string | undefined;
  // A read that Redis holds must end at once, not at the end of its second.
  const cut = () => connection.close();
  ended.addEventListener("abort", cut);
  try {
    while (!ended.aborted) {
      if (vouched === undefined) {
        const settled = await connection.ask((client) => settle(client, position, stranger));
        stranger = undefined;
        if (settled.kind === "reply") vouched = settled.value;
        else if (!ended.aborted) outage.noticed(part, failureOf("following the purge log", settled));
        continue;
      }
      const read = await connection.ask((client) => readAfter(client, position));
      if (read.kind !== "reply") {
        vouched = undefined;
        if (!ended.aborted) outage.noticed(part, failureOf("following the purge log", read));
        continue;
      }
      outage.over(part);
      const batch = understood(read.value, vouched.epoch);
      const last = batch?.at(-1);
      if (batch === undefined) {
        vouched = undefined;
        stranger = strangerAmong(read.value);
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
 * The entries of one read; undefined if an id among them is not vouched for. Such an id is either the
 * start of a new epoch or was written by a stranger, and to follow a stranger's enormous id would be to
 * wait behind it for ever. Settling the log tells: it adopts what it can and moves the rest aside.
 */
export function understood(entries: readonly RawEntry[], vouchedEpoch: number): LogEntry[] | undefined {
  const batch: LogEntry[] = [];
  for (const [id, fields] of entries) {
    const position = parsePosition(id);
    if (position === undefined || position.epoch > vouchedEpoch) return undefined;
    batch.push({ position, content: decodeEntry(fields) });
  }
  return batch;
}

/** The first id among them that has no place in our order. */
export function strangerAmong(entries: readonly RawEntry[]): string | undefined {
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
