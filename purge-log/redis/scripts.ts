import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { z } from "zod";
import { encodeCounts } from "../confirmation-codec.ts";
import { encodeHeartbeat } from "../heartbeat-codec.ts";
import { KEPT_BYTES, KEPT_ENTRIES, SAME_PURGE_MS } from "../log-limits.ts";
import { BEGINNING, formatPosition, type Position, parsePosition } from "../position.ts";
import type { ForgetOutcome, Heartbeat, LogState } from "../purge-log.ts";
import type { EdgeTable } from "./edge-table.ts";
import { ASIDE_KEY, COUNTS_KEY, EDGES_KEY, JOIN_CHANNEL, LOG_KEY, META_KEY, purgeKey } from "./keys.ts";
import {
  FORGET_SCRIPT,
  HEARTBEAT_SCRIPT,
  LEAVE_SCRIPT,
  MARKS,
  MEMBERS_SCRIPT,
  PUBLISH_SCRIPT,
  VERIFY_SCRIPT,
} from "./lua.ts";
import type { Batch, Published } from "./publisher.ts";

// The scripts as functions. Each rejects with ioredis' ReplyError when Redis says no, and with another
// error when no answer comes or it is not of the expected shape.

interface Script {
  readonly text: string;
  readonly sha: string;
}

const PUBLISH = script(PUBLISH_SCRIPT);
const HEARTBEAT = script(HEARTBEAT_SCRIPT);
const MEMBERS = script(MEMBERS_SCRIPT);
const VERIFY = script(VERIFY_SCRIPT);
const FORGET = script(FORGET_SCRIPT);
const LEAVE = script(LEAVE_SCRIPT);

const KEYS = [LOG_KEY, META_KEY, EDGES_KEY, ASIDE_KEY];
const KEYS_AND_COUNTS = [...KEYS, COUNTS_KEY];

const positionReply = z.string().transform((text, context): Position => {
  const position = parsePosition(text);
  if (position !== undefined) return position;
  context.addIssue({ code: "custom", message: `a position is epoch-seq, got ${text}` });
  return z.NEVER;
});
const milliseconds = z.string().regex(/^\d+$/).transform(Number);
// The usual reply comes first: what does not match costs the most.
const stateReply = z.union([z.tuple([z.string(), positionReply, positionReply, milliseconds]), z.string()]);
const publishedReply = z.tuple([z.string()], z.union([positionReply, z.literal("")]));
const forgetReply = z.tuple([z.enum(["unknown", "serving", "forgotten"]), milliseconds, milliseconds]);
const tableReply = z.tuple([milliseconds, milliseconds, z.string(), z.array(z.string())]);

/**
 * Makes sure that the log can be trusted up to its tail, and returns the tail. `foreignId` is the id of an entry
 * that cannot be passed: a log that holds it is moved aside.
 */
export async function verifyLog(client: Redis, floor: Position, foreignId = ""): Promise<Position> {
  return positionReply.parse(await run(client, VERIFY, KEYS, [formatPosition(floor), foreignId]));
}

/** Appends each purge once per purgeId, all of them or none, and returns where they stand (rule P2). */
export async function publish(client: Redis, { purges, floor }: Batch): Promise<Published> {
  const keys = [...KEYS, ...purges.map(({ purgeId }) => purgeKey(purgeId))];
  const values = [
    formatPosition(floor),
    SAME_PURGE_MS,
    KEPT_ENTRIES,
    KEPT_BYTES / (MARKS + 1),
    ...purges.flatMap(({ text, digest }) => [text, digest]),
  ];
  const [runId, ...positions] = publishedReply.parse(await run(client, PUBLISH, keys, values));
  return { runId, positions: positions.map((position) => (position === "" ? "another-purge" : position)) };
}

/** The outcome of a heartbeat. */
export type BeatOutcome =
  | {
      readonly kind: "confirmed";
      readonly state: LogState;
      /** The server's wall clock, in milliseconds. */
      readonly serverMs: number;
    }
  /** The boot with this id, whose lease may still run. */
  | { readonly kind: "taken"; readonly bootId: string };

/** `clockStepped`: the server's clock was set, as far as this edge has seen. */
export async function sendHeartbeat(
  client: Redis,
  beat: Heartbeat,
  clockStepped: boolean,
): Promise<BeatOutcome> {
  const { edge, bootId } = beat;
  const values = [
    formatPosition(beat.position),
    edge,
    encodeHeartbeat(beat),
    JOIN_CHANNEL,
    bootId,
    clockStepped ? 1 : 0,
    encodeCounts(beat.applied),
  ];
  const reply = stateReply.parse(await run(client, HEARTBEAT, KEYS_AND_COUNTS, values));
  if (typeof reply === "string") return { kind: "taken", bootId: reply };
  const [runId, tail, first, serverMs] = reply;
  return { kind: "confirmed", state: { runId, tail, first }, serverMs };
}

/** Takes an edge out of the table if its lease has surely run out, by ages that are believed up to `believedMs`. */
export async function forgetEdge(client: Redis, edge: string, believedMs: number): Promise<ForgetOutcome> {
  const most = Math.min(believedMs, Number.MAX_SAFE_INTEGER);
  const reply = await run(client, FORGET, KEYS_AND_COUNTS, [formatPosition(BEGINNING), edge, most]);
  const [kind, leftMs, heartbeatAgeMs] = forgetReply.parse(reply);
  switch (kind) {
    case "unknown":
      return { kind };
    case "serving":
      return { kind, leftMs, heartbeatAgeMs };
    case "forgotten":
      return { kind, heartbeatAgeMs };
  }
}

/** Takes an edge out of the table that serves no more, if it is still that boot. */
export async function removeLeaving(client: Redis, edge: string, bootId: string): Promise<void> {
  await run(client, LEAVE, KEYS_AND_COUNTS, [formatPosition(BEGINNING), edge, bootId]);
}

export async function readEdgeTable(client: Redis): Promise<EdgeTable> {
  const reply = await run(client, MEMBERS, KEYS, [formatPosition(BEGINNING)]);
  const [now, opened, runId, cells] = tableReply.parse(reply);
  const rows = [];
  for (let i = 0; i + 1 < cells.length; i += 2) {
    const [edge = "", cell = ""] = cells.slice(i, i + 2);
    const space = cell.indexOf(" ");
    const beatenAt = space < 0 ? Number.NaN : Number(cell.slice(0, space));
    rows.push({ edge, beatenAt, json: cell.slice(space + 1) });
  }
  return { now, opened, runId, rows };
}

function script(text: string): Script {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

/** Sends only the script's hash; a server that does not know it (it forgets at a restart) gets all of it. */
async function run(client: Redis, { text, sha }: Script, keys: string[], values: (string | number)[]) {
  try {
    return await client.evalsha(sha, keys.length, ...keys, ...values);
  } catch (thrown) {
    if (!(thrown instanceof Error) || !thrown.message.startsWith("NOSCRIPT")) throw thrown;
    return await client.eval(text, keys.length, ...keys, ...values);
  }
}
