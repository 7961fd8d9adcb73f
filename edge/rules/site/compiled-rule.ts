import { queryPolicy } from "./query-policy.ts";
import { CompiledMatch, type PathReading } from "./rule-match.ts";
import { guards, requestActions, responseActions } from "./rule-words.ts";
import type { SiteRule } from "./site-rule.ts";

/** Makes the test of whether an address is in one of these networks. */
export type NetworkTest = (networks: readonly string[]) => (address: string) => boolean;

/** By these the origin, and so the response, comes to depend on the match. */
const SHAPES_RESPONSE = [
  "key",
  "cookies",
  "origin",
  "requestHeaders",
  "compress",
  "dictionary",
  ...responseActions,
] as const;

/** A rule, made ready. */
export interface CompiledRule {
  readonly rule: SiteRule;
  /** By which operators know it. */
  readonly label: string;
  /** The same for the same rule, wherever it stands. */
  readonly id: string;
  readonly match: CompiledMatch;
  readonly actsOnRequest: boolean;
  readonly actsOnResponse: boolean;
  /**
   * Of a rule that shapes the stored response, and whose match asks for what is not in the key: the mark of the responses
   * that it has shaped. undefined: all responses of a key are alike to it.
   */
  readonly mark: string | undefined;
  /** Makes the target with the query that the rule leaves of it. */
  readonly query: ((target: string) => string) | undefined;
  /** Whether an address may have what it guards. */
  readonly admits: ((address: string) => boolean) | undefined;
}

/** What the rules of a site do together. */
export interface RuleContext {
  readonly networks: NetworkTest;
  readonly rewrites: boolean;
  readonly changesTarget: boolean;
}

export function compiledRule(
  rule: SiteRule,
  index: number,
  { networks, rewrites, changesTarget }: RuleContext,
): CompiledRule {
  const { name, match } = rule;
  const id = idOf(rule);
  const compiled = new CompiledMatch(match, readingOf(rule));
  const isKeyed =
    !compiled.isConditional &&
    !(changesTarget && match.query !== undefined) &&
    !(rewrites && match.path !== undefined);
  const isLate = match.status !== undefined || match.type !== undefined;
  const shapes = SHAPES_RESPONSE.some((action) => rule[action] !== undefined);
  return {
    rule,
    id,
    label: name ?? `rules[${index}]`,
    match: compiled,
    actsOnRequest: !isLate && requestActions.some((action) => rule[action] !== undefined),
    actsOnResponse:
      rule.compress !== undefined ||
      rule.dictionary !== undefined ||
      responseActions.some((action) => rule[action] !== undefined),
    mark: shapes && !isKeyed ? id : undefined,
    query: rule.key?.query === undefined ? undefined : queryPolicy(rule.key.query),
    admits: admissionOf(rule, networks),
  };
}

/** No spelling of a path may get past a guard, and none may lift one for another path. */
function readingOf(rule: SiteRule): PathReading {
  if (guards.some((action) => rule[action] === false)) return "every";
  return guards.some((action) => rule[action] !== undefined) ? "any" : "normal";
}

function admissionOf({ deny, allow }: SiteRule, networks: NetworkTest): CompiledRule["admits"] {
  if (deny === true) return () => false;
  if (deny !== undefined) {
    const isDenied = networks(deny);
    return (address) => !isDenied(address);
  }
  return allow === undefined ? undefined : networks(allow);
}

/** 64 bits, so that no two rules of a site are taken for one. */
function idOf(rule: SiteRule): string {
  const bytes = new TextEncoder().encode(JSON.stringify(rule));
  return hashOf(bytes, 0x811c9dc5) + hashOf(bytes, 0x2545f491);
}

/** FNV-1a. */
function hashOf(bytes: Uint8Array, seed: number): string {
  let hash = seed;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(36);
}
