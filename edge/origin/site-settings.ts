import { z } from "zod";
import { isToken } from "../../http/message/token.ts";
import { protocolName } from "../../http/server/tunnel-settings.ts";
import { fileValue } from "../../process/settings/file-values.ts";
import { setting } from "../../process/settings/program.ts";
import { choice, listOf, type ValueType, wholeNumber } from "../../process/settings/values.ts";
import type { CookiePolicy, SiteRule } from "../rules/site/site-rule.ts";
import { SAFE_RULES, type SiteRules } from "../rules/site-rules.ts";
import {
  type CompressValues,
  compressAmong,
  compressKeys,
  compressOf,
  compressSettings,
} from "./compress-settings.ts";
import { nodeName } from "./node-name.ts";
import {
  type RequestLimitValues,
  requestLimitKeys,
  requestLimitSettings,
  requestLimitsAmong,
  requestLimitsOf,
} from "./request-limit-settings.ts";
import { type SignValues, signedAmong, signedOf, signKeysOfFile, signSettings } from "./sign-settings.ts";
import { type Preset, presetType, rulesGiven } from "./site/preset.ts";
import { ruleBook, siteRulesList } from "./site/rule-schema.ts";
import { cookieNameType } from "./site/rule-values.ts";
import { sliceSize } from "./site/slice-size.ts";

/** Those that are one value each. */
type OneValueRules = Omit<SiteRules, "book" | "compress" | "limits" | "signed">;

/** The same as they are given: what these two do not say, a preset or the usual decides. */
type GivenRules = Omit<OneValueRules, "cookies"> & {
  readonly cookies?: SiteRules["cookies"] | undefined;
  readonly preset?: Preset | undefined;
};

const fieldName: ValueType<string> = {
  name: "field",
  rule: 'the name of a field, or "*" for every field',
  parse: (text) => (text === "*" || isToken(text) ? text.toLowerCase() : undefined),
  format: (value) => value,
};

// The connections that an edge opens to one origin (upstream.ts).
const MOST_PLACES = 1_024;

const cookieNames = listOf(cookieNameType);

const cookiePolicy: ValueType<CookiePolicy> = {
  name: "keep|drop|name,…",
  rule: "keep, drop, or the names of cookies, separated by commas",
  fileForm: "list",
  parse: (value) => (value === "keep" || value === "drop" ? value : cookieNames.parse(value)),
  format: (value) => (typeof value === "string" ? value : cookieNames.format(value)),
};

const types: { readonly [K in keyof OneValueRules]: ValueType<OneValueRules[K]> } = {
  setCookie: choice("refuse", "strip", "obey"),
  requestCookie: choice("refuse", "obey"),
  errorStatuses: choice("brief", "obey"),
  clientCacheControl: choice("obey", "cap", "ignore"),
  forwardFields: listOf(fieldName),
  invalidation: choice("obey", "ignore", "broadcast"),
  groupInvalidation: choice("obey", "ignore", "broadcast"),
  originPlaces: wholeNumber(1, MOST_PLACES),
  originPlacesPerClient: wholeNumber(1, MOST_PLACES),
  upgrades: listOf(protocolName),
  cookies: cookiePolicy,
  location: choice("keep", "map"),
  slice: sliceSize,
  shield: listOf(nodeName),
};

/** The rules as flags, for the site of --origin. */
export const siteRuleSettings = {
  setCookie: setting({
    type: types.setCookie,
    default: SAFE_RULES.setCookie,
    help: "Responses with Set-Cookie. refuse: do not store them. strip: store them without the cookie. obey: store and share them with the cookie, as RFC 9111 allows.",
  }),
  requestCookie: setting({
    type: types.requestCookie,
    default: SAFE_RULES.requestCookie,
    help: "Responses to requests with Cookie. refuse: share one only if it has Vary: Cookie, public, s-maxage or a CDN-only field. obey: share it as RFC 9111 allows.",
  }),
  errorStatuses: setting({
    type: types.errorStatuses,
    default: SAFE_RULES.errorStatuses,
    help: "Errors other than 404, 410 and 451. brief: store one for at most 10s, and only if it has public, s-maxage or a CDN-only field. obey: store it as RFC 9111 allows.",
  }),
  clientCacheControl: setting({
    type: types.clientCacheControl,
    default: SAFE_RULES.clientCacheControl,
    help: "Requests whose Cache-Control, Pragma or If-Match ask for the origin. obey: always go to the origin. cap: at most once a second for each key. ignore: never.",
  }),
  forwardFields: setting({
    type: types.forwardFields,
    default: [...SAFE_RULES.forwardFields],
    help: 'More request fields to forward to the origin; "*" is all. The origin must list in Vary those that change its response. Otherwise one client chooses what all others get.',
  }),
  invalidation: setting({
    type: types.invalidation,
    default: SAFE_RULES.invalidation,
    help: "A POST, PUT, DELETE or other unsafe request that succeeds. obey: it invalidates its URL at this edge, as in RFC 9111 section 4.4. ignore: it invalidates nothing. broadcast: it also purges the URL at every edge, through the purge log.",
  }),
  groupInvalidation: setting({
    type: types.groupInvalidation,
    default: SAFE_RULES.groupInvalidation,
    help: "Cache-Group-Invalidation in the response to such a request (RFC 9875). The same three values, for the tags that it names.",
  }),
  ...compressSettings,
  ...requestLimitSettings,
  ...signSettings,
  originPlaces: setting({
    type: types.originPlaces,
    default: SAFE_RULES.originPlaces,
    help: "Requests of a site that may be under way at its origin, until the last byte of the response. Further ones wait for up to 10s, then they get 503.",
  }),
  originPlacesPerClient: setting({
    type: types.originPlacesPerClient,
    default: SAFE_RULES.originPlacesPerClient,
    help: "Of these, for one client address (IPv6: a /64), seen through trusted proxies. All refreshes in the background together have as many.",
  }),
  upgrades: setting({
    type: types.upgrades,
    default: [...SAFE_RULES.upgrades],
    help: "The protocols to which a client and the origin may change, such as websocket. Default: none; a request for a WebSocket is answered 501.",
  }),
  cookies: setting({
    type: types.cookies,
    help: "The cookies of a GET or HEAD that the origin gets, and that count for who may share the answer: all (keep), none (drop), or those with these names. A rule may say otherwise. Default: keep, or as --preset has it.",
  }),
  preset: setting({
    type: presetType,
    help: "Rules for a site of one kind, behind those of the file: docs/presets.md. Default: none.",
  }),
  location: setting({
    type: types.location,
    default: SAFE_RULES.location,
    help: "A Location or Content-Location that names the origin's own address. keep: pass it on. map: make it relative, so that clients stay with the edge.",
  }),
  slice: setting({
    type: types.slice,
    default: SAFE_RULES.slice,
    help: "Fetch and keep bodies in slices of this size, so that a range costs the origin no more than the slices it touches: docs/slices.md. For large files; a rule may say so for some paths only. off: whole.",
  }),
  shield: setting({
    type: types.shield,
    default: [...SAFE_RULES.shield],
    help: "With --peers: the ids of the edges that fetch from the origin for all: docs/peers.md. While none of them can be asked, each edge fetches for itself. Default: all edges, each for its paths.",
  }),
};

/** Picks the rules from the values of the flags. `written`: the list in the configuration file. */
export function rulesAmong(
  values: GivenRules & CompressValues & RequestLimitValues & SignValues,
  written: readonly SiteRule[] = [],
): SiteRules {
  const { setCookie, requestCookie, errorStatuses, clientCacheControl, forwardFields } = values;
  const {
    invalidation,
    groupInvalidation,
    originPlaces,
    originPlacesPerClient,
    upgrades,
    cookies,
    preset,
    location,
    slice,
    shield,
  } = values;
  return {
    setCookie,
    requestCookie,
    errorStatuses,
    clientCacheControl,
    forwardFields,
    invalidation,
    groupInvalidation,
    compress: compressAmong(values),
    limits: requestLimitsAmong(values),
    signed: signedAmong(values),
    originPlaces,
    originPlacesPerClient,
    upgrades,
    cookies: cookies ?? SAFE_RULES.cookies,
    location,
    slice,
    shield,
    book: ruleBook(rulesGiven({ written, cookies, preset })),
  };
}

/** The rules as keys of a site in the configuration file. */
export const siteRuleKeys = {
  "set-cookie": fileValue(types.setCookie).default(SAFE_RULES.setCookie),
  "request-cookie": fileValue(types.requestCookie).default(SAFE_RULES.requestCookie),
  "error-statuses": fileValue(types.errorStatuses).default(SAFE_RULES.errorStatuses),
  "client-cache-control": fileValue(types.clientCacheControl).default(SAFE_RULES.clientCacheControl),
  "forward-fields": fileValue(types.forwardFields).default([...SAFE_RULES.forwardFields]),
  invalidation: fileValue(types.invalidation).default(SAFE_RULES.invalidation),
  "group-invalidation": fileValue(types.groupInvalidation).default(SAFE_RULES.groupInvalidation),
  ...compressKeys,
  ...requestLimitKeys,
  ...signKeysOfFile,
  "origin-places": fileValue(types.originPlaces).default(SAFE_RULES.originPlaces),
  "origin-places-per-client": fileValue(types.originPlacesPerClient).default(
    SAFE_RULES.originPlacesPerClient,
  ),
  upgrades: fileValue(types.upgrades).default([...SAFE_RULES.upgrades]),
  cookies: fileValue(types.cookies).optional(),
  preset: fileValue(presetType).optional(),
  location: fileValue(types.location).default(SAFE_RULES.location),
  slice: fileValue(types.slice).default(SAFE_RULES.slice),
  shield: fileValue(types.shield).default([...SAFE_RULES.shield]),
  rules: siteRulesList.default([]),
};

const keys = z.object(siteRuleKeys);

/** Picks the rules from the values of the keys. */
export function siteRulesOf(values: z.infer<typeof keys>): SiteRules {
  return {
    setCookie: values["set-cookie"],
    requestCookie: values["request-cookie"],
    errorStatuses: values["error-statuses"],
    clientCacheControl: values["client-cache-control"],
    forwardFields: values["forward-fields"],
    invalidation: values.invalidation,
    groupInvalidation: values["group-invalidation"],
    compress: compressOf(values),
    limits: requestLimitsOf(values),
    signed: signedOf(values),
    originPlaces: values["origin-places"],
    originPlacesPerClient: values["origin-places-per-client"],
    upgrades: values.upgrades,
    cookies: values.cookies ?? SAFE_RULES.cookies,
    location: values.location,
    slice: values.slice,
    shield: values.shield,
    book: ruleBook(rulesGiven({ written: values.rules, cookies: values.cookies, preset: values.preset })),
  };
}
