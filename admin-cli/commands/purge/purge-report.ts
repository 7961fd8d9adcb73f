import type { PurgeReceipt, PurgeResponse } from "../../../proto/gen/edgecache/v1/edge.ts";
import { type Cell, stateCell, table } from "../../table.ts";
import type { Painter } from "../../terminal.ts";

/** One line per edge with the responses that it would purge, then the sum. */
export function dryRunLines(painter: Painter, { edges }: PurgeResponse): string {
  const objects = edges.reduce((sum, receipt) => sum + receipt.objects, 0);
  const bytes = edges.reduce((sum, receipt) => sum + receipt.bytes, 0);
  const lines = table(painter, { figures: [2, 3] }, edges.map(forecast));
  return `${lines}dry run: nothing was purged of ${counted(objects, "object")}, ${counted(bytes, "byte")}\n`;
}

/** One line per receipt, then the sentence that sums them up. */
export function purgeLines(painter: Painter, answer: PurgeResponse): string {
  return `${table(painter, { figures: [2, 3] }, answer.edges.map(receipt))}${summary(answer)}\n`;
}

function receipt({ edge, state, ms, objects, differs }: PurgeReceipt): Cell[] {
  // Only edges that have applied the purge report their objects.
  return [
    edge,
    stateCell(state),
    `${ms.toFixed(1)} ms`,
    state === "applied" ? counted(objects, "object") : "",
    ...(differs ? ["differs: configured with other sites"] : []),
  ];
}

function forecast({ edge, state, objects, bytes }: PurgeReceipt): Cell[] {
  if (state === "unreachable") return [edge, stateCell(state), "", ""];
  return [edge, "would purge", counted(objects, "object"), counted(bytes, "byte")];
}

function summary(answer: PurgeResponse): string {
  const place = answer.position === "" ? "" : ` at ${answer.position}`;
  return `purge ${answer.purgeId}${place}: ${answer.outcome === "applied" ? proof(answer) : answer.outcome}`;
}

function proof({ edges }: PurgeResponse): string {
  const fenced = edgesIn("fenced", edges).length;
  const applied = `applied on ${edgesIn("applied", edges).length} of ${counted(edges.length, "edge")}`;
  return fenced === 0 ? applied : `${applied}, ${fenced} fenced`;
}

/**
 * The line on stderr about a purge that is not proven: why, and what to do. `calls`: how many were answered, of how
 * many.
 */
export function whyNotProven(
  answer: PurgeResponse,
  calls: { readonly done: number; readonly all: number },
): string {
  const again = `safe to repeat with --purge-id ${answer.purgeId}`;
  const detail = answer.detail === "" ? "" : ` (${answer.detail})`;
  switch (answer.outcome) {
    case "pending": {
      const edges = edgesIn("pending", answer.edges).join(", ") || "every edge";
      return `purge not proven yet: pending on ${edges}${detail}; ${again}`;
    }
    case "rejected":
      return calls.all === 1
        ? `purge rejected by the purge log, nothing was purged${detail}: ${answer.purgeId}`
        : `purge rejected by the purge log at call ${calls.done} of ${calls.all}${detail}; ${again}`;
    default:
      return calls.all === 1
        ? `purge outcome ${answer.outcome}${detail}; ${again}`
        : `purge outcome ${answer.outcome} at call ${calls.done} of ${calls.all}${detail}; ${again}`;
  }
}

function edgesIn(state: string, edges: readonly PurgeReceipt[]): string[] {
  return edges.filter((receipt) => receipt.state === state).map(({ edge }) => edge);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
