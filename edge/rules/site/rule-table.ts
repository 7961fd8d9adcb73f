import type { CompiledRule } from "./compiled-rule.ts";
import { isPlainPath, pathOf, SeenPath } from "./path-readings.ts";

// A path begins with "/". By the char behind it most rules are told apart, in ASCII.
const LETTERS = 128;
// Places are the bits of a number.
export const MOST_PLACES = 30;

/** A rule, and its bit among the rules of its table. */
interface Placed {
  readonly rule: CompiledRule;
  readonly bit: number;
}

/** Finds the rules that match a path and a query, at a cost that most requests do not notice. */
export class RuleTable {
  readonly #all: readonly Placed[];
  /** By the char behind the first "/": the rules that may match such a path. */
  readonly #byLetter: readonly (readonly Placed[])[];

  /** `rules`: MOST_PLACES at most. */
  constructor(rules: readonly CompiledRule[]) {
    this.#all = rules.map((rule, place) => ({ rule, bit: 1 << place }));
    this.#byLetter = Array.from({ length: LETTERS }, (_, code) =>
      this.#all.filter(({ rule }) => rule.match.mayBegin(String.fromCharCode(code))),
    );
  }

  /** The bits of the rules that match, if `meets` says of each that the rest of the request meets it too. */
  matching(target: string, meets: (rule: CompiledRule, bit: number) => boolean): number {
    const path = pathOf(target);
    if (!isPlainPath(path)) return this.#slowly(target, meets);
    const candidates = this.#byLetter[path.length < 2 ? 0 : path.charCodeAt(1)] ?? this.#all;
    let bits = 0;
    for (let index = 0; index < candidates.length; index += 1) {
      const placed = candidates[index];
      if (placed === undefined) continue;
      const { rule, bit } = placed;
      if (rule.match.matchesPlainPath(path) && rule.match.matchesQuery(target) && meets(rule, bit))
        bits |= bit;
    }
    return bits;
  }

  #slowly(target: string, meets: (rule: CompiledRule, bit: number) => boolean): number {
    const path = new SeenPath(target);
    let bits = 0;
    for (const { rule, bit } of this.#all)
      if (rule.match.matchesPath(path) && rule.match.matchesQuery(target) && meets(rule, bit)) bits |= bit;
    return bits;
  }
}
