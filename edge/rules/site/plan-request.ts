/**
 * What the rules of a site make of a request, before its key is made.
 *
 * They may answer it at once, or replace it. Everything behind this place sees the replaced request only: the key, the
 * store, the origin, and what an unsafe request invalidates. So what a rule leaves out of the key cannot reach the origin,
 * and no client can choose by it what others get.
 *
 * A rule that matches by something that is not in the key, such as a header field, marks the responses that it shapes
 * (`mark`). A marked response answers only requests that the same rules match.
 */
import type { Fields } from "../../../http/message/fields.ts";
import type { CompiledRule } from "./compiled-rule.ts";
import { changedFields } from "./field-changes.ts";
import { isAuthorization, type MatchedRules, matchedRules } from "./matched-rules.ts";
import { acceptedFormat, deviceClass, namedCookies, wantedLanguage } from "./normal-forms.ts";
import { SeenPath } from "./path-readings.ts";
import type { RuleBook } from "./rule-book.ts";
import type { MatchedRequest } from "./rule-match.ts";
import type { FieldChanges, FixedAnswer } from "./site-rule.ts";
import { filledTemplate, restOf } from "./target-template.ts";

export interface PlannableRequest extends MatchedRequest {
  /** Whom it comes from (client-address.ts). */
  readonly client?: string | undefined;
  readonly matched?: MatchedRules;
}

/** `limits`: the rules that count the request, in order. */
export type RequestPlan<R> = { readonly limits: readonly CompiledRule[] } & (
  | { readonly kind: "go"; readonly request: R }
  | { readonly kind: "answer"; readonly by: CompiledRule; readonly answer: RuleAnswer }
);

const NO_LIMITS: readonly CompiledRule[] = [];

/** An answer that a rule gives by itself. */
export type RuleAnswer =
  | { readonly kind: "deny" }
  | { readonly kind: "redirect"; readonly status: number; readonly location: string }
  | { readonly kind: "respond"; readonly answer: FixedAnswer };

export function planRequest<R extends PlannableRequest>(book: RuleBook, request: R): RequestPlan<R> {
  if (book.rules.length === 0) return { kind: "go", request, limits: NO_LIMITS };
  const path = new SeenPath(request.target);
  const rules: CompiledRule[] = [];
  for (const rule of book.rules) {
    if (!rule.match.matchesRequest(request, path)) continue;
    const answer = answerOf(rule, request);
    if (answer !== undefined) return { kind: "answer", by: rule, answer, limits: limitsOf(rules) };
    rules.push(rule);
  }
  if (rules.length === 0) return { kind: "go", request, limits: NO_LIMITS };
  const matched = matchedRules(rules, request.method);
  const target = plannedTarget(rules, request.target, matched.isKeyed);
  const planned = { ...request, target, fields: fieldsOf(request, matched), matched };
  return { kind: "go", request: planned, limits: limitsOf(rules) };
}

function limitsOf(rules: readonly CompiledRule[]): readonly CompiledRule[] {
  return rules.filter(({ rule }) => rule.limit !== undefined);
}

function answerOf({ rule, admits }: CompiledRule, request: PlannableRequest): RuleAnswer | undefined {
  // A request of no known client is of nobody who is allowed.
  if (admits !== undefined && !admits(request.client ?? "")) return { kind: "deny" };
  if (rule.respond !== undefined) return { kind: "respond", answer: rule.respond };
  if (rule.redirect === undefined) return undefined;
  const { to, status } = rule.redirect;
  const { target, authority: host = "" } = request;
  const rest = restOf(rule.match.path ?? [], target);
  return { kind: "redirect", status, location: filledTemplate(to, { target, host, rest }) };
}

/** The target that the key and the origin have. Only what may be shared has its query changed: a form keeps its own. */
export function plannedTarget(rules: readonly CompiledRule[], asked: string, isKeyed: boolean): string {
  const rewriting = rules.find(({ rule }) => rule.rewrite !== undefined)?.rule;
  const { rewrite, match } = rewriting ?? {};
  const target =
    rewrite === undefined
      ? asked
      : filledTemplate(rewrite, { target: asked, host: "", rest: restOf(match?.path ?? [], asked) });
  const query = isKeyed ? rules.find((rule) => rule.query !== undefined)?.query : undefined;
  return query === undefined ? target : query(target);
}

function fieldsOf({ fields }: MatchedRequest, { rules, isKeyed }: MatchedRules): Fields {
  const changes = rules.flatMap(({ rule }) => rule.requestHeaders ?? []).map(withoutAuthorization);
  return changes.reduce(changedFields, isKeyed ? normalFields(fields, rules) : fields);
}

function withoutAuthorization({ set = {}, remove }: FieldChanges): FieldChanges {
  return { remove, set: Object.fromEntries(Object.entries(set).filter(([name]) => !isAuthorization(name))) };
}

/** Of a request whose answer may be shared, so that a form or a log-in keeps its cookies. */
function normalFields(fields: Fields, rules: readonly CompiledRule[]): Fields {
  const keys = rules.flatMap(({ rule }) => rule.key ?? []);
  const language = keys.find((key) => key.language !== undefined)?.language;
  const formats = keys.find((key) => key.accept !== undefined)?.accept;
  let normal = withCookies(fields, rules);
  if (keys.some(({ device }) => device === true)) normal = deviceClass(normal);
  if (language !== undefined) normal = wantedLanguage(normal, language);
  if (formats !== undefined) normal = acceptedFormat(normal, formats);
  return normal;
}

/** The cookies that are in the key are all that the origin gets. */
function withCookies(fields: Fields, rules: readonly CompiledRule[]): Fields {
  const inKey = rules.flatMap(({ rule }) => rule.key?.cookies ?? []);
  if (inKey.length > 0) return namedCookies(fields, [...new Set(inKey)]);
  const policy = rules.find(({ rule }) => rule.cookies !== undefined)?.rule.cookies;
  if (policy === undefined || policy === "keep") return fields;
  return policy === "drop" ? fields.without(["Cookie"]) : namedCookies(fields, policy);
}
