import { listMembers } from "../../http/message/comma-list.ts";
import type { Fields } from "../../http/message/fields.ts";
import { cachePolicy } from "./cache-policy.ts";
import { secondsOf } from "./planned-response.ts";
import type { ResponsePlan } from "./site/plan-response.ts";
import { briefHead, type ParsedHead } from "./stored-head.ts";

/**
 * The head of a response as it is stored, when it is an error that is kept for seconds (`brief`), and by the rules of its
 * site. A lifetime that a rule gives begins when the response arrives.
 */
export function plannedHead(parsed: ParsedHead, plan: ResponsePlan, brief: boolean): ParsedHead {
  const { fields, initialAge } = parsed;
  const seconds = secondsOf(cachePolicy(fields), fields, plan);
  const lifetime =
    seconds === undefined
      ? undefined
      : { seconds: seconds + Math.ceil(initialAge), source: `rule ${plan.ttlBy}` };
  const head = lifetime === undefined ? parsed : { ...parsed, lifetime };
  const { browserTtl } = plan;
  const clientFields =
    browserTtl === undefined ? head.clientFields : browserFields(head.clientFields, browserTtl);
  const shaped = { ...head, clientFields };
  return brief ? briefHead(shaped) : shaped;
}

/** The fields for clients, whose caches keep the response for so many seconds. */
export function browserFields(fields: Fields, seconds: number): Fields {
  const kept = fields
    .all("Cache-Control")
    .flatMap(listMembers)
    .filter((member) => member.toLowerCase() === "no-transform");
  const control = [`max-age=${seconds}`, ...kept].join(", ");
  return fields.without(["Expires", "Pragma"]).with("Cache-Control", control);
}
