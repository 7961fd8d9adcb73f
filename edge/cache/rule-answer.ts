import { Fields } from "../../http/message/fields.ts";
import type { RuleAnswer } from "../rules/site/plan-request.ts";
import type { CompiledRule } from "../rules/site/rule-book.ts";
import { type Served, textContent } from "./answer.ts";
import type { CacheContext } from "./context.ts";
import { errorAnswer } from "./error-answer.ts";
import type { CacheOutcome } from "./outcome.ts";

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
