import { z } from "zod";
import { isToken } from "../../http/message/token.ts";
import { fileValue } from "../../process/settings/file-values.ts";
import { setting } from "../../process/settings/program.ts";
import { choice, listOf, type ValueType } from "../../process/settings/values.ts";
import { SAFE_RULES, type SiteRules } from "../rules/site-rules.ts";

const fieldName: ValueType<string> = {
  name: "field",
  rule: 'the name of a field, or "*" for every field',
  parse: (text) => (text === "*" || isToken(text) ? text.toLowerCase() : undefined),
  format: (value) => value,
};

const types: { readonly [K in keyof SiteRules]: ValueType<SiteRules[K]> } = {
  setCookie: choice("refuse", "strip", "obey"),
  requestCookie: choice("refuse", "obey"),
  errorStatuses: choice("brief", "obey"),
  clientCacheControl: choice("obey", "cap", "ignore"),
  forwardFields: listOf(fieldName),
};

/** The rules of a site as flags, for the site of --origin. */
export const siteRuleSettings = {
  setCookie: setting({
    type: types.setCookie,
    default: SAFE_RULES.setCookie,
    help: "A response that sets a cookie is not stored (refuse), stored without the cookie (strip), or stored and shared with it, as RFC 9111 lets caches do (obey).",
  }),
  requestCookie: setting({
    type: types.requestCookie,
    default: SAFE_RULES.requestCookie,
    help: "The answer to a request with Cookie is shared only if it varies on Cookie, or says public, s-maxage or a field for CDNs (refuse); or as RFC 9111 says (obey).",
  }),
  errorStatuses: setting({
    type: types.errorStatuses,
    default: SAFE_RULES.errorStatuses,
    help: "Errors but 404, 410 and 451 are stored for 10s at most, and only if they say public, s-maxage or a field for CDNs (brief); or as RFC 9111 says (obey).",
  }),
  clientCacheControl: setting({
    type: types.clientCacheControl,
    default: SAFE_RULES.clientCacheControl,
    help: "no-cache, no-store, max-age, min-fresh, Pragma and If-Match of a request go to the origin always (obey), once a second for each key (cap), or never (ignore).",
  }),
  forwardFields: setting({
    type: types.forwardFields,
    default: [...SAFE_RULES.forwardFields],
    help: 'Request fields that the origin gets beside the usual ones; "*" for all. It must name in Vary those that change its answer, else one client chooses what all others get.',
  }),
};

/** The rules among the values of the flags. */
export function rulesAmong(values: SiteRules): SiteRules {
  const { setCookie, requestCookie, errorStatuses, clientCacheControl, forwardFields } = values;
  return { setCookie, requestCookie, errorStatuses, clientCacheControl, forwardFields };
}

/** The same as keys of a site in the configuration file. */
export const siteRuleKeys = {
  "set-cookie": fileValue(types.setCookie).default(SAFE_RULES.setCookie),
  "request-cookie": fileValue(types.requestCookie).default(SAFE_RULES.requestCookie),
  "error-statuses": fileValue(types.errorStatuses).default(SAFE_RULES.errorStatuses),
  "client-cache-control": fileValue(types.clientCacheControl).default(SAFE_RULES.clientCacheControl),
  "forward-fields": fileValue(types.forwardFields).default([...SAFE_RULES.forwardFields]),
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
