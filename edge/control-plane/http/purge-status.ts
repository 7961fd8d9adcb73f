/** RFC 9110 section 15.3.3: a pending purge is accepted, and not done everywhere. */
export function purgeStatus(outcome: string): number {
  if (outcome === "applied") return 200;
  return outcome === "pending" ? 202 : 503;
}
