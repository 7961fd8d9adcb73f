import { hashOf } from "../../process/text-hash.ts";
import type { WorkSlice } from "../../process/work-slice.ts";
import type { PurgeTarget } from "../../purge-log/purge.ts";
import { normalPrefix, normalTarget } from "../rules/uri-equivalence.ts";
import { type Purgeable, pathOf } from "../store/purge-match.ts";

/** A target as it is looked up: its texts are hashed, so that each takes the same room however long it is. */
export type NamedTarget =
  | { readonly kind: "path"; readonly site: string | undefined; readonly path: number }
  /** One query at a path. */
  | {
      readonly kind: "query";
      readonly site: string | undefined;
      readonly path: number;
      readonly target: number;
    }
  | {
      readonly kind: "prefix";
      readonly site: string | undefined;
      /** As named, and in its normal form. */
      readonly prefixes: readonly string[];
    }
  | { readonly kind: "tag"; readonly site: string | undefined; readonly tag: number }
  | { readonly kind: "everything"; readonly site: string | undefined };

export function named(target: PurgeTarget): NamedTarget {
  const { site } = target;
  switch (target.kind) {
    case "url": {
      const path = numberOf(pathOf(target.target));
      if (!target.target.includes("?")) return { kind: "path", site, path };
      return { kind: "query", site, path, target: numberOf(normalTarget(target.target)) };
    }
    case "prefix":
      return { kind: "prefix", site, prefixes: [target.prefix, normalPrefix(target.prefix)] };
    case "tag":
      return { kind: "tag", site, tag: numberOf(target.tag) };
    case "everything":
      return { kind: "everything", site };
  }
}

/** In slices: a thousand long targets take longer than a request should wait. */
export async function allNamed(
  targets: readonly PurgeTarget[],
  slice: WorkSlice,
): Promise<readonly NamedTarget[]> {
  const all: NamedTarget[] = [];
  for (const target of targets) {
    if (slice.isOver()) await slice.pause();
    all.push(named(target));
  }
  return all;
}

/** A response as it is looked up. */
export interface Located {
  readonly site: string;
  readonly path: number;
  readonly target: number;
  /** As sent, and in its normal form. */
  readonly spellings: readonly string[];
  readonly tags: readonly number[] | "unknown";
  /** Whether the response also answers other queries at its path, or may do so. */
  readonly standsForOthers: boolean;
}

export function located({ site, target, tags, variance }: Purgeable): Located {
  const normal = normalTarget(target);
  return {
    site,
    path: numberOf(pathOf(target)),
    target: numberOf(normal),
    spellings: normal === target ? [target] : [target, normal],
    tags: tags === "unknown" ? "unknown" : tags.map(numberOf),
    standsForOthers: variance !== undefined,
  };
}

/**
 * A whole number that the engine keeps without an object. Two different texts share it once in 4,000 million times. Such
 * a false match costs a fill that is not shared or stored, or a stale answer that is not given. It never gives a client
 * an old response.
 */
function numberOf(text: string): number {
  return hashOf(text, 0);
}
