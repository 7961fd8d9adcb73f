import { expect } from "chai";
import fc from "fast-check";
import { formatHttpDate } from "../../http/message/date.ts";
import { get, later, NOW, stored, storedBy, withHead } from "../../test/rig/message.fixture.ts";
import { currentAge } from "./age.ts";
import type { CacheRequest } from "./exchange.ts";
import { judge, mayServeOnError, ttlLeft, type Verdict } from "./judge.ts";
import {
  isPurged,
  LAPSED,
  LAPSED_BUT_SERVING,
  PURGED,
  type PurgeStanding,
  TRUSTED,
} from "./purge-standing.ts";
import type { StoredHead } from "./stored-head.ts";

const trusted = (): PurgeStanding => TRUSTED;

/** The verdict in one line, `after` seconds from NOW. */
function verdict(
  response: readonly string[],
  after: number,
  request: CacheRequest = get(),
  standing: PurgeStanding = TRUSTED,
): string {
  return described(judge(request, [stored(...response)], () => standing, later(after * 1000)));
}

function described(given: Verdict<StoredHead>): string {
  switch (given.kind) {
    case "bypass":
      return `bypass ${given.why} ${given.detail}`;
    case "fresh":
      return `fresh ${given.ttl}`;
    case "stale-usable":
      return `${given.detail} ${given.ttl}${given.refresh ? " refresh" : ""}`;
    case "must-validate":
      return `validate ${given.why} ${given.detail} ${given.ttl}`;
    case "absent":
      return `absent ${given.why}`;
    case "only-if-cached-unmet":
      return given.kind;
  }
}

/** Softly purged so many seconds ago. */
const softly = (seconds: number): PurgeStanding => ({ kind: "soft-purged", seconds });

const wish = (directives: string): CacheRequest => get(`Cache-Control: ${directives}`);

describe("judge", () => {
  const byResponse: readonly (readonly [string, number, string])[] = [
    ["max-age=60", 10, "fresh 50"],
    ["max-age=60", 59, "fresh 1"],
    ["max-age=60", 60, "validate stale past-freshness 0"],
    ["max-age=0", 0, "validate stale past-freshness 0"],
    ["max-age=60, no-cache", 0, "validate stale no-cache 60"],
    ['max-age=60, no-cache=""', 0, "validate stale no-cache 60"],
    ['max-age=60, no-cache="set-cookie"', 0, "fresh 60"],
    ["max-age=60, must-revalidate", 0, "fresh 60"],
    ["max-age=60, immutable", 70, "validate stale past-freshness -10"],
    ["max-age=60, stale-while-revalidate=30", 60, "stale-while-revalidate 0 refresh"],
    ["max-age=60, stale-while-revalidate=30", 89, "stale-while-revalidate -29 refresh"],
    ["max-age=60, stale-while-revalidate=30", 90, "validate stale past-freshness -30"],
    ["max-age=60, stale-while-revalidate=x", 61, "validate stale past-freshness -1"],
    ["max-age=60, stale-while-revalidate=30, must-revalidate", 61, "validate stale past-freshness -1"],
    ["max-age=60, stale-while-revalidate=30, proxy-revalidate", 61, "validate stale past-freshness -1"],
    ["s-maxage=60, stale-while-revalidate=30", 61, "validate stale past-freshness -1"],
  ];
  for (const [directives, after, expected] of byResponse) {
    it(`gives "${expected}" to ${directives} after ${after} s`, () => {
      expect(verdict([`Cache-Control: ${directives}`], after)).to.equal(expected);
    });
  }

  const byRequest: readonly (readonly [string, string, number, string])[] = [
    ["no-cache", "max-age=60", 0, "validate request no-cache 60"],
    ["no-cache", "max-age=60, immutable", 0, "validate request no-cache 60"],
    ["max-age=10", "max-age=60", 10, "fresh 50"],
    ["max-age=10", "max-age=60", 11, "validate request max-age 49"],
    ["max-age=0", "max-age=60", 0, "fresh 60"],
    ["max-age=0", "max-age=60", 1, "validate request max-age 59"],
    ["max-age=x", "max-age=60", 0, "validate request max-age 60"],
    ["max-age=100", "max-age=60, stale-while-revalidate=30", 61, "validate stale past-freshness -1"],
    ["min-fresh=50", "max-age=60", 10, "fresh 50"],
    ["min-fresh=50", "max-age=60", 11, "validate request min-fresh 49"],
    ["min-fresh=x", "max-age=60", 0, "validate request min-fresh 60"],
    ["min-fresh=0", "max-age=60, stale-while-revalidate=30", 61, "validate request min-fresh -1"],
    ["max-stale", "max-age=60", 1000, "max-stale -940"],
    ["max-stale=5", "max-age=60", 65, "max-stale -5"],
    ["max-stale=5", "max-age=60", 66, "validate stale past-freshness -6"],
    ["max-stale=x", "max-age=60", 61, "validate stale past-freshness -1"],
    ["max-stale", "max-age=60, must-revalidate", 61, "validate stale past-freshness -1"],
    ["max-stale", "max-age=60, proxy-revalidate", 61, "validate stale past-freshness -1"],
    ["max-stale", "s-maxage=60", 61, "validate stale past-freshness -1"],
    ["max-stale", "max-age=60, no-cache", 1, "validate stale no-cache 59"],
    ["max-stale, max-age=100", "max-age=60", 90, "max-stale -30"],
    ["max-stale, max-age=80", "max-age=60", 90, "validate request max-age -30"],
    ["max-stale, max-age=100", "max-age=60, stale-while-revalidate=50", 90, "max-stale -30 refresh"],
    ["only-if-cached", "max-age=60", 10, "fresh 50"],
    ["only-if-cached", "max-age=60", 61, "only-if-cached-unmet"],
    ["only-if-cached, max-stale", "max-age=60", 61, "max-stale -1"],
    ["only-if-cached, no-cache", "max-age=60", 1, "only-if-cached-unmet"],
    ["no-store", "max-age=60", 1, "bypass request no-store"],
    ["no-store, only-if-cached", "max-age=60", 1, "fresh 59"],
  ];
  for (const [asked, directives, after, expected] of byRequest) {
    it(`gives "${expected}" to a request with ${asked} for ${directives} after ${after} s`, () => {
      expect(verdict([`Cache-Control: ${directives}`], after, wish(asked))).to.equal(expected);
    });
  }

  it("takes Pragma: no-cache only without Cache-Control", () => {
    expect(verdict(["Cache-Control: max-age=60"], 0, get("Pragma: no-cache"))).to.equal(
      "validate request no-cache 60",
    );
    const both = get("Pragma: no-cache", "Cache-Control: max-age=5");
    expect(verdict(["Cache-Control: max-age=60"], 0, both)).to.equal("fresh 60");
  });

  it("uses a purged response, and any response without the lease, as a validator only", () => {
    for (const standing of [PURGED, LAPSED]) {
      const directives = ["Cache-Control: max-age=60, stale-while-revalidate=60"];
      expect(verdict(directives, 0, get(), standing)).to.equal(`validate stale ${standing.kind} 60`);
      expect(verdict(directives, 70, wish("max-stale"), standing)).to.equal(
        `validate stale ${standing.kind} -10`,
      );
      expect(verdict(directives, 0, wish("only-if-cached"), standing)).to.equal("only-if-cached-unmet");
    }
  });

  const bySoftPurge: readonly (readonly [string, number, number, string, string])[] = [
    ["max-age=60, stale-while-revalidate=30", 0, 0, "", "stale-while-revalidate 0 refresh"],
    ["max-age=60, stale-while-revalidate=30", 10, 0.9, "", "stale-while-revalidate 0 refresh"],
    ["max-age=60, stale-while-revalidate=30", 40, 29.9, "", "stale-while-revalidate -29 refresh"],
    ["max-age=60, stale-while-revalidate=30", 40, 30, "", "validate stale soft-purged -30"],
    // Whatever makes it stale the longer counts.
    ["max-age=60, stale-while-revalidate=30", 80, 5, "", "stale-while-revalidate -20 refresh"],
    ["max-age=60, stale-while-revalidate=30", 90, 5, "", "validate stale soft-purged -30"],
    ["max-age=60", 1, 0.1, "", "validate stale soft-purged 0"],
    ["max-age=60, stale-while-revalidate=0", 1, 0, "", "validate stale soft-purged 0"],
    ["max-age=60, stale-while-revalidate=x", 1, 0, "", "validate stale soft-purged 0"],
    ["max-age=60, stale-while-revalidate=30, must-revalidate", 1, 1, "", "validate stale soft-purged -1"],
    ["max-age=60, stale-while-revalidate=30, proxy-revalidate", 1, 1, "", "validate stale soft-purged -1"],
    ["max-age=60, stale-while-revalidate=30, no-cache", 1, 1, "", "validate stale soft-purged -1"],
    ["s-maxage=60, stale-while-revalidate=30", 1, 1, "", "validate stale soft-purged -1"],
    ["max-age=60", 1, 1, "max-stale", "validate stale soft-purged -1"],
    ["max-age=60, stale-while-revalidate=30", 40, 31, "max-stale", "validate stale soft-purged -31"],
    ["max-age=60, stale-while-revalidate=30", 1, 1, "max-stale", "stale-while-revalidate -1 refresh"],
    ["max-age=60, stale-while-revalidate=30", 1, 1, "max-age=9, max-stale", "validate stale soft-purged -1"],
    ["max-age=60, stale-while-revalidate=30", 1, 1, "max-age=100", "validate stale soft-purged -1"],
    ["max-age=60, stale-while-revalidate=30", 1, 0.5, "min-fresh=0", "validate stale soft-purged 0"],
    ["max-age=60, stale-while-revalidate=30", 1, 1, "no-cache", "validate stale soft-purged -1"],
    ["max-age=60, stale-while-revalidate=30", 1, 1, "only-if-cached", "stale-while-revalidate -1 refresh"],
    ["max-age=60", 1, 1, "only-if-cached", "only-if-cached-unmet"],
  ];
  for (const [directives, after, seconds, asked, expected] of bySoftPurge) {
    it(`gives "${expected}" to ${directives} after ${after} s, softly purged ${seconds} s ago, asked for ${asked || "nothing"}`, () => {
      const request = asked === "" ? get() : wish(asked);
      expect(verdict([`Cache-Control: ${directives}`], after, request, softly(seconds))).to.equal(expected);
    });
  }

  it("counts the freshness left from a soft purge, if that leaves less", () => {
    const head = stored("Cache-Control: max-age=60");
    const left = (standing: PurgeStanding) => ttlLeft(head, standing, later(40_000));
    expect([left(TRUSTED), left(PURGED), left(LAPSED)]).to.deep.equal([20, 20, 20]);
    expect([left(softly(0)), left(softly(3.5))]).to.deep.equal([0, -3]);
    expect(ttlLeft(head, softly(3.5), later(70_000))).to.equal(-10);
    const standings: readonly PurgeStanding[] = [TRUSTED, LAPSED, PURGED, softly(0)];
    expect(standings.filter(isPurged)).to.deep.equal([PURGED, softly(0)]);
  });

  it("passes on every method but GET and HEAD, and conditions that only an origin can evaluate", () => {
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "M-SEARCH", "head"]) {
      const request = { ...get(), method };
      expect(verdict(["Cache-Control: max-age=60"], 0, request)).to.equal(`bypass method ${method}`);
    }
    const passed: readonly (readonly [string, string])[] = [
      ['If-Match: "a"', "if-match"],
      ["If-Unmodified-Since: Thu, 15 Jan 2026 10:00:00 GMT", "if-unmodified-since"],
      ["Content-Length: 3", "content"],
    ];
    for (const [line, detail] of passed) {
      expect(verdict(["Cache-Control: max-age=60"], 0, get(line))).to.equal(`bypass request ${detail}`);
    }
  });

  it("does not pass on a request that must not be forwarded", () => {
    const request = get('If-Match: "a"', "Cache-Control: only-if-cached");
    expect(verdict(["Cache-Control: max-age=60"], 0, request)).to.equal("only-if-cached-unmet");
  });

  it("answers a HEAD from a stored GET, a GET from a stored POST, and no GET from a stored HEAD", () => {
    const judged = (asked: string, held: StoredHead["method"]): string => {
      const head = { ...stored("Cache-Control: max-age=60"), method: held };
      return described(judge({ ...get(), method: asked }, [head], trusted, later(0)));
    };
    expect(judged("HEAD", "GET")).to.equal("fresh 60");
    expect(judged("HEAD", "HEAD")).to.equal("fresh 60");
    expect(judged("GET", "POST")).to.equal("fresh 60");
    expect(judged("GET", "HEAD")).to.equal("absent uri-miss");
  });

  it("tells a missing URI from a missing variant and from a missing part", () => {
    expect(described(judge(get(), [], trusted, later(0)))).to.equal("absent uri-miss");
    const english = storedBy(
      get("Accept-Language: en"),
      "Cache-Control: max-age=60",
      "Vary: Accept-Language",
    );
    expect(described(judge(get("Accept-Language: fr"), [english], trusted, later(0)))).to.equal(
      "absent vary-miss",
    );
    expect(described(judge(get(), [english], trusted, later(0)))).to.equal("absent vary-miss");
    const part = withHead(stored("Cache-Control: max-age=60", "Content-Range: bytes 5-9/10"), {
      status: 206,
    });
    expect(described(judge(get(), [part], trusted, later(0)))).to.equal("absent partial");
    expect(described(judge(get("Range: bytes=6-7"), [part], trusted, later(0)))).to.equal("fresh 60");
    expect(described(judge(wish("only-if-cached"), [], trusted, later(0)))).to.equal("only-if-cached-unmet");
  });

  it("chooses the most recent by Date of the variants that match", () => {
    const made = (seconds: number, ...lines: readonly string[]): StoredHead =>
      stored(`Date: ${formatHttpDate(NOW - seconds * 1000)}`, "Cache-Control: max-age=60", ...lines);
    const variants = [
      made(20),
      made(5),
      made(9),
      storedBy(get("Foo: 1"), "Vary: Foo", "Cache-Control: max-age=60"),
    ];
    const chosen = judge(get(), variants, trusted, later(0));
    expect(chosen.kind === "fresh" && chosen.stored).to.equal(variants[1]);
    const sameDate = [made(5), { ...made(5), responseTime: later(1) }];
    const last = judge(get(), sameDate, trusted, later(0));
    expect(last.kind === "fresh" && last.stored).to.equal(sameDate[1]);
  });

  it("is never fresh past its lifetime, and never uses a stale one without permission", () => {
    const directive = fc.constantFrom(
      "max-age=5",
      "max-age=0",
      "max-age=x",
      "s-maxage=7",
      "stale-while-revalidate=6",
      "must-revalidate",
      "no-cache",
      "public",
      "immutable",
    );
    const asked = fc.constantFrom(
      "max-stale",
      "max-stale=3",
      "max-age=4",
      "min-fresh=2",
      "only-if-cached",
      "no-cache",
    );
    const age = fc.nat(12).map((seconds) => [`Age: ${seconds}`]);
    fc.assert(
      fc.property(fc.array(directive), fc.array(asked), age, fc.nat(20_000), (response, wishes, ages, ms) => {
        const head = stored(`Cache-Control: ${response.join()}`, ...ages);
        const now = later(ms);
        const given = judge(wish(wishes.join()), [head], trusted, now);
        const left = head.lifetime.seconds - currentAge(head, now);
        if (given.kind === "fresh") {
          expect(left).to.be.above(0);
          expect(response).not.to.include("no-cache");
        }
        if (given.kind === "stale-usable") {
          expect(left).to.be.at.most(0);
          expect(response).not.to.include.members(["no-cache"]);
          expect(response.includes("must-revalidate") || response.includes("s-maxage=7")).to.equal(false);
          const permitted = response.includes("stale-while-revalidate=6") ? -left < 6 : false;
          const tolerated = wishes.some((text) => text.startsWith("max-stale"));
          expect(permitted || tolerated).to.equal(true);
        }
      }),
    );
  });
});

const told = (standing: PurgeStanding): string =>
  standing.kind === "soft-purged" ? `softly purged ${standing.seconds} s ago` : standing.kind;

describe("mayServeOnError", () => {
  const cases: readonly (readonly [
    string,
    number,
    string,
    PurgeStanding,
    "unreachable" | "server-error",
    boolean,
  ])[] = [
    ["max-age=60, stale-if-error=60", 120, "", TRUSTED, "server-error", true],
    ["max-age=60, stale-if-error=60", 121, "", TRUSTED, "server-error", false],
    ["max-age=60, stale-if-error=60", 90, "max-age=0", TRUSTED, "server-error", true],
    ["max-age=60, stale-if-error=60", 90, "no-cache", TRUSTED, "server-error", false],
    ["max-age=60, stale-if-error=x", 61, "", TRUSTED, "server-error", false],
    ["max-age=60, stale-if-error=60", 90, "", LAPSED_BUT_SERVING, "unreachable", true],
    ["max-age=60, stale-if-error=60", 90, "", LAPSED, "unreachable", false],
    ["max-age=60, stale-if-error=60", 10, "", LAPSED_BUT_SERVING, "unreachable", true],
    ["max-age=60, stale-if-error=60", 10, "", LAPSED, "unreachable", false],
    ["max-age=60, stale-if-error=60", 121, "", LAPSED_BUT_SERVING, "unreachable", false],
    ["max-age=60", 10, "", LAPSED_BUT_SERVING, "unreachable", false],
    ["max-age=60", 70, "max-stale", LAPSED_BUT_SERVING, "unreachable", false],
    ["max-age=60", 70, "stale-if-error=60", LAPSED_BUT_SERVING, "unreachable", false],
    ["max-age=60, stale-if-error=60", 10, "", PURGED, "unreachable", false],
    ["max-age=60, stale-if-error=60", 10, "", softly(0), "server-error", true],
    ["max-age=60, stale-if-error=60", 80, "", softly(60), "unreachable", true],
    ["max-age=60, stale-if-error=60", 80, "", softly(60.1), "unreachable", false],
    ["max-age=60, stale-if-error=60", 121, "", softly(1), "unreachable", false],
    ["max-age=60, stale-if-error=60", 10, "no-cache", softly(1), "unreachable", false],
    ["max-age=60, stale-if-error=60", 10, "max-age=0", softly(1), "unreachable", true],
    ["max-age=60, stale-if-error=60, must-revalidate", 10, "", softly(1), "unreachable", false],
    ["s-maxage=60, stale-if-error=60", 10, "", softly(1), "unreachable", false],
    ["max-age=60, stale-if-error=60, no-cache", 10, "", softly(1), "unreachable", false],
    ["max-age=60", 10, "", softly(1), "unreachable", false],
    ["max-age=60", 10, "stale-if-error=60", softly(1), "server-error", false],
    ["max-age=60", 10, "max-stale", softly(1), "unreachable", false],
    ["max-age=60, stale-if-error=60, must-revalidate", 61, "", TRUSTED, "unreachable", false],
    ["max-age=60, stale-if-error=60, proxy-revalidate", 61, "", TRUSTED, "unreachable", false],
    ["max-age=60, stale-if-error=60, no-cache", 1, "", TRUSTED, "unreachable", false],
    ["s-maxage=60, stale-if-error=60", 61, "", TRUSTED, "unreachable", false],
    ["s-maxage=60, stale-if-error=60", 10, "", LAPSED_BUT_SERVING, "unreachable", true],
    ["s-maxage=60, stale-if-error=60", 10, "", LAPSED, "unreachable", false],
    ["max-age=60", 61, "", TRUSTED, "unreachable", true],
    ["max-age=60", 61, "", TRUSTED, "server-error", false],
    ["max-age=60", 60 + 86_400, "", TRUSTED, "unreachable", true],
    ["max-age=60", 60 + 86_401, "", TRUSTED, "unreachable", false],
    ["max-age=60", 61, "max-age=10", TRUSTED, "unreachable", false],
    ["max-age=60", 10, "max-age=5", TRUSTED, "unreachable", true],
    ["max-age=60", 70, "stale-if-error=10", TRUSTED, "server-error", true],
    ["max-age=60", 70, "max-stale=10", TRUSTED, "server-error", true],
    ["max-age=60", 71, "max-stale=10", TRUSTED, "server-error", false],
  ];
  for (const [directives, after, asked, standing, error, expected] of cases) {
    it(`is ${expected} when ${told(standing)}, ${error}, ${directives}, ${after} s, asked for ${asked || "nothing"}`, () => {
      const head = stored(`Cache-Control: ${directives}`);
      const request = asked === "" ? get() : wish(asked);
      expect(mayServeOnError(head, standing, later(after * 1000), request, error)).to.equal(expected);
    });
  }
});
