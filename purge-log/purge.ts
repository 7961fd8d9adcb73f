/** One target of a purge. `site` undefined means every site. */
export type PurgeTarget =
  /** `target` is a path with optional query: `/a?b=1` is exactly that, `/a` is `/a` with every query. */
  | { readonly kind: "url"; readonly target: string; readonly site?: string }
  | { readonly kind: "prefix"; readonly prefix: string; readonly site?: string }
  | { readonly kind: "tag"; readonly tag: string; readonly site?: string }
  | { readonly kind: "everything"; readonly site?: string };

/** Targets of one purge. It is one entry of the log and takes effect at one moment: this bounds how long that takes. */
export const MOST_TARGETS = 1_000;

/** Characters of a URL or prefix. A longer request is refused on the data port, so nothing is stored for it. */
export const MOST_URL = 8_192;

/** Characters of a tag. */
export const MOST_TAG = 256;

/** Characters of a purge_id that a caller chooses. */
export const MOST_PURGE_ID = 64;

/** The largest `pace` of a purge: an edge asks its origin for no more in a second on its own account. */
export const MOST_PACE = 1_000;

// Shorter is no second purge, and an origin that takes longer is not behind but broken.
export const LEAST_REBOUND_MS = 100;
export const MOST_REBOUND_MS = 300_000;

/** One purge as it stands in the log. */
export interface Purge {
  readonly purgeId: string;
  readonly targets: readonly PurgeTarget[];
  /** true makes what matches stale; false drops it. */
  readonly soft: boolean;
  /**
   * Of a soft purge: every edge asks its origin again for what is covered, at most so many requests a second, 1 to
   * MOST_PACE. Absent: nothing is asked for before a client wants it.
   */
  readonly pace?: number;
  /**
   * The same is to be purged once more, so many milliseconds later: LEAST_REBOUND_MS to MOST_REBOUND_MS. It stands in
   * the entry, so that every edge knows of it and one of them is there to do it.
   */
  readonly reboundMs?: number;
  /**
   * Where a target names a site: the digest of the sites of the edge that took the call. An edge with another digest
   * may have the same name for other hosts.
   */
  readonly sites?: string;
  /** The requester, for the audit line: the edge that took the call and the address of the caller. */
  readonly by: string;
}

/** For an entry that cannot be read: it may name anything. */
export function purgeOfEverything(by: string): Purge {
  return { purgeId: "", targets: [{ kind: "everything" }], soft: false, by };
}
