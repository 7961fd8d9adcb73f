import type { Fields } from "../../../http/message/fields.ts";

type Pair = readonly [name: string, value: string];

/** Names and values of one request. A name may have several values. */
export class Pairs {
  readonly #pairs: readonly Pair[];
  #byName: ReadonlyMap<string, readonly string[]> | undefined;
  #byLowerName: ReadonlyMap<string, readonly string[]> | undefined;

  constructor(pairs: readonly Pair[]) {
    this.#pairs = pairs;
  }

  /** The values of each name. A request may have thousands of pairs and a site hundreds of rules, so names are looked up. */
  byName(anyCase: boolean): ReadonlyMap<string, readonly string[]> {
    if (anyCase) {
      this.#byLowerName ??= grouped(this.#pairs.map(([name, value]) => [name.toLowerCase(), value]));
      return this.#byLowerName;
    }
    this.#byName ??= grouped(this.#pairs);
    return this.#byName;
  }
}

/** Each value of a name once. */
function grouped(pairs: readonly Pair[]): ReadonlyMap<string, readonly string[]> {
  const sets = new Map<string, Set<string>>();
  for (const [name, value] of pairs) {
    const values = sets.get(name);
    if (values === undefined) sets.set(name, new Set([value]));
    else values.add(value);
  }
  return new Map([...sets].map(([name, values]) => [name, [...values]]));
}

const NONE = new Pairs([]);
let lastTarget = "";
let lastParameters = NONE;

/** The parameters of a query, decoded. All rules ask for those of one target, so the last ones are kept. */
export function parametersOf(target: string): Pairs {
  const at = target.indexOf("?");
  if (at === -1) return NONE;
  if (target !== lastTarget) {
    lastParameters = new Pairs([...new URLSearchParams(`&${target.slice(at + 1)}`)]);
    lastTarget = target;
  }
  return lastParameters;
}

/** The cookies of a request, as they stand in it (RFC 6265 section 5.4). */
export function cookiesOf(fields: Fields): readonly Pair[] {
  return fields
    .all("Cookie")
    .flatMap((line) => line.split(";"))
    .map((pair) => {
      const at = pair.indexOf("=");
      return at === -1
        ? (["", pair.trim()] as const)
        : ([pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const);
    })
    .filter(([name, value]) => name !== "" || value !== "");
}

const known = new WeakMap<Fields, Pairs>();

/** The same for many rules: the cookies of one field section are taken apart once. */
export function cookiePairsOf(fields: Fields): Pairs {
  const before = known.get(fields);
  if (before !== undefined) return before;
  const pairs = new Pairs(cookiesOf(fields));
  known.set(fields, pairs);
  return pairs;
}
