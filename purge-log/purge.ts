/** What one purge names. `site` undefined means every site. */
export type PurgeTarget =
  /** `target` is a path with optional query: `/a?b=1` is exactly that, `/a` is `/a` with every query. */
  | { readonly kind: "url"; readonly target: string; readonly site?: string }
  | { readonly kind: "prefix"; readonly prefix: string; readonly site?: string }
  | { readonly kind: "tag"; readonly tag: string; readonly site?: string }
  | { readonly kind: "everything"; readonly site?: string };

/** One purge as it stands in the log. */
export interface Purge {
  readonly purgeId: string;
  readonly targets: readonly PurgeTarget[];
  /** true keeps what matches as validators; false drops it. */
  readonly soft: boolean;
  /** Who asked, for the audit line: the edge that took the call and the caller's address. */
  readonly by: string;
}
