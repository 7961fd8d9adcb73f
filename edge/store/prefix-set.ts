/** Many prefixes, tested together by one binary search. */
export class PrefixSet {
  /** Sorted, and none begins with another: only the last one that sorts before a text can be its prefix. */
  readonly #prefixes: readonly string[];

  constructor(prefixes: Iterable<string>) {
    const kept: string[] = [];
    for (const prefix of [...prefixes].sort(byCodeUnits)) {
      const last = kept.at(-1);
      if (last === undefined || !prefix.startsWith(last)) kept.push(prefix);
    }
    this.#prefixes = kept;
  }

  /** Whether the text begins with a prefix of the set. */
  covers(text: string): boolean {
    let [from, to] = [0, this.#prefixes.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#prefixes[middle] ?? "") <= text) from = middle + 1;
      else to = middle;
    }
    const candidate = this.#prefixes[from - 1];
    return candidate !== undefined && text.startsWith(candidate);
  }
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
