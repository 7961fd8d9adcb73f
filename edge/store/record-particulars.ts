import type { SearchVariance } from "../rules/no-vary-search.ts";
import type { StoredResponse } from "./stored-response.ts";

/** What a few stored responses have of their own, and most have not at all. */
export type Particulars = Pick<StoredResponse, "base" | "selecting" | "variance">;

/** As JSON, without names. */
type Written = readonly [
  base: string | null,
  selecting: readonly (readonly [string, string | null])[],
  variance?: readonly [onlyThese: boolean, ordered: boolean, keys: readonly string[]],
];

const NOTHING: Particulars = { selecting: new Map(), variance: undefined };

/** "" where there is nothing to say. */
export function particularsText({ base, selecting, variance }: Particulars): string {
  if (selecting.size === 0 && variance === undefined) return base === undefined ? "" : ofBase(base);
  const selected = Array.from(selecting, ([name, value]) => [name, value ?? null] as const);
  const written: Written =
    variance === undefined
      ? [base ?? null, selected]
      : [base ?? null, selected, [variance.onlyThese, variance.ordered, [...variance.keys]]];
  return JSON.stringify(written);
}

/** The last one that was written: most responses of an edge have the same base and nothing else. */
let last: { readonly base: string; readonly text: string } | undefined;

function ofBase(base: string): string {
  if (last?.base === base) return last.text;
  const written: Written = [base, []];
  last = { base, text: JSON.stringify(written) };
  return last.text;
}

// Most have a few values, such as those of Accept-Encoding. A text that is not among those seen lately is parsed again.
const MOST_KNOWN = 1_024;
// A longer one is rarely seen twice.
const LONGEST_KNOWN = 256;

/** Reads what `particularsText` has written. Equal texts mostly give the same object. */
export class KnownParticulars {
  readonly #known = new Map<string, Particulars>();

  of(text: string): Particulars {
    if (text === "") return NOTHING;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const particulars = particularsOf(JSON.parse(text));
    if (text.length > LONGEST_KNOWN) return particulars;
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(text, particulars);
    return particulars;
  }
}

function particularsOf([base, selecting, variance]: Written): Particulars {
  return {
    ...(base === null ? {} : { base }),
    selecting: new Map(selecting.map(([name, value]) => [name, value ?? undefined])),
    variance: variance === undefined ? undefined : varianceOf(variance),
  };
}

function varianceOf([onlyThese, ordered, keys]: NonNullable<Written[2]>): SearchVariance {
  return { onlyThese, keys: new Set(keys), ordered };
}
