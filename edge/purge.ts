import { randomUUID } from "node:crypto";
import { describeError } from "../process/failure.ts";
import { formatPosition } from "../purge-log/position.ts";
import type { PurgeLog } from "../purge-log/purge-log.ts";
import type { EdgeParts } from "./parts.ts";
import type { PurgeCall } from "./purge-request.ts";
import { collectReceipts, type Receipt } from "./receipts.ts";

/** What became of a purge. The words are those of the RPC and of the CLI's JSON. */
export interface PurgeProof {
  readonly purgeId: string;
  /** Empty when it is not known to stand in the log. */
  readonly position: string;
  readonly outcome: "applied" | "pending" | "rejected" | "unknown";
  readonly edges: readonly Receipt[];
  /** Why, where the outcome alone does not say it. */
  readonly detail: string;
}

/**
 * The life of a purge, at the edge that took the call: append it to the purge log; every edge, this one
 * included, applies it from there; collect their receipts. Never throws.
 */
export async function purge(
  call: PurgeCall,
  by: string,
  edge: Pick<EdgeParts, "id" | "store" | "follower" | "clock" | "log">,
  purgeLog: PurgeLog,
): Promise<PurgeProof> {
  const { targets, soft } = call;
  const purgeId = call.purgeId === "" ? randomUUID() : call.purgeId;
  if (call.dryRun) {
    const { objects, bytes } = edge.store.covered(targets);
    const receipt: Receipt = { edge: edge.id, state: "pending", ms: 0, objects };
    const detail = `dry run: ${objects} objects, ${bytes} bytes on ${edge.id}; nothing was purged`;
    return { purgeId, position: "", outcome: "pending", edges: [receipt], detail };
  }
  const appended = await purgeLog.append({ purgeId, targets, soft, by }, edge.follower.position);
  if (appended.kind !== "accepted") {
    edge.log.warn({ purgeId, by, outcome: appended.kind, reason: appended.reason }, "purge not accepted");
    return { purgeId, position: "", outcome: appended.kind, edges: [], detail: appended.reason };
  }
  const position = formatPosition(appended.position);
  edge.log.info({ purgeId, position, by, targets, soft }, "purge accepted");
  try {
    const edges = await collectReceipts(appended.position, call.waitMs, { purgeLog, clock: edge.clock });
    const outcome = edges.every((receipt) => receipt.state !== "pending") ? "applied" : "pending";
    return { purgeId, position, outcome, edges, detail: "" };
  } catch (thrown) {
    const detail = `accepted, but the receipts cannot be read: ${describeError(thrown)}`;
    return { purgeId, position, outcome: "pending", edges: [], detail };
  }
}
