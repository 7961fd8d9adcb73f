import { createHash } from "node:crypto";
import type { Purge, PurgeTarget } from "./purge.ts";

// 128 bits: no two purges of one log meet by chance.
const HEX_DIGITS = 32;

/**
 * What a purge_id stands for (rule P2): the targets in any order, and how they are purged. The caller is no part of it,
 * so that a retry may go to another edge.
 */
export function purgeDigest({ targets, soft, pace, reboundMs }: Purge): string {
  const meant = targets.map(nameOf).sort();
  const text = JSON.stringify([meant, soft, pace ?? 0, reboundMs ?? 0]);
  return createHash("sha256").update(text).digest("hex").slice(0, HEX_DIGITS);
}

/** Why a purge is refused whose id stands for another one. */
export const ANOTHER_PURGE = "its id stands for another purge, with other targets, soft, pace or rebound";

function nameOf(target: PurgeTarget): string {
  const { kind, site } = target;
  switch (kind) {
    case "url":
      return JSON.stringify([kind, site ?? null, target.target]);
    case "prefix":
      return JSON.stringify([kind, site ?? null, target.prefix]);
    case "tag":
      return JSON.stringify([kind, site ?? null, target.tag]);
    case "everything":
      return JSON.stringify([kind, site ?? null]);
  }
}
