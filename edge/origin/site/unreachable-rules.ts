import type { RuleMatch, SiteRule } from "../../rules/site/site-rule.ts";

/**
 * Rules that no request can reach: an earlier rule answers everything that they match. It finds the simple cases, and no
 * case that is none.
 */
export function unreachableRules(
  rules: readonly SiteRule[],
): readonly { readonly at: number; readonly message: string }[] {
  const found: { at: number; message: string }[] = [];
  for (const [at, { match }] of rules.entries()) {
    const earlier = rules.findIndex(
      (rule, index) => index < at && isFinal(rule) && covers(rule.match, match),
    );
    if (earlier === -1) continue;
    const label = rules[earlier]?.name ?? `rules[${earlier}]`;
    found.push({ at, message: `must be reachable: ${label} answers all that it matches` });
  }
  return found;
}

function isFinal({ deny, redirect, respond }: SiteRule): boolean {
  return deny === true || redirect !== undefined || respond !== undefined;
}

/** Whether a request that matches `narrow` surely matches `wide`. */
function covers(wide: RuleMatch, narrow: RuleMatch): boolean {
  const same = (["host", "method", "query", "header", "cookie", "status", "type"] as const).every(
    (part) => wide[part] === undefined || JSON.stringify(wide[part]) === JSON.stringify(narrow[part]),
  );
  const { path } = wide;
  if (!same || path === undefined) return same;
  return narrow.path?.every((each) => path.some((pattern) => coversPath(pattern, each))) ?? false;
}

function coversPath(wide: string, narrow: string): boolean {
  if (wide === narrow) return true;
  // Dot segments are resolved later.
  if (narrow.includes("/.")) return false;
  // Stars before the last segment could stand for other texts.
  const begin = wide.slice(0, -3);
  if (!wide.endsWith("/**") || begin.includes("*")) return false;
  return narrow === begin || narrow.startsWith(`${begin}/`);
}
