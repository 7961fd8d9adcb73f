import { expect } from "chai";
import { problemsOf } from "../../test/rig/written-rules.ts";
import { bypassMend, type Mend, notStoredMend, validationMend, varyMend } from "../rules/mend.ts";
import { notStoredReasons } from "../rules/not-stored.ts";
import { bypassDetails, passedDetails, validationDetails } from "../rules/verdict-detail.ts";
import { advice, LIMITS } from "./advice.ts";
import type { CacheOutcome } from "./outcome.ts";

const MISS = { kind: "miss", fwd: "uri-miss", stored: false, collapsed: false } as const;

function told(outcome: CacheOutcome | undefined, more: Partial<Parameters<typeof advice>[0]> = {}) {
  const url = "http://shop.example/static/a.css";
  return advice({ outcome, status: 200, url, vary: "", validates: undefined, ...more });
}

describe("advice for a request", () => {
  it("is none for a hit", () => {
    expect(told({ kind: "hit", ttl: 5 })).to.deep.equal({ reason: "", mend: "" });
  });

  const rows: readonly (readonly [
    what: string,
    said: ReturnType<typeof told>,
    reason: RegExp,
    mend: string,
  ])[] = [
    [
      "a cookie that is set",
      told({ ...MISS, detail: "set-cookie" }),
      /^The response sets a cookie/,
      "set-cookie: strip, in a rule for /static/**, if no client needs the cookie",
    ],
    [
      "no freshness",
      told({ ...MISS, detail: "not-cacheable" }),
      /^Nothing allows reuse/,
      "ttl-if-missing: 10m, in a rule for /static/**",
    ],
    [
      "an error without freshness",
      told({ ...MISS, detail: "not-cacheable" }, { status: 503 }),
      /^Nothing allows reuse/,
      "negative-ttl: { 503: 10s }, in a rule for /static/**",
    ],
    [
      "a rule that says no-store",
      told({ ...MISS, detail: "rule" }),
      /^A rule of the site says/,
      "no-store: false, in an earlier rule for /static/**",
    ],
    [
      "tracking parameters",
      told({ ...MISS, stored: true }, { url: "http://shop.example/?a=1&utm_source=x" }),
      /^Nothing was stored for this URL with this query\.$/,
      "key: { query: { ignore: [tracking] } }, in a rule for /",
    ],
    ["a URL that is new", told({ ...MISS, stored: true }), /^Nothing was stored for this URL\.$/, ""],
    [
      "Vary on the browser",
      told({ ...MISS, fwd: "vary-miss", stored: true }, { vary: "Accept-Encoding, User-Agent" }),
      /^What is stored for this URL is for other values/,
      "key: { device: true }, in a rule for /static/**",
    ],
    [
      "freshness that is over",
      told({ ...MISS, fwd: "stale", stored: true }, { validates: "past-freshness" }),
      /^A stored response had to be validated\. Its freshness is over.* The origin sent another\.$/,
      "stale-while-revalidate: 10m, in a rule for /static/**",
    ],
    [
      "a purge",
      told({ kind: "revalidated", fwd: "stale", fwdStatus: 304, stored: true }, { validates: "purged" }),
      /A purge covers it.* The origin confirmed it\.$/,
      "",
    ],
    [
      "a client that asks for it",
      told({ ...MISS, fwd: "request", stored: true }, { validates: "no-cache" }),
      /says `no-cache`/,
      "client-cache-control: ignore, a setting of the site",
    ],
    [
      "an origin that is down while something is stored",
      told({ kind: "error", fwd: "stale", detail: "connection_refused" }),
      /^The origin refuses connections\.$/,
      "stale-if-error: 1d, in a rule for /static/**",
    ],
    [
      "an origin that is down",
      told({ kind: "error", fwd: "uri-miss", detail: "connection_refused" }),
      /^The origin refuses connections\.$/,
      "",
    ],
    [
      "a limit",
      told({ kind: "error", fwd: "uri-miss", detail: "client-places" }),
      /^The client has its share/,
      "a larger origin-places-per-client",
    ],
    [
      "a reason for operators",
      told({ kind: "error", fwd: "bypass", detail: "signature:expired" }),
      /needs a valid token/,
      "",
    ],
    [
      "a method",
      told({ kind: "bypass", fwd: "method", detail: "PUT" }),
      /^The method PUT is not cached\.$/,
      "",
    ],
    ["a client that left", told(undefined), /^The connection ended before/, ""],
  ];
  for (const [what, said, reason, mend] of rows) {
    it(`names ${what}`, () => {
      expect(said.reason).to.match(reason);
      expect(said.mend).to.equal(mend);
    });
  }

  it("names no path that would be a pattern, or that was cut off", () => {
    for (const url of ["http://h/a*/b", "http://h/%61/b", "http://h", ""])
      expect(told({ ...MISS, detail: "not-cacheable" }, { url }).mend).to.equal(
        "ttl-if-missing: 10m, in a rule",
      );
  });
});

describe("what would mend it", () => {
  const response = { status: 200, vary: "User-Agent" };
  const mends: readonly (readonly [word: string, mend: Mend])[] = [
    ...notStoredReasons.map((word) => [word, notStoredMend(word, response)] as const),
    ...notStoredReasons.map(
      (word) => [`${word} 404`, notStoredMend(word, { status: 404, vary: "" })] as const,
    ),
    ...keysOf(validationDetails).flatMap((word) =>
      [true, false].map((isWish) => [word, validationMend(word, isWish)] as const),
    ),
    ...keysOf({ ...bypassDetails, ...passedDetails }).map((word) => [word, bypassMend(word)] as const),
    ...["Accept-Language", "Accept-Encoding", "accept", "Cookie", "X-Other"].map(
      (vary) => [vary, varyMend(vary)] as const,
    ),
    ["tracking", { rule: "key: { query: { ignore: [tracking] } }" }],
    ["errors", { rule: "stale-if-error: 1d" }],
    ...Object.values(LIMITS).map((larger) => [larger, { larger }] as const),
  ];
  for (const [word, mend] of mends) {
    if (mend === undefined || "field" in mend) continue;
    const yaml =
      "rule" in mend ? `rules: [{ ${mend.rule} }]` : "setting" in mend ? mend.setting : `${mend.larger}: 5`;
    it(`is taken by an edge: ${yaml} (${word})`, () => {
      expect(
        problemsOf(yaml).filter((each) => !("larger" in mend) || each.includes("is not a setting")),
      ).to.deep.equal([]);
    });
  }
});

function keysOf<K extends string>(table: Readonly<Record<K, string>>): readonly K[] {
  return Object.keys(table).filter((word): word is K => word in table);
}
