import { expect } from "chai";
import fc from "fast-check";
import { VaryNames } from "../../edge/cache/vary-names.ts";
import { isShareable, shareableFields } from "../../edge/origin/forwarded-fields.ts";
import { cachePolicy } from "../../edge/rules/cache-policy.ts";
import { withoutDemands } from "../../edge/rules/client-demands.ts";
import {
  contentCodings,
  encodingNames,
  isCompressible,
  NO_COMPRESSION,
} from "../../edge/rules/compression.ts";
import { acceptedForms, acceptsCodings, codingsOf } from "../../edge/rules/content-coding.ts";
import { offeredDictionary, useAsDictionary } from "../../edge/rules/dictionary.ts";
import { parseDirectives, requestDirectives, responseDirectives } from "../../edge/rules/directives.ts";
import { parseEntityTag, someTag } from "../../edge/rules/entity-tag.ts";
import { formFor, withOriginTags } from "../../edge/rules/form-choice.ts";
import { negotiated } from "../../edge/rules/negotiation.ts";
import { equivalentTargets, searchVariance } from "../../edge/rules/no-vary-search.ts";
import { isPersonal } from "../../edge/rules/personal.ts";
import { parseContentRange, resolveRange } from "../../edge/rules/range.ts";
import { pathOf } from "../../edge/rules/site/path-readings.ts";
import { planRequest } from "../../edge/rules/site/plan-request.ts";
import { possiblePaths, possibleTargets, seenTarget } from "../../edge/rules/site/possible-targets.ts";
import { SAFE_RULES } from "../../edge/rules/site-rules.ts";
import { tagsOf } from "../../edge/rules/tags.ts";
import { selectingFields } from "../../edge/rules/vary.ts";
import { EquivalentsIndex } from "../../edge/store/equivalents-index.ts";
import { parseHttpDate } from "../../http/message/date.ts";
import { Fields } from "../../http/message/fields.ts";
import { parseTarget } from "../../http/message/request-target.ts";
import { storedResponse } from "../rig/stored-response.fixture.ts";
import { writtenRules } from "../rig/written-rules.ts";
import { hostileText } from "./hostile-text.ts";
import { type FuzzTarget, target } from "./target.ts";

const VALUES = [
  'public, max-age="60", s-maxage=10, stale-while-revalidate=5, private="a, b"',
  'W/"a", "b", "c"',
  "bytes=0-9, 20-, -5",
  "bytes 0-9/100",
  'key-order, params=("a" "b"), except=("c")',
  '"a", "b" ;x, c',
  "Accept-Language, Cookie",
  "Sun, 06 Nov 1994 08:49:37 GMT",
  "Sunday, 06-Nov-94 08:49:37 GMT",
];

const ALL_CODINGS = { ...NO_COMPRESSION, codings: contentCodings };

const NO_UTM = { onlyThese: false, keys: new Set(["utm"]), ordered: true };

/** Bytes of the body of which a client asks for parts. */
const LENGTH = 100;

const TARGETS = [
  "/a/b?utm_source=1&q=2;x",
  "/old/x//y?a",
  "/admin/../b/%2e%2e/c",
  "/shop/a?b",
  "/x/y.css;v=1",
  "//a\\b",
];

const { book: RULES } = writtenRules(`rules:
  - {match: {path: /admin/**}, deny: true}
  - {match: {path: /old/**}, redirect: "/{rest}"}
  - {match: {path: /shop/**, header: {X-Beta: "*"}}, rewrite: "/v2/{rest}"}
  - {match: {path: "/**/*a*.css"}, key: {accept: [avif, webp], language: [de, en], device: true}}
  - {match: {cookie: "s*"}, key: {cookies: [a, b]}}
  - {key: {query: {ignore: [tracking], sort: true}}}
`);

export const rulesTargets: readonly FuzzTarget[] = [
  target("field values", fc.tuple(hostileText(VALUES), hostileText(VALUES)), ([value, other]) => {
    const fields = Fields.ofRaw(
      ["Cache-Control", "CDN-Cache-Control", "Vary", "ETag", "Cache-Groups", "Surrogate-Key"].flatMap(
        (name) => [name, value],
      ),
    );
    responseDirectives(parseDirectives([value, other]));
    requestDirectives(fields);
    cachePolicy(fields);
    parseEntityTag(value);
    someTag(value, () => false);
    parseContentRange(value);
    tagsOf(fields);
    selectingFields(fields, { method: "GET", target: "/", site: "s", fields });
    equivalentTargets("/a?b=1", `/a?${other}`, searchVariance(Fields.ofRaw(["No-Vary-Search", value])));
    const date = parseHttpDate(value);
    expect(date === undefined || Number.isFinite(date)).to.equal(true);
  }),
  target("request fields", fc.tuple(hostileText(VALUES), hostileText(VALUES)), ([value, name]) => {
    const fields = Fields.ofRaw([
      ...["Cache-Control", "Pragma", "If-Match", "Accept-Encoding", "Cookie"].flatMap((each) => [
        each,
        value,
      ]),
      name,
      value,
    ]);
    const response = Fields.ofRaw(["Vary", value, "Content-Encoding", value, "Cache-Control", value]);
    const plain = withoutDemands({ method: "GET", target: "/", site: "s", fields }).fields;
    const { noCache, noStore, maxAge, minFresh } = requestDirectives(plain);
    expect([noCache, noStore, maxAge, minFresh]).to.deep.equal([false, false, undefined, undefined]);
    acceptsCodings(fields.get("accept-encoding"), codingsOf(response));
    for (const form of acceptedForms(value, contentCodings))
      expect([...contentCodings, "identity"]).to.include(form);
    isCompressible(Fields.ofRaw(["Content-Type", value, "Cache-Control", name]), undefined, ALL_CODINGS);
    expect(withOriginTags(value, [parseEntityTag(name)]).startsWith(value)).to.equal(true);
    const wanted = Fields.ofRaw(["If-None-Match", value, "If-Range", name, "Range", name]);
    const request = negotiated({ method: "GET", target: "/", site: "s", fields: wanted }, ALL_CODINGS);
    const sent = Fields.ofRaw([
      "Available-Dictionary",
      value,
      "Sec-Fetch-Site",
      "none",
      "Sec-Fetch-Mode",
      name,
    ]);
    expect(offeredDictionary(sent, "https")?.hash.length ?? 44).to.equal(44);
    expect(useAsDictionary(value) ?? 'match=""').to.match(/^match="[ -~]*"$/);
    formFor(request, parseEntityTag(name), new Set(encodingNames));
    isPersonal(fields, response, cachePolicy(response), SAFE_RULES);
    const names = new VaryNames();
    const learnt = names.learn("key", response, new Set());
    const known = names.of("key");
    expect(known.size).to.be.at.most(16);
    for (const [sent] of shareableFields(fields, known)) {
      const lower = sent.toLowerCase();
      expect(isShareable(lower, new Set()) || learnt.includes(lower), lower).to.equal(true);
    }
  }),
  target("rules of a site", fc.tuple(hostileText(TARGETS), hostileText(VALUES)), ([text, value]) => {
    const asked = parseTarget(text);
    if (typeof asked === "string") return;
    const lines = ["Cookie", "Accept", "Accept-Language", "User-Agent", "X-Beta"].map(
      (name) => [name, value] as const,
    );
    const request = { method: "GET", target: asked.path, fields: Fields.of(lines), authority: "a" };
    const plan = planRequest(RULES, request);
    if (plan.kind === "answer") {
      if (plan.answer.kind === "redirect") expect(plan.answer.location).to.match(/^\/(?!\/)/);
      return;
    }
    // It is still a target, and its origin is asked for it.
    expect(parseTarget(plan.request.target)).to.have.property("path", plan.request.target);
    const again = planRequest(RULES, { ...plan.request, target: request.target });
    expect(again.kind === "go" && again.request.target).to.equal(plan.request.target);
    const possible = possibleTargets(RULES, seenTarget(request.target), Number.POSITIVE_INFINITY);
    expect(possible).to.include(plan.request.target);
    expect(possiblePaths(RULES, request.target)).to.include(pathOf(plan.request.target));
  }),
  target("queries", fc.tuple(hostileText(VALUES), hostileText(VALUES)), ([query, value]) => {
    const variance = searchVariance(Fields.ofRaw(["No-Vary-Search", value])) ?? NO_UTM;
    const stored = storedResponse(`/a?${query}`, { variance });
    const index = new EquivalentsIndex();
    index.add(stored);
    const alike = `/a?${query}&`;
    const found = index.find({ site: "default", target: alike });
    expect(found.length === 1).to.equal(equivalentTargets(stored.target, alike, variance));
    index.remove(stored);
    expect(index.find({ site: "default", target: alike })).to.deep.equal([]);
  }),
  target("ranges", hostileText(VALUES), (value) => {
    const request = { method: "GET", target: "/", site: "s", fields: Fields.ofRaw(["Range", value]) };
    const head = { status: 200, fields: Fields.none };
    const range = resolveRange(request, head, LENGTH);
    if (range.kind !== "parts") return;
    for (const { first, last } of range.parts) {
      expect(first).to.be.within(0, last);
      expect(last).to.be.below(LENGTH);
    }
  }),
];
