import { Fields } from "../../http/message/fields.ts";
import { isToken } from "../../http/message/token.ts";
import type { ExplainRequest, ExplainResponse, StoredVariant } from "../../proto/gen/edgecache/v1/edge.ts";
import { formatPosition } from "../../purge-log/position.ts";
import { type CacheContext, rulesOf } from "../cache/context.ts";
import { chosenForm } from "../cache/form.ts";
import { type CacheOutcome, cacheStatusMember } from "../cache/outcome.ts";
import { AFTER, AFTER_RULE, purgeView } from "../cache/purge-view.ts";
import { onDisk } from "../cache/recall.ts";
import { ruleOutcome } from "../cache/rule-answer.ts";
import { lookup } from "../cache/serve.ts";
import { asFirstSlice } from "../cache/sliced.ts";
import { withoutDefaultPort } from "../origin/host-policy.ts";
import type { Sites } from "../origin/sites.ts";
import { currentAge } from "../rules/age.ts";
import { cacheKey } from "../rules/cache-key.ts";
import { withoutDemands } from "../rules/client-demands.ts";
import type { EncodingName } from "../rules/compression.ts";
import type { CacheRequest } from "../rules/exchange.ts";
import { ttlLeft, type Verdict } from "../rules/judge.ts";
import type { Moment } from "../rules/moment.ts";
import { negotiated } from "../rules/negotiation.ts";
import { type NotStored, notStored } from "../rules/not-stored.ts";
import { explainedRules } from "../rules/site/explained-rules.ts";
import { planRequest } from "../rules/site/plan-request.ts";
import type { OpenedUrl, SignedUrls } from "../rules/site/signed-urls.ts";
import { bypassDetails, validationDetails } from "../rules/verdict-detail.ts";
import type { StoredResponse } from "../store/stored-response.ts";
import { type CallResult, invalidArgument } from "./call-result.ts";
import { type NamedUrl, parseUrl, URL_RULE } from "./purge-url.ts";
import { shownValue } from "./shown-value.ts";

const FIELD_RULE = "each must have a token as its name and a value without control characters";
// RFC 9110 section 5.5: visible characters, spaces and tabs; others than ASCII are single bytes.
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** What the edge holds for a URL and what the next GET for it would get. Asks nothing of the origin. */
export async function explain(
  request: ExplainRequest,
  sites: Sites,
  edge: Pick<
    CacheContext,
    "id" | "store" | "disk" | "purges" | "hitForMiss" | "clock" | "siteRules" | "peers"
  >,
): Promise<CallResult<ExplainResponse>> {
  const url = parseUrl(request.url);
  if (url === undefined) return invalidArgument("url", URL_RULE, request.url);
  const site = siteOf(url, sites);
  if (site === undefined) {
    const rule = `must be a full URL with a host of one of the sites ${sites.names.join(", ")}`;
    return invalidArgument("url", rule, request.url);
  }
  for (const [name, value] of Object.entries(request.fields)) {
    if (isToken(name) && FIELD_VALUE.test(value)) continue;
    return invalidArgument("fields", FIELD_RULE, `${name}: ${value}`);
  }
  const { book, clientCacheControl, compress, signed } = rulesOf(edge, site);
  const opened = openedUrl(url, signed, edge.clock.wall());
  if (opened.kind === "refused") {
    const next = shownOutcome(edge.id, { kind: "error", fwd: "bypass", detail: "signature" });
    const reason = `the token of the URL is not right: ${opened.why}`;
    return {
      ok: true,
      value: { edge: edge.id, key: "", next, reason, variants: [], rules: [], target: "", owner: "" },
    };
  }
  const named = namedRequest({ ...url, target: opened.target }, site, request.fields);
  const rules = explainedRules(book, named).map((rule) => ({ ...rule, does: [...rule.does] }));
  const plan = planRequest(book, named);
  if (plan.kind === "answer") {
    const outcome = ruleOutcome(plan.answer);
    const reason = `the rule ${plan.by.label} answers by itself`;
    const next = shownOutcome(edge.id, outcome);
    return {
      ok: true,
      value: { edge: edge.id, key: "", next, reason, variants: [], rules, target: "", owner: "" },
    };
  }
  const replaced = plan.request;
  const told = await toldOf({ ...url, target: replaced.target }, site, sites, edge);
  const heeded = clientCacheControl === "ignore" ? withoutDemands(replaced) : replaced;
  const asked = asFirstSlice(negotiated({ ...heeded, ...told }, compress), edge);
  const view = await purgeView(asked.fields, edge.purges, true);
  if (typeof view === "string") {
    return invalidArgument("fields", `${AFTER} ${AFTER_RULE}`, asked.fields.get(AFTER) ?? "");
  }
  const kept = (await onDisk(cacheKey(asked), edge)) ?? [];
  const { key, stored, verdict, now } = lookup(asked, view, edge, "peek", kept);
  const selected = "stored" in verdict ? verdict.stored : undefined;
  const variants = stored.map((response) => ({
    ...describeVariant(response, ttlLeft(response, view.standing(response), now), now),
    selected: response === selected,
    tier: kept.includes(response) ? "disk" : "memory",
  }));
  const form = selected === undefined ? undefined : chosenForm(asked, selected).name;
  const isKept = selected !== undefined && kept.includes(selected);
  const lastNotStored = edge.hitForMiss.reason(key, edge.clock.monotonic());
  const { next, reason } =
    asked.matched?.bypasses === true ? BYPASSED : nextOutcome(verdict, lastNotStored, form, isKept);
  const target = asked.target === url.target ? "" : asked.target;
  const value = { edge: edge.id, key, next: shownOutcome(edge.id, next), reason, variants, rules, target };
  return { ok: true, value: { ...value, owner: ownerOf(asked, edge) } };
}

/** Other edges are not asked where rules must act. */
function ownerOf(
  { site, target, matched }: CacheRequest,
  edge: Pick<CacheContext, "peers" | "siteRules">,
): string {
  const asksOthers = matched === undefined || matched.rules.length === 0;
  return (asksOthers && edge.peers?.ownerOf({ site, target, shield: rulesOf(edge, site).shield })) || "";
}

const BYPASSED = {
  next: { kind: "bypass", fwd: "bypass", detail: "rule-bypass" },
  reason: "a rule of the site says bypass",
} as const;

/** An operator may leave the token out. Then the URL is explained as if it had one. */
function openedUrl({ scheme, authority, target }: NamedUrl, signed: SignedUrls, now: number): OpenedUrl {
  if (authority === undefined || !signed.needsToken(target)) return { kind: "open", target };
  const opened = signed.opened(withoutDefaultPort(scheme, authority), target, now);
  return opened.kind === "refused" && opened.why === "missing" ? { kind: "open", target } : opened;
}

/** Without the name of the edge. */
function shownOutcome(edge: string, outcome: CacheOutcome): string {
  const member = cacheStatusMember(edge, outcome);
  return member.slice(member.indexOf(";") + 1).trim();
}

/** As if a trusted proxy had named the addresses in X-Forwarded-For. */
function namedRequest(
  { target, scheme, authority }: NamedUrl,
  site: string,
  lines: ExplainRequest["fields"],
): CacheRequest & { readonly client: string } {
  const fields = Fields.of(Object.entries(lines));
  const addresses = fields.get("X-Forwarded-For");
  const client = addresses?.split(",", 1)[0]?.trim() ?? "";
  const came = authority === undefined ? {} : { scheme, authority };
  return { method: "GET", target, site, fields, addresses, client, ...came };
}

/** A bare path is of the site that answers every Host, or of the only one. */
function siteOf({ authority }: NamedUrl, sites: Sites): string | undefined {
  if (authority !== undefined) return sites.of(authority);
  return sites.of("") ?? (sites.names.length === 1 ? sites.names[0] : undefined);
}

/**
 * What the origin is told of scheme and host. A bare path names neither: then it is what a response for that path was
 * stored for, or the latest one was not stored for.
 */
async function toldOf(
  { scheme, authority, target }: NamedUrl,
  site: string,
  sites: Sites,
  { store, hitForMiss }: Pick<CacheContext, "store" | "hitForMiss">,
): Promise<Pick<CacheRequest, "base">> {
  if (authority !== undefined) return sites.told(site, scheme, authority);
  for await (const stored of store.coveredBy([{ kind: "url", target, site }])) {
    if (stored.target === target && stored.base !== undefined) return { base: stored.base };
  }
  // Content in the key stands before the URI, with a space behind it.
  const baseIn = (key: string) => key.slice(site.length + 1, key.length - target.length);
  const missed = hitForMiss.find(
    (key) => !baseIn(key).includes(" ") && key === cacheKey({ site, base: baseIn(key), target }),
  );
  return missed === undefined ? {} : { base: baseIn(missed) };
}

/**
 * What the next request would get, before the origin has a say, and the rule that decides. `lastNotStored`: why the last
 * response was not stored, if that is remembered. `form`: the encoding of the stored one that the client would get. `isKept`: it is on disk only.
 */
function nextOutcome(
  verdict: Verdict<StoredResponse>,
  lastNotStored: NotStored | undefined,
  form: EncodingName | undefined,
  isKept: boolean,
): { next: CacheOutcome; reason: string } {
  switch (verdict.kind) {
    case "fresh":
      return {
        next: { kind: "hit", ttl: verdict.ttl, detail: isKept ? "disk" : form },
        reason: `a stored response${isKept ? " on disk" : ""} is fresh by ${verdict.stored.lifetime.source}${form === undefined ? "" : `, and kept in ${form}`}`,
      };
    case "stale-usable":
      return {
        next: { kind: "stale", ttl: verdict.ttl, refreshing: verdict.refresh, detail: verdict.detail },
        reason: `a stored response is stale${verdict.standing.kind === "soft-purged" ? " by a soft purge" : ""}, and ${verdict.detail} allows it`,
      };
    case "must-validate":
      return {
        next: { kind: "miss", fwd: verdict.why, stored: false, collapsed: false, detail: verdict.detail },
        reason: `a stored response must be validated with the origin first: ${verdict.detail}. ${validationDetails[verdict.detail]}`,
      };
    case "absent":
      return {
        next: { kind: "miss", fwd: verdict.why, stored: false, collapsed: false },
        reason:
          verdict.why === "vary-miss"
            ? "responses are stored for this URL, but for other values of the request fields named in Vary"
            : nothingStored(lastNotStored),
      };
    case "bypass":
      return {
        next: { kind: "bypass", fwd: verdict.why, detail: verdict.detail },
        reason: bypassReason(verdict),
      };
    case "only-if-cached-unmet":
      return {
        next: { kind: "error", fwd: "request", detail: "only-if-cached" },
        reason: "the request wants a stored response only, and none may be used",
      };
  }
}

function bypassReason({ why, detail }: Extract<Verdict<StoredResponse>, { kind: "bypass" }>): string {
  const reason = `the cache does not handle such a request: ${detail}`;
  return why === "method" ? reason : `${reason}. ${bypassDetails[detail]}`;
}

function nothingStored(lastNotStored: NotStored | undefined): string {
  const nothing = "nothing is stored for this URL";
  if (lastNotStored === undefined) return nothing;
  return `${nothing}. The last response was not stored: ${lastNotStored}. ${notStored[lastNotStored]}`;
}

function describeVariant(
  stored: StoredResponse,
  left: number,
  now: Moment,
): Omit<StoredVariant, "selected" | "tier"> {
  const selecting = [...stored.selecting].map(([name, value]) => [name, shownValue(name, value)] as const);
  return {
    status: stored.status,
    bodyBytes: stored.bodyLength,
    age: currentAge(stored, now),
    ttl: left,
    freshnessSource: stored.lifetime.source,
    validator: stored.fields.get("ETag") ?? stored.fields.get("Last-Modified") ?? "",
    selectingFields: Object.fromEntries(selecting),
    tags: [...stored.tags],
    position: formatPosition(stored.mark.position),
  };
}
