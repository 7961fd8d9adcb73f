import type { RequestHead } from "../../http/message/request-head.ts";
import { SeenPath } from "../rules/site/path-readings.ts";
import { plannedTarget, planRequest } from "../rules/site/plan-request.ts";
import type { CompiledRule } from "../rules/site/rule-book.ts";
import type { FieldSection } from "./field-section.ts";

/** A request of a section, as the rules of its site leave it. */
export interface PlannedHead {
  readonly section: FieldSection;
  readonly request: Pick<RequestHead, "method" | "path">;
}

/** What the rules that match make of the section. */
interface Plan {
  readonly section: FieldSection;
  readonly rules: readonly CompiledRule[];
}

// A site has few kinds of paths. One connection rarely asks for more.
const MOST_PLANS = 16;

/**
 * The rules of a site for the requests of one field section. What they make of its fields depends on the rules that match,
 * so it is derived once for each set of them. Only the path and the query are looked at for each request.
 */
export class SectionPlans {
  readonly #section: FieldSection;
  /** By the places of the rules that match. `undefined`: the full path answers. */
  readonly #plans = new Map<string, Plan | undefined>();
  /** Whether the fields meet the conditions of a rule, by its place. */
  readonly #met: (boolean | undefined)[] = [];

  constructor(section: FieldSection) {
    this.#section = section;
  }

  /** undefined: the full path answers. */
  of(request: Pick<RequestHead, "method" | "path">): PlannedHead | undefined {
    const section = this.#section;
    const { beforeKey } = section.rules.book;
    if (beforeKey.length === 0) return { section, request };
    const path = new SeenPath(request.path);
    let places = "";
    for (const [place, rule] of beforeKey.entries()) {
      const { match } = rule;
      if (match.matchesPath(path) && match.matchesQuery(request.path) && this.#meets(rule, place))
        places += `${place} `;
    }
    if (places === "") return { section, request };
    const plan = this.#planOf(places, request);
    if (plan === undefined) return undefined;
    const target = plannedTarget(plan.rules, request.path);
    const replaced = target === request.path ? request : { method: request.method, path: target };
    return { section: plan.section, request: replaced };
  }

  /** GET and HEAD are the same to a rule. */
  #meets({ match }: CompiledRule, place: number): boolean {
    const known = this.#met[place];
    if (known !== undefined) return known;
    const met = match.matchesRest(this.#section.askedFor({ method: "GET", path: "/" }));
    this.#met[place] = met;
    return met;
  }

  #planOf(places: string, request: Pick<RequestHead, "method" | "path">): Plan | undefined {
    if (this.#plans.has(places)) return this.#plans.get(places);
    const plan = this.#made(request);
    if (this.#plans.size < MOST_PLANS) this.#plans.set(places, plan);
    return plan;
  }

  #made(request: Pick<RequestHead, "method" | "path">): Plan | undefined {
    const { book } = this.#section.rules;
    const plan = planRequest(book, this.#section.askedFor(request));
    if (plan.kind === "answer" || plan.request.matched === undefined) return undefined;
    const { matched, fields } = plan.request;
    // They ask who the client is, or how often it has come.
    const isOpen = matched.rules.some(({ admits }) => admits !== undefined);
    if (matched.bypasses || isOpen) return undefined;
    return { section: this.#section.replaced(fields, matched), rules: matched.rules };
  }
}
