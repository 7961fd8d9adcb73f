import { SeenPath } from "./path-readings.ts";
import { CompiledMatch } from "./rule-match.ts";
import type { RequestActions, ResponseActions, SiteRule } from "./site-rule.ts";

/** Makes the test of whether an address is in one of these networks. */
export type NetworkTest = (networks: readonly string[]) => (address: string) => boolean;

const REQUEST_ACTIONS = [
  "deny",
  "allow",
  "limit",
  "redirect",
  "respond",
  "bypass",
  "rewrite",
  "key",
  "cookies",
  "requestHeaders",
] as const satisfies readonly (keyof RequestActions)[];

const RESPONSE_ACTIONS = [
  "noStore",
  "ttl",
  "ttlIfMissing",
  "negativeTtl",
  "browserTtl",
  "staleWhileRevalidate",
  "staleIfError",
  "setCookie",
  "tags",
  "responseHeaders",
] as const satisfies readonly (keyof ResponseActions)[];

/** These keep something from being served or stored: a request must not slip past them by another spelling. */
const GUARDS = ["deny", "allow", "limit", "bypass", "noStore"] as const;

/** By these the origin, and so the response, comes to depend on the match. */
const SHAPES_RESPONSE = ["key", "cookies", "requestHeaders", ...RESPONSE_ACTIONS] as const;

/** A rule, made ready. */
export interface CompiledRule {
  readonly rule: SiteRule;
  /** By which operators know it. */
  readonly label: string;
  readonly match: CompiledMatch;
  readonly actsOnRequest: boolean;
  readonly actsOnResponse: boolean;
  /**
   * Of a rule that shapes the stored response, and whose match asks for what is not in the key: the mark of the responses
   * that it has shaped. undefined: all responses of a key are alike to it.
   */
  readonly mark: string | undefined;
  /** Whether an address may have what it guards. */
  readonly admits: ((address: string) => boolean) | undefined;
}

/** The rules of a site, in order, compiled once. */
export class RuleBook {
  readonly written: readonly SiteRule[];
  /** Empty for most sites, which then pay nothing. */
  readonly rules: readonly CompiledRule[];
  /** Those that may change what a request gets of the store. */
  readonly #beforeKey: readonly CompiledRule[];

  constructor(written: readonly SiteRule[], networks: NetworkTest) {
    this.written = written;
    const changesTarget = written.some(({ rewrite }) => rewrite !== undefined);
    const changesQuery = changesTarget || written.some(({ key }) => key?.query !== undefined);
    this.rules = written.map((rule, index) => {
      const { name, match } = rule;
      const compiled = new CompiledMatch(
        match,
        GUARDS.some((action) => rule[action] !== undefined),
      );
      const isKeyed =
        !compiled.isConditional &&
        !(changesQuery && match.query !== undefined) &&
        !(changesTarget && match.path !== undefined);
      const shapes = SHAPES_RESPONSE.some((action) => rule[action] !== undefined);
      return {
        rule,
        label: name ?? `rules[${index}]`,
        match: compiled,
        actsOnRequest: REQUEST_ACTIONS.some((action) => rule[action] !== undefined),
        actsOnResponse: RESPONSE_ACTIONS.some((action) => rule[action] !== undefined),
        mark: shapes && !isKeyed ? markOf(rule) : undefined,
        admits: admissionOf(rule, networks),
      };
    });
    this.#beforeKey = this.rules.filter(({ actsOnRequest, mark }) => actsOnRequest || mark !== undefined);
  }

  /** Whether a request for this target may be another one by the rules. No: the store is asked as if there were none. */
  concerns(target: string): boolean {
    if (this.#beforeKey.length === 0) return false;
    const path = new SeenPath(target);
    for (const { match } of this.#beforeKey)
      if (match.matchesPath(path) && match.matchesQuery(target)) return true;
    return false;
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

/** The same for the same rule, wherever it stands. FNV-1a. */
function markOf(rule: SiteRule): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(JSON.stringify(rule)))
    hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(36);
}
