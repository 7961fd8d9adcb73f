import { queryPolicy } from "./query-policy.ts";
import { CompiledMatch } from "./rule-match.ts";
import { MOST_PLACES, RuleTable } from "./rule-table.ts";
import { requestActions, responseActions } from "./rule-words.ts";
import type { SiteRule } from "./site-rule.ts";

/** Makes the test of whether an address is in one of these networks. */
export type NetworkTest = (networks: readonly string[]) => (address: string) => boolean;

/** These keep something from being served or stored: a request must not slip past them by another spelling. */
const GUARDS = ["deny", "allow", "limit", "bypass", "noStore"] as const;

/** By these the origin, and so the response, comes to depend on the match. */
const SHAPES_RESPONSE = ["key", "cookies", "requestHeaders", ...responseActions] as const;

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

/** The rules of a site, in order, compiled once. */
export class RuleBook {
  readonly written: readonly SiteRule[];
  /** Empty for most sites, which then pay nothing. */
  readonly rules: readonly CompiledRule[];
  /** Whether requests may have another target by a rule. */
  readonly changesTarget: boolean;
  /** Those that may change what a request gets of the store. */
  readonly beforeKey: readonly CompiledRule[];
  /** The same, to find those that match; undefined when there are none, or too many. */
  readonly table: RuleTable | undefined;

  constructor(written: readonly SiteRule[], networks: NetworkTest) {
    this.written = written;
    const rewrites = written.some(({ rewrite }) => rewrite !== undefined);
    this.changesTarget = rewrites || written.some(({ key }) => key?.query !== undefined);
    this.rules = written.map((rule, index) => {
      const { name, match } = rule;
      const id = idOf(rule);
      const compiled = new CompiledMatch(
        match,
        GUARDS.some((action) => rule[action] !== undefined),
      );
      const isKeyed =
        !compiled.isConditional &&
        !(this.changesTarget && match.query !== undefined) &&
        !(rewrites && match.path !== undefined);
      const shapes = SHAPES_RESPONSE.some((action) => rule[action] !== undefined);
      return {
        rule,
        id,
        label: name ?? `rules[${index}]`,
        match: compiled,
        actsOnRequest: requestActions.some((action) => rule[action] !== undefined),
        actsOnResponse: responseActions.some((action) => rule[action] !== undefined),
        mark: shapes && !isKeyed ? id : undefined,
        query: rule.key?.query === undefined ? undefined : queryPolicy(rule.key.query),
        admits: admissionOf(rule, networks),
      };
    });
    this.beforeKey = this.rules.filter(({ actsOnRequest, mark }) => actsOnRequest || mark !== undefined);
    const { length } = this.beforeKey;
    this.table = length === 0 || length > MOST_PLACES ? undefined : new RuleTable(this.beforeKey);
  }
}

/** Of a site without rules. */
export const NO_RULES = new RuleBook([], () => () => false);

function admissionOf({ deny, allow }: SiteRule, networks: NetworkTest): CompiledRule["admits"] {
  if (deny === true) return () => false;
  if (deny !== undefined) {
    const isDenied = networks(deny);
    return (address) => !isDenied(address);
  }
  return allow === undefined ? undefined : networks(allow);
}

/** FNV-1a. */
function idOf(rule: SiteRule): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(JSON.stringify(rule)))
    hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(36);
}
