import type { RuleBook } from "./rule-book.ts";

/** Sites whose rules give requests other targets, all in the same way. */
export interface TargetRules {
  readonly sites: readonly string[];
  readonly book: RuleBook;
}

/** The sites of `books`, those together whose rules make the same targets: what holds in one of them is found once. */
export function alikeByTarget(books: ReadonlyMap<string, RuleBook>): readonly TargetRules[] {
  const alike = new Map<string, { readonly sites: string[]; readonly book: RuleBook }>();
  for (const [site, book] of books) {
    const made = JSON.stringify(
      book.targetRules.map(({ rule: { match, rewrite, key }, match: { reading } }) => [
        reading,
        match,
        rewrite,
        key?.query,
      ]),
    );
    const known = alike.get(made);
    if (known === undefined) alike.set(made, { sites: [site], book });
    else known.sites.push(site);
  }
  return [...alike.values()];
}
