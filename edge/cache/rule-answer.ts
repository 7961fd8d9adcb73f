import { Fields } from "../../http/message/fields.ts";
import { cacheKey } from "../rules/cache-key.ts";
import type { CompiledRule } from "../rules/site/compiled-rule.ts";
import type { RuleAnswer } from "../rules/site/plan-request.ts";
import type { RateLimit } from "../rules/site/site-rule.ts";
import { type Served, textContent } from "./answer.ts";
import type { CacheContext } from "./context.ts";
import { errorAnswer } from "./error-answer.ts";
import type { FillRequest } from "./fill-request.ts";
import type { CacheOutcome } from "./outcome.ts";
import type { Excess } from "./rate-limits.ts";

/** How such an answer is told and counted. */
export function ruleOutcome({ kind }: RuleAnswer): Extract<CacheOutcome, { kind: "error" | "bypass" }> {
  return { kind: kind === "deny" ? "error" : "bypass", fwd: "bypass", detail: `rule-${kind}` };
}

/** The answer that a rule of the site gives to a request, which neither the store nor the origin is asked for. */
export function ruleAnswer(
  by: CompiledRule,
  answer: RuleAnswer,
  edge: Pick<CacheContext, "id" | "log">,
): Served {
  return { ...answerOf(by, answer, edge), rules: [by.label] };
}

function answerOf(by: CompiledRule, answer: RuleAnswer, edge: Pick<CacheContext, "id" | "log">): Served {
  const outcome = ruleOutcome(answer);
  switch (answer.kind) {
    case "deny":
      return errorAnswer(403, { fwd: "bypass", detail: outcome.detail ?? "" }, edge, `rule ${by.label}`);
    case "redirect": {
      const { status, location } = answer;
      return { status, fields: Fields.of([["Location", location]]), content: textContent(""), outcome };
    }
    case "respond": {
      const { status, body, type } = answer.answer;
      const fields = Fields.of([
        ["Content-Type", type],
        ["Cache-Control", "no-store"],
      ]);
      return { status, fields, content: textContent(body), outcome };
    }
  }
}

/** 429 for a request that comes sooner than one of the rules allows (RFC 6585 section 4); undefined: it may go on. */
export function limitedAnswer(
  limits: readonly CompiledRule[],
  request: FillRequest,
  edge: Pick<CacheContext, "id" | "log" | "clock" | "rateLimits" | "counters">,
): Served | undefined {
  const now = edge.clock.monotonic();
  for (const by of limits) {
    const { limit } = by.rule;
    if (limit === undefined) continue;
    // Another site may have the same rule.
    const subject = limit.per === "client" ? `${request.site} ${request.client}` : cacheKey(request);
    const excess = edge.rateLimits.take(by, limit, subject, now);
    if (excess === undefined) continue;
    edge.counters.add("rateLimited");
    const served = errorAnswer(429, { fwd: "bypass", detail: "rule-limit" }, edge, `rule ${by.label}`);
    return { ...served, fields: limitFields(served.fields, limit, excess) };
  }
  return undefined;
}

/** As draft-ietf-httpapi-ratelimit-headers has them: the quota, the seconds that it is for, and when there is one again. */
function limitFields(fields: Fields, { rate, burst }: RateLimit, { retryAfter }: Excess): Fields {
  return fields
    .with("Retry-After", String(retryAfter))
    .plus("RateLimit-Policy", `"rule";q=${burst};w=${Math.max(1, Math.ceil(burst / rate))}`)
    .plus("RateLimit", `"rule";r=0;t=${retryAfter}`);
}
