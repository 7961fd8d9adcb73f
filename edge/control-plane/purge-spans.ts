import type { TraceContext } from "../../process/tracing/trace-context.ts";
import { type Span, startPart, type Tracer } from "../../process/tracing/tracer.ts";
import type { PurgeResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import { formatPosition } from "../../purge-log/position.ts";
import type { AppendOutcome } from "../../purge-log/purge-log.ts";
import { traceOf } from "../../purge-log/taker.ts";
import type { CacheContext } from "../cache/context.ts";
import type { AppliedPurge } from "../purging/applied-purge.ts";
import type { CallResult } from "./call-result.ts";
import type { PurgeCall } from "./purge-request.ts";

/** Of a call for a purge. `parent`: what its caller says that it is part of. undefined: it is not recorded. */
export function callSpan(tracer: Tracer | undefined, parent: TraceContext | undefined): Span | undefined {
  return tracer?.samples(parent) === true ? tracer.start("purge", parent, { kind: "server" }) : undefined;
}

export function endCall(span: Span | undefined, result: CallResult<PurgeResponse>): void {
  if (!result.ok) {
    span?.end(result.code);
    return;
  }
  const { purgeId, position, outcome } = result.value;
  span?.set({
    "edgecache.purge.id": purgeId,
    "edgecache.purge.position": position === "" ? undefined : position,
    "edgecache.purge.outcome": outcome,
  });
  span?.end(outcome === "rejected" || outcome === "unknown" ? outcome : undefined);
}

/** Of its way into the purge log. What edges do about it is part of this one. */
export function appendSpan(
  tracer: Tracer | undefined,
  call: Span | undefined,
  { targets, soft }: Pick<PurgeCall, "targets" | "soft">,
): Span | undefined {
  const attributes = { "edgecache.purge.targets": targets.length, "edgecache.purge.soft": soft };
  return startPart(tracer, call?.context, "append", { kind: "producer", attributes });
}

export function endAppend(span: Span | undefined, appended: AppendOutcome): void {
  if (appended.kind === "accepted")
    span?.set({ "edgecache.purge.position": formatPosition(appended.position) });
  span?.end(appended.kind === "accepted" ? undefined : appended.kind);
}

/** Of the wait for receipts, with a moment for each edge. */
export function receiptsSpan(tracer: Tracer | undefined, call: Span | undefined): Span | undefined {
  return startPart(tracer, call?.context, "receipts");
}

/** `since`: when it began to wait, in monotonic milliseconds. */
export function endReceipts(span: Span | undefined, { edges }: PurgeResponse, since: number): void {
  for (const { edge, state, ms } of edges)
    span?.event("receipt", { "edgecache.edge": edge, "edgecache.receipt": state }, since + ms);
  span?.end();
}

/** At each edge that applies it, in the trace of the call. */
export function traceApplied(
  { asked, position, since, objects }: AppliedPurge,
  { id, tracer }: Pick<CacheContext, "id" | "tracer">,
): void {
  if (tracer === undefined) return;
  const attributes = {
    "edgecache.edge": id,
    "edgecache.purge.id": asked.purgeId,
    "edgecache.purge.position": formatPosition(position),
    "edgecache.purge.objects": objects,
  };
  startPart(tracer, traceOf(asked.by), "apply", { kind: "consumer", at: since, attributes })?.end();
}
