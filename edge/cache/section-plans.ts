import type { RequestHead } from "../../http/message/request-head.ts";
import type { CompiledRule } from "../rules/site/compiled-rule.ts";
import { plannedTarget, planRequest } from "../rules/site/plan-request.ts";
import type { FieldSection } from "./field-section.ts";

type Head = Pick<RequestHead, "method" | "path">;

/** What the rules that match make of the section. */
interface Plan {
  readonly section: FieldSection;
  /** Those that change the target. */
  readonly rules: readonly CompiledRule[];
}

// A site has few kinds of paths. One connection rarely asks for more.
const MOST_PLANS = 16;

/**
 * The rules of a site for the requests of one field section. What they make of its fields depends on the rules that match,
 * so it is derived once for each set of them. Only the path and the query are looked at for each request.
 */
export class SectionPlans {
  /** Of the last request, as the rules leave it. */
  section: FieldSection;
  request: Head | undefined;
  #asked: FieldSection;
  /** By the bits of the rules that match. "full": the full path answers. */
  readonly #plans = new Map<number, Plan | "full">();
  /** The bits of the rules of which is known whether the fields meet them, and of those that they meet. */
  #known = 0;
  #met = 0;

  constructor(section: FieldSection) {
    this.#asked = section;
    this.section = section;
  }

  /** From now on the requests have this section, of the same site. */
  change(section: FieldSection): void {
    this.#asked = section;
    this.#known = 0;
    this.#met = 0;
    if (this.#plans.size > 0) this.#plans.clear();
  }

  /** Plans a request: `section` and `request` are then what is left of it. false: the full path answers. */
  plan(request: Head): boolean {
    const { table } = this.#asked.rules.book;
    // So many rules are asked in the full path only.
    if (table === undefined) return false;
    this.section = this.#asked;
    this.request = request;
    const bits = table.matching(request.path, this.#meets);
    if (bits === 0) return true;
    const plan = this.#planOf(bits, request);
    if (plan === "full") return false;
    this.section = plan.section;
    if (plan.rules.length === 0) return true;
    const target = plannedTarget(plan.rules, request.path, true);
    if (target !== request.path) this.request = { method: request.method, path: target };
    return true;
  }

  /** GET and HEAD are the same to a rule. */
  readonly #meets = ({ match }: CompiledRule, bit: number): boolean => {
    if ((this.#known & bit) === 0) {
      this.#known |= bit;
      if (match.matchesRest(this.#asked.askedFor({ method: "GET", path: "/" }))) this.#met |= bit;
    }
    return (this.#met & bit) !== 0;
  };

  #planOf(bits: number, request: Head): Plan | "full" {
    const known = this.#plans.get(bits);
    if (known !== undefined) return known;
    const plan = this.#made(request) ?? "full";
    if (this.#plans.size < MOST_PLANS) this.#plans.set(bits, plan);
    return plan;
  }

  #made(request: Head): Plan | undefined {
    const { book } = this.#asked.rules;
    const plan = planRequest(book, this.#asked.askedFor(request));
    if (plan.kind === "answer" || plan.request.matched === undefined) return undefined;
    const { matched, fields } = plan.request;
    // They ask who the client is, or how often it has come.
    const isOpen = matched.rules.some(({ admits }) => admits !== undefined);
    if (matched.bypasses || isOpen || plan.limits.length > 0) return undefined;
    const rules = matched.rules.filter(
      ({ rule, query }) => rule.rewrite !== undefined || query !== undefined,
    );
    return { section: this.#asked.replaced(fields, matched), rules };
  }
}
