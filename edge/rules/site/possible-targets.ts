import type { CompiledRule } from "./compiled-rule.ts";
import { pathOf, SeenPath } from "./path-readings.ts";
import type { RuleBook } from "./rule-book.ts";
import { filledTemplate, restOf } from "./target-template.ts";

// Each policy walks through the whole query: 5 ms for so many characters. Clients choose the length of a query.
const MOST_READ = 100_000;

/** A target with its path, whose readings serve many books. */
export interface SeenTarget {
  readonly target: string;
  readonly seen: SeenPath;
}

export function seenTarget(target: string): SeenTarget {
  return { target, seen: new SeenPath(target) };
}

/**
 * The targets that requests for this one may have by the rules, and the target itself: what a purge or an invalidation of
 * it covers. A condition that the target alone does not decide may hold or not. Without a query the target stands for
 * every query at its path. Undefined when they may be more than `most`, or take long to make; then none is made.
 */
export function possibleTargets(
  book: RuleBook,
  { target, seen }: SeenTarget,
  most: number,
): readonly string[] | undefined {
  if (!book.changesTarget) return [target];
  const atPath = book.targetRules.filter(({ match }) => match.matchesPath(seen));
  if (atPath.length === 0) return [target];
  const anyQuery = !target.includes("?");
  const concerned = anyQuery ? atPath : atPath.filter(({ match }) => match.matchesQuery(target));
  const isSure = ({ match }: CompiledRule) => !match.isConditional && !(anyQuery && match.asksForQuery);
  const rewrites = possible(
    concerned.filter(({ rule }) => rule.rewrite !== undefined),
    isSure,
  );
  const queries = possible(
    concerned.filter(({ query }) => query !== undefined),
    isSure,
  );
  const path = pathOf(target);
  const query = target.slice(path.length);
  // All policies leave the same of no query.
  const ways = rewrites.length * (query === "" ? 1 : queries.length);
  if (ways > most || queries.length * query.length > MOST_READ) return undefined;
  // A rewrite leaves the query alone, so each policy is asked once.
  const paths = new Set(rewrites.map((by) => rewrittenPath(by, path)));
  const queriesLeft = new Set(queries.map((by) => by?.query?.(`/${query}`).slice(1) ?? query));
  const targets = new Set([target]);
  for (const rewritten of paths) for (const left of queriesLeft) targets.add(rewritten + left);
  return [...targets];
}

/** The paths of all of them, whatever their queries are: never more than the site has rules, and one. */
export function possiblePaths(book: RuleBook, target: string): readonly string[] {
  const path = pathOf(target);
  return possibleTargets(book, seenTarget(path), Number.POSITIVE_INFINITY) ?? [path];
}

function rewrittenPath(by: CompiledRule | undefined, path: string): string {
  const { rewrite, match } = by?.rule ?? {};
  if (rewrite === undefined) return path;
  return filledTemplate(rewrite, { target: path, host: "", rest: restOf(match?.path ?? [], path) });
}

/** The rules of which one may be the first that holds; undefined: that none does. */
function possible(
  rules: readonly CompiledRule[],
  isSure: (rule: CompiledRule) => boolean,
): readonly (CompiledRule | undefined)[] {
  const sure = rules.findIndex(isSure);
  return sure === -1 ? [...rules, undefined] : rules.slice(0, sure + 1);
}
