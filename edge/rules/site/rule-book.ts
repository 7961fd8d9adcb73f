import { type CompiledRule, compiledRule, type NetworkTest } from "./compiled-rule.ts";
import { MOST_PLACES, RuleTable } from "./rule-table.ts";
import type { SiteRule } from "./site-rule.ts";

/** The rules of a site, in order, compiled once. */
export class RuleBook {
  readonly written: readonly SiteRule[];
  /** Empty for most sites, which then pay nothing. */
  readonly rules: readonly CompiledRule[];
  /** Those by which requests may have another target. */
  readonly targetRules: readonly CompiledRule[];
  readonly changesTarget: boolean;
  /** Those that may change what a request gets of the store. */
  readonly beforeKey: readonly CompiledRule[];
  /** The same, to find those that match; undefined when there are none, or too many. */
  readonly table: RuleTable | undefined;

  constructor(written: readonly SiteRule[], networks: NetworkTest) {
    this.written = written;
    const rewrites = written.some(({ rewrite }) => rewrite !== undefined);
    this.changesTarget = rewrites || written.some(({ key }) => key?.query !== undefined);
    const context = { networks, rewrites, changesTarget: this.changesTarget };
    this.rules = written.map((rule, index) => compiledRule(rule, index, context));
    this.targetRules = this.rules.filter(
      ({ rule, query }) => rule.rewrite !== undefined || query !== undefined,
    );
    this.beforeKey = this.rules.filter(({ actsOnRequest, mark }) => actsOnRequest || mark !== undefined);
    const { length } = this.beforeKey;
    this.table = length === 0 || length > MOST_PLACES ? undefined : new RuleTable(this.beforeKey);
  }
}

/** Of a site without rules. */
export const NO_RULES = new RuleBook([], () => () => false);
