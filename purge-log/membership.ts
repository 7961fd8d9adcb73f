import { Failure } from "../process/failure.ts";
import type { Member } from "./purge-log.ts";

/** Clock rates agree within 1 %. */
export const CLOCK_RATE_MARGIN = 1.01;
/** A heartbeat may have been on its way for a moment, in milliseconds. */
export const LEASE_MARGIN_MS = 100;

/** Rule R3: milliseconds until the lease has surely run out, by the purge log's clock; 0 or less when it has. */
export function leaseEndsInMs({
  leaseMs,
  heartbeatAgeMs,
}: Pick<Member, "leaseMs" | "heartbeatAgeMs">): number {
  return leaseMs * CLOCK_RATE_MARGIN + LEASE_MARGIN_MS - heartbeatAgeMs;
}

/**
 * Rule R3: milliseconds until the edge is surely fenced, which means that it serves nothing without asking the origin.
 * Infinity: never by silence alone, because it serves stale responses without its lease.
 */
export function fencedInMs(member: Pick<Member, "leaseMs" | "heartbeatAgeMs" | "staleWhenLapsed">): number {
  return member.staleWhenLapsed ? Number.POSITIVE_INFINITY : leaseEndsInMs(member);
}

/** Another boot with this id may still serve by its lease. */
export function idTaken(edge: string, bootId: string): Failure {
  const rule = "two edges must not have one id, because they would have one receipt between them";
  return new Failure("edge-id-taken", "config", `${edge}: ${rule}: the boot ${bootId} has it`);
}
