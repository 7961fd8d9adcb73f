import { randomUUID } from "node:crypto";
import { describeError } from "../../process/failure.ts";
import { formatPosition } from "../../purge-log/position.ts";
import type { Purge } from "../../purge-log/purge.ts";
import type { AppendOutcome, PurgeLog } from "../../purge-log/purge-log.ts";
import type { CacheContext } from "../cache/context.ts";
import type { PurgeFollower } from "../purging/follower.ts";
import type { PurgeRecords } from "./purge-audit.ts";
import type { PurgeCall } from "./purge-request.ts";
import type { Rebounds } from "./rebounds.ts";
import { collectReceipts, isProven, type Receipt, type Receipts } from "./receipts.ts";

/** What became of a purge call. */
export type PurgeOutcome =
  | { readonly kind: "done"; readonly proof: PurgeProof }
  /** The purge_id of the call stands for another purge: nothing was purged. */
  | { readonly kind: "another-purge"; readonly purgeId: string };

/** What is known of a purge. The words are those of the RPC and of the CLI's JSON. */
export interface PurgeProof {
  readonly purgeId: string;
  /** Empty when it is not known to stand in the log. */
  readonly position: string;
  readonly outcome: "applied" | "pending" | "rejected" | "unknown";
  readonly edges: readonly Receipt[];
  /** Why, where the outcome alone does not say it. */
  readonly detail: string;
}

const MAY_BE_MISSING =
  "the heartbeat table lost rows a moment ago: an edge that it does not name may still serve by its lease; " +
  "ask again with the same purge_id";

/** What a purge needs of the edge that takes the call. */
export interface PurgeParts extends Pick<CacheContext, "id" | "store" | "clock" | "log"> {
  readonly follower: PurgeFollower;
  readonly purgeLog: PurgeLog;
  readonly records: PurgeRecords;
  readonly rebounds: Rebounds;
}

/**
 * The life of a purge, at the edge that took the call: append it to the purge log; every edge, this one
 * included, applies it from there; collect their receipts (rule R4). Never throws.
 */
export async function purge(call: PurgeCall, by: string, edge: PurgeParts): Promise<PurgeOutcome> {
  const { targets, soft, pace } = call;
  const purgeId = call.purgeId === "" ? randomUUID() : call.purgeId;
  if (call.dryRun) return { kind: "done", proof: await dryRun(purgeId, call, edge) };
  const entry: Purge = { purgeId, targets, soft, ...(pace === undefined ? {} : { pace }), by };
  const appended = await appendPurge(entry, edge, call.reboundMs);
  switch (appended.kind) {
    case "another-purge":
      return { kind: appended.kind, purgeId };
    case "rejected":
    case "unknown": {
      const { kind: outcome, reason: detail } = appended;
      return { kind: "done", proof: { purgeId, position: "", outcome, edges: [], detail } };
    }
    case "accepted": {
      if (call.reboundMs !== undefined) edge.rebounds.schedule(entry, appended.position, call.reboundMs);
      return { kind: "done", proof: await proofOf(purgeId, appended, call.waitMs, edge) };
    }
  }
}

async function proofOf(
  purgeId: string,
  appended: Extract<AppendOutcome, { kind: "accepted" }>,
  waitMs: number,
  edge: PurgeParts,
): Promise<PurgeProof> {
  const position = formatPosition(appended.position);
  try {
    const receipts = await collectReceipts(appended, waitMs, edge);
    const { edges } = receipts;
    edge.records.proven(appended.position, edges);
    const outcome = isProven(receipts) ? "applied" : "pending";
    return { purgeId, position, outcome, edges, detail: detailOf(receipts) };
  } catch (thrown) {
    const detail = `accepted, but the receipts cannot be read: ${describeError(thrown)}`;
    return { purgeId, position, outcome: "pending", edges: [], detail };
  }
}

function detailOf({ complete, staleWhenLapsed }: Receipts): string {
  if (!complete) return MAY_BE_MISSING;
  if (staleWhenLapsed.length === 0) return "";
  const who = staleWhenLapsed.join(", ");
  return `${who}: cut off, and may serve stale responses (--stale-when-lapsed), so silence proves nothing there`;
}

/** Appends it to the purge log and writes the audit line: what, who, where in the log; the line has its time. */
export async function appendPurge(
  purge: Purge,
  { follower, log, purgeLog }: Pick<PurgeParts, "follower" | "log" | "purgeLog">,
  reboundMs?: number,
): Promise<AppendOutcome> {
  const appended = await purgeLog.append(purge, follower.position, reboundMs);
  if (appended.kind === "accepted") {
    log.info({ ...purge, position: formatPosition(appended.position) }, "purge accepted");
  } else {
    log.warn({ ...purge, outcome: appended.kind, reason: appended.reason }, "purge not accepted");
  }
  return appended;
}

/** Pending, without a position: the words for a purge of which nothing is proven, because nothing was purged. */
async function dryRun(
  purgeId: string,
  { targets }: PurgeCall,
  { id, store }: PurgeParts,
): Promise<PurgeProof> {
  const { objects, bytes } = await store.covered(targets);
  const receipt: Receipt = { edge: id, state: "pending", ms: 0, objects, bytes };
  const detail = `dry run: ${objects} objects, ${bytes} bytes on ${id}; nothing was purged`;
  return { purgeId, position: "", outcome: "pending", edges: [receipt], detail };
}
