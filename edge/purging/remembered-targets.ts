import { comparePositions, type Position } from "../../purge-log/position.ts";
import type { Located, NamedTarget } from "./named-target.ts";
import { PrefixTree } from "./prefix-tree.ts";

// A number and a reference in a map, with the room that the map keeps free. Measured on a heap of 1,000,000.
const ENTRY_BYTES = 48;
// A scope with its maps.
const SCOPE_BYTES = 1_500;

/** The targets named for one site, or for every site, each with the last position that named it. */
class Scope {
  readonly paths = new Map<number, Position>();
  readonly queries = new Map<number, Position>();
  /** Paths with a named query. */
  readonly queriedPaths = new Map<number, Position>();
  readonly tags = new Map<number, Position>();
  readonly prefixes = new PrefixTree<Position>();
  anyTag: Position | undefined;
  everything: Position | undefined;

  get bytes(): number {
    const { paths, queries, queriedPaths, tags, prefixes } = this;
    const entries = paths.size + queries.size + queriedPaths.size + tags.size;
    return SCOPE_BYTES + entries * ENTRY_BYTES + prefixes.bytes;
  }

  add(target: NamedTarget, at: Position): void {
    switch (target.kind) {
      case "path":
        this.paths.set(target.path, at);
        break;
      case "query":
        this.queries.set(target.target, at);
        this.queriedPaths.set(target.path, at);
        break;
      case "prefix":
        for (const prefix of target.prefixes) this.prefixes.set(prefix, at);
        break;
      case "tag":
        this.tags.set(target.tag, at);
        this.anyTag = at;
        break;
      case "everything":
        this.everything = at;
    }
  }

  *positionsOf(response: Located): Generator<Position | undefined> {
    yield this.everything;
    yield this.paths.get(response.path);
    // A response that answers other queries may also answer the named query.
    yield response.standsForOthers ? this.queriedPaths.get(response.path) : this.queries.get(response.target);
    if (response.tags === "unknown") yield this.anyTag;
    else for (const tag of response.tags) yield this.tags.get(tag);
    for (const spelling of response.spellings) yield* this.prefixes.of(spelling);
  }
}

/**
 * What purges have named, and where each target was named last. A lookup takes a few steps, and one more for each tag of
 * the response and each remembered prefix of its target, however much is remembered.
 */
export class RememberedTargets {
  readonly #scopes = new Map<string | undefined, Scope>();
  #bytes = 0;

  /** Approximate size in memory, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** `at`: no earlier than those before. */
  add(targets: readonly NamedTarget[], at: Position): void {
    for (const target of targets) {
      const known = this.#scopes.get(target.site);
      const scope = known ?? new Scope();
      const before = known?.bytes ?? 0;
      scope.add(target, at);
      this.#bytes += scope.bytes - before;
      if (known === undefined) this.#scopes.set(target.site, scope);
    }
  }

  /** Whether a purge after `since` named a target that covers the response, or may cover it. */
  covers(response: Located, since: Position): boolean {
    for (const site of [undefined, response.site]) {
      for (const at of this.#scopes.get(site)?.positionsOf(response) ?? []) {
        if (at !== undefined && comparePositions(at, since) > 0) return true;
      }
    }
    return false;
  }
}
