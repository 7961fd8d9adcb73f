import { parseTraceparent, type TraceContext, traceparentOf } from "../process/tracing/trace-context.ts";

// Edges have always written the audit line so. A field of its own would make an entry that older edges do not
// understand, which is a purge of everything there.
const VIA = " via ";
const TRACED = " traceparent=";

/** What an entry's line of who asked may have. */
export const MOST_BY = 512;

/**
 * The requester of a purge and the edge that took it, as the entry records them, with the trace that the purge is part of.
 * The trace is left out where there is no room.
 */
export function askedVia(caller: string, edge: string, trace?: TraceContext): string {
  const plain = `${caller}${VIA}${edge}`;
  if (trace === undefined) return plain;
  const traced = `${caller}${TRACED}${traceparentOf(trace)}${VIA}${edge}`;
  return traced.length > MOST_BY ? plain : traced;
}

/** The trace that the purge is part of, by its entry; undefined when the entry names none. */
export function traceOf(by: string): TraceContext | undefined {
  const at = by.lastIndexOf(VIA);
  const from = by.lastIndexOf(TRACED, at);
  return from < 0 ? undefined : parseTraceparent(by.slice(from + TRACED.length, at));
}

/** The edge that took the purge, by its entry; undefined when the entry names none. */
export function takerOf(by: string): string | undefined {
  const at = by.lastIndexOf(VIA);
  // An edge's id has no spaces.
  const taker = at < 0 ? "" : by.slice(at + VIA.length);
  return /^\S+$/.test(taker) ? taker : undefined;
}
