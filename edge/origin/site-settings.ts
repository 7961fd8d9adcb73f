import { z } from "zod";
import { isToken } from "../../http/message/token.ts";
import { fileValue } from "../../process/settings/file-values.ts";
import { choice, listOf, type ValueType } from "../../process/settings/values.ts";
import { SAFE_RULES, type SiteRules } from "../rules/site-rules.ts";

const fieldName: ValueType<string> = {
  name: "field",
  rule: 'the name of a field, or "*" for every field',
  parse: (text) => (text === "*" || isToken(text) ? text.toLowerCase() : undefined),
  format: (value) => value,
};

/** The rules of a site as flags of the edge, for the site of --origin. */
export const siteRuleTypes: { readonly [K in keyof SiteRules]: ValueType<SiteRules[K]> } = {
  setCookie: choice("refuse", "strip", "obey"),
  requestCookie: choice("refuse", "obey"),
  errorStatuses: choice("brief", "obey"),
  clientCacheControl: choice("obey", "cap", "ignore"),
  forwardFields: listOf(fieldName),
};

/** The same as keys of a site in the configuration file. */
export const siteRuleKeys = {
  "set-cookie": fileValue(siteRuleTypes.setCookie).default(SAFE_RULES.setCookie),
  "request-cookie": fileValue(siteRuleTypes.requestCookie).default(SAFE_RULES.requestCookie),
  "error-statuses": fileValue(siteRuleTypes.errorStatuses).default(SAFE_RULES.errorStatuses),
  "client-cache-control": fileValue(siteRuleTypes.clientCacheControl).default(SAFE_RULES.clientCacheControl),
  "forward-fields": fileValue(siteRuleTypes.forwardFields).default([...SAFE_RULES.forwardFields]),
};

const keys = z.object(siteRuleKeys);

/** The rules among the values of the keys. */
export function siteRulesOf(values: z.infer<typeof keys>): SiteRules {
  return {
    setCookie: values["set-cookie"],
    requestCookie: values["request-cookie"],
    errorStatuses: values["error-statuses"],
    clientCacheControl: values["client-cache-control"],
    forwardFields: values["forward-fields"],
  };
}
