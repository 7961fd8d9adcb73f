import { comparePositions, formatPosition, type Position } from "../../purge-log/position.ts";
import type { PurgeTarget } from "../../purge-log/purge.ts";
import { isMeant, staleSeconds } from "./pages.ts";
import type { OriginRead } from "./simulated-origin.ts";

/** A purge whose caller was told that it is accepted. Times in virtual milliseconds. */
export interface AcceptedPurge {
  readonly purgeId: string;
  readonly targets: readonly PurgeTarget[];
  readonly soft: boolean;
  readonly position: Position;
  /** The history that the position is of. */
  readonly runId: string;
  /** When the log took it. */
  readonly acceptedAt: number;
  /** When its caller was told that it is applied; undefined when it never was. */
  appliedAt: number | undefined;
}

/** An answer that a client got. */
export interface Answered {
  readonly edge: string;
  readonly what: string;
  readonly arrivedAt: number;
  /** When the edge chose what to answer with. */
  readonly decidedAt: number;
  readonly read: OriginRead;
  /** The position that the client named in EdgeCache-After. */
  readonly after: { readonly position: Position; readonly runId: string } | undefined;
  /**
   * Rule E7: an edge with --stale-when-lapsed that has no lease uses a response that says stale-if-error while the
   * origin fails. *Bounded* holds there only for the purges that the edge had applied: their ids. *Proven* always holds.
   */
  readonly knew: ReadonlySet<string> | undefined;
  /** Undefined when it was not served stale by the response's own word. */
  readonly stale: StaleBy | undefined;
}

export interface StaleBy {
  readonly by: "stale-while-revalidate" | "stale-if-error";
  /** When the edge had applied the purge at each position. */
  readonly appliedAt: ReadonlyMap<string, number>;
}

/** A broken promise, as one line. */
export type Violation = string;

/**
 * The guarantees of a purge, for every answer: *Proven*, a request that arrives after `applied` was said gets
 * bytes that the origin was asked for after the purge was accepted; *Bounded*, so does every answer that is
 * decided on later than a lease after that. *Nothing lost* is that both hold whatever happens to the log. Beside
 * them: a response is never older than the position that its client names in EdgeCache-After.
 *
 * A soft purge makes stale instead: older bytes may be given as far as the response's own stale-while-revalidate or
 * stale-if-error reaches from when the edge applied it.
 *
 * `longestLeaseMs` is the lease by the slowest clock, in virtual milliseconds; `leastRate` that clock's rate.
 */
export function violations(
  purges: readonly AcceptedPurge[],
  answers: readonly Answered[],
  longestLeaseMs: number,
  leastRate: number,
): readonly Violation[] {
  return answers.flatMap((answer) => {
    for (const purge of purges) {
      const promise = mayBeStale(purge, answer, leastRate)
        ? undefined
        : brokenPromise(purge, answer, longestLeaseMs);
      if (promise !== undefined) return [tell(promise, purge, answer)];
    }
    return [];
  });
}

/** Without a lease, or for one who names a position, a soft purge is like any other. */
function mayBeStale({ soft, position }: AcceptedPurge, answer: Answered, leastRate: number): boolean {
  const { stale, knew, after, decidedAt, read } = answer;
  if (!soft || stale === undefined || knew !== undefined || after !== undefined) return false;
  const since = stale.appliedAt.get(formatPosition(position));
  return since !== undefined && decidedAt <= since + (staleSeconds(read.page, stale.by) * 1000) / leastRate;
}

/** Which promise; undefined when all are kept. */
function brokenPromise(purge: AcceptedPurge, answer: Answered, longestLeaseMs: number): string | undefined {
  const { read, arrivedAt, decidedAt, after, knew } = answer;
  const { acceptedAt, appliedAt, position, runId, targets } = purge;
  if (read.at >= acceptedAt) return undefined;
  if (!targets.some((target) => isMeant(target, read.page, read.version))) return undefined;
  if (appliedAt !== undefined && arrivedAt > appliedAt) return "proven";
  if (knew !== undefined) return knew.has(purge.purgeId) ? "known" : undefined;
  if (decidedAt > acceptedAt + longestLeaseMs) return "bounded";
  // Positions of two histories cannot be compared.
  if (after === undefined || after.runId !== runId) return undefined;
  return comparePositions(after.position, position) >= 0 ? "read-your-purge" : undefined;
}

function tell(promise: string, purge: AcceptedPurge, answer: Answered): Violation {
  const { edge, what, arrivedAt, decidedAt, read } = answer;
  const { appliedAt, acceptedAt, position, purgeId } = purge;
  const when = `arrived at ${round(arrivedAt)}, decided at ${round(decidedAt)}`;
  const got = `version ${read.version} as the origin had it at ${round(read.at)}`;
  const promised = `accepted at ${round(acceptedAt)}, applied at ${round(appliedAt)}`;
  return `${promise}: ${what} at ${edge}, ${when}, got ${got}; ${purgeId} (${formatPosition(position)}) was ${promised}`;
}

function round(ms: number | undefined): string {
  return ms === undefined ? "never" : ms.toFixed(1);
}
