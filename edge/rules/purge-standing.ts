/** How far a stored response may be used, as far as purges decide it. */
export type PurgeStanding =
  /** No purge covers it: it may be used while it is fresh. */
  | { readonly kind: "trusted" }
  /**
   * The edge has lost its lease, so a purge may cover it: only after validation. `servesStale`: the operator wants it to
   * be served when the origin fails too and the response itself says stale-if-error.
   */
  | { readonly kind: "lapsed"; readonly servesStale: boolean }
  | SoftPurged
  /** A purge covers it, or may cover it: it is a validator and nothing else. */
  | { readonly kind: "purged" };

/** A soft purge covers it: it is stale from then on, and used only as far as the response itself allows that. */
export interface SoftPurged {
  readonly kind: "soft-purged";
  /** Since the first soft purge that covers it was applied. */
  readonly seconds: number;
}

export const TRUSTED: PurgeStanding = { kind: "trusted" };
export const LAPSED: PurgeStanding = { kind: "lapsed", servesStale: false };
export const LAPSED_BUT_SERVING: PurgeStanding = { kind: "lapsed", servesStale: true };
export const PURGED: PurgeStanding = { kind: "purged" };

/** Whether a purge, soft or hard, covers the response. */
export function isPurged({ kind }: PurgeStanding): boolean {
  return kind === "purged" || kind === "soft-purged";
}

/**
 * Rules E2 and E7. `purged`: what purges have made of the response; a number: it is stale since then, on the clock of
 * `now`, in milliseconds.
 */
export function purgeStanding(
  purged: "purged" | number | undefined,
  now: number,
  hasLease: boolean,
  servesStale: boolean,
): PurgeStanding {
  if (purged === "purged") return PURGED;
  if (hasLease)
    return purged === undefined ? TRUSTED : { kind: "soft-purged", seconds: (now - purged) / 1_000 };
  // Rule E7: without a lease, even a soft-purged response must be validated.
  if (purged !== undefined) return PURGED;
  return servesStale ? LAPSED_BUT_SERVING : LAPSED;
}
