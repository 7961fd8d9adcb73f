import { expect } from "chai";
import fc from "fast-check";
import { parse } from "yaml";
import { Fields } from "../../http/message/fields.ts";
import { systemClock } from "../../process/clock.ts";
import { WorkSlice } from "../../process/work-slice.ts";
import { MOST_TARGETS, type PurgeTarget } from "../../purge-log/purge.ts";
import { BusyClock } from "../../test/rig/busy-clock.ts";
import { ruleBook, siteRulesList } from "../origin/site/rule-schema.ts";
import { Sites } from "../origin/sites.ts";
import { planRequest } from "../rules/site/plan-request.ts";
import { SAFE_RULES } from "../rules/site-rules.ts";
import { covers } from "../store/purge-match.ts";
import { storedTargets } from "./stored-targets.ts";
import { TARGET_LIMITS } from "./target-room.ts";

const TRACKING = "{key: {query: {ignore: [tracking]}}}";
/** That holds for some requests and for others not. */
const perHeader = (of: number) => `{match: {header: {X-Of: "${of}"}}, rewrite: "/of${of}{path}"}`;

const rulesOf = (rules: readonly string[]) => ({
  ...SAFE_RULES,
  book: ruleBook(siteRulesList.parse(rules.map((rule) => parse(rule)))),
});

/** s0, s1 and so on with these rules, and one without rules. */
function sitesWith(...rules: readonly (readonly string[])[]): Sites {
  const origin = { kind: "directory", path: "/" } as const;
  const sites = rules.map((those, at) => ({
    name: `s${at}`,
    hosts: [`s${at}.example`],
    origin,
    rules: rulesOf(those),
  }));
  return new Sites([...sites, { name: "plain", hosts: ["plain.example"], origin }]);
}

const url = (target: string, site?: string): PurgeTarget =>
  site === undefined ? { kind: "url", target } : { kind: "url", target, site };

const urlsOf = (count: number, query = "") =>
  Array.from({ length: count }, (_, at) => url(`/p/${at}${query}`));

function storedFor(named: readonly PurgeTarget[], sites: Sites, limits: Partial<typeof TARGET_LIMITS> = {}) {
  return storedTargets(named, sites, new WorkSlice(systemClock), { ...TARGET_LIMITS, ...limits });
}

describe("the targets that rules make of the URLs of a purge", () => {
  it("are those of the sites that have such rules, each once, where the URL names no site", async () => {
    const named = [url("/a?gclid=1"), url("/a?gclid=2"), url("/a"), { kind: "tag", tag: "t" } as const];
    const { targets, widened } = await storedFor(named, sitesWith([TRACKING], ["{tags: t}"], [TRACKING]));
    expect(targets).to.deep.equal([url("/a", "s0"), url("/a", "s2")]);
    expect(widened).to.deep.equal([]);
  });

  it("are those of the site that the URL names", async () => {
    const named = [url("/a", "s1"), url("/b", "plain")];
    const { targets } = await storedFor(named, sitesWith([perHeader(0)], [perHeader(1)]));
    expect(targets).to.deep.equal([url("/of1/a", "s1")]);
  });

  it("name no site where all sites have the same rules", async () => {
    const origin = { kind: "directory", path: "/" } as const;
    const rules = rulesOf([TRACKING]);
    const sites = new Sites(["a", "b"].map((name) => ({ name, hosts: [name], origin, rules })));
    expect((await storedFor([url("/a?gclid=1")], sites)).targets).to.deep.equal([url("/a")]);
  });

  it("name no site when there is no room for those of every site with the same rules", async () => {
    const sites = sitesWith([TRACKING], [TRACKING]);
    const named = [url("/a?q&gclid=1"), url("/b?q&gclid=1")];
    const [enough, less] = [
      await storedFor(named, sites, { targets: 4 }),
      await storedFor(named, sites, { targets: 3 }),
    ];
    expect(enough.targets).to.have.deep.members(
      ["s0", "s1"].flatMap((site) => [url("/a?q", site), url("/b?q", site)]),
    );
    expect(less).to.deep.equal({ targets: [url("/a?q"), url("/b?q")], widened: [] });
  });

  it("are the paths with every query when there are too many, where rules change only queries", async () => {
    const named = [url("/a?q&gclid=1"), url("/b?q&gclid=1", "s0"), url("/c")];
    const sites = sitesWith([TRACKING]);
    const [enough, less] = [
      await storedFor(named, sites, { targets: 2 }),
      await storedFor(named, sites, { targets: 1 }),
    ];
    expect(enough).to.deep.equal({ targets: [url("/a?q", "s0"), url("/b?q", "s0")], widened: [] });
    expect(less).to.deep.equal({ targets: [url("/a"), url("/b", "s0")], widened: ["s0"] });
  });

  it("are the whole site when there are too many, where rules change paths, and only there", async () => {
    const sites = sitesWith([perHeader(0), perHeader(1)], [perHeader(2)]);
    const named = urlsOf(2);
    const enough = await storedFor(named, sites, { targets: 6 });
    expect([enough.targets.length, enough.widened]).to.deep.equal([6, []]);
    expect(await storedFor(named, sites, { targets: 3 })).to.deep.equal({
      targets: [{ kind: "everything", site: "s0" }, url("/of2/p/0", "s1"), url("/of2/p/1", "s1")],
      widened: ["s0"],
    });
  });

  it("are bounded in characters, in looks, and in how often there was no room", async () => {
    const sites = sitesWith([perHeader(0)], [perHeader(1)], [perHeader(2)]);
    const named = urlsOf(2);
    const wholeSites = async (limits: Partial<typeof TARGET_LIMITS>) =>
      (await storedFor(named, sites, limits)).widened;
    const characters = 6 * "/of0/p/0".length;
    expect(await wholeSites({ characters })).to.deep.equal([]);
    expect(await wholeSites({ characters: characters - 1 })).to.deep.equal(["s2"]);
    expect(await wholeSites({ looks: 6 })).to.deep.equal([]);
    expect(await wholeSites({ looks: 5 })).to.deep.equal(["s2"]);
    // A look is at 64 characters.
    const long = [url(`/${"x".repeat(62)}`), url(`/${"x".repeat(63)}`)];
    const looked = async (looks: number) => (await storedFor(long, sites, { looks })).widened;
    expect([await looked(9), await looked(8)]).to.deep.equal([[], ["s2"]]);
    const large = sitesWith(
      [perHeader(0), perHeader(1)],
      [perHeader(2)],
      ["{match: {path: /x}, rewrite: /y}"],
    );
    const missing = async (misses: number) => (await storedFor(named, large, { targets: 3, misses })).widened;
    expect([await missing(2), await missing(1)]).to.deep.equal([["s0"], ["s0", "s1"]]);
  });

  const NAMED = urlsOf(MOST_TARGETS, "?q&gclid=1");
  const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);
  const fleets: readonly [what: string, rules: readonly (readonly string[])[], made: number][] = [
    ["a rule of 1,000 sites", numbers(999).map(() => [TRACKING]), 1_000],
    [
      "rewrites that 1,000 sites do not share",
      numbers(999).map((at) => [`{rewrite: "/s${at}{path}"}`]),
      5_994,
    ],
    ["five rewrites of one site", [numbers(5).map(perHeader)], 5_000],
    ["six rewrites of one site", [numbers(6).map(perHeader)], 1],
    ["150 rewrites of one site", [numbers(150).map(perHeader)], 1],
    [
      "100 rewrites and 100 queries of one site",
      [
        [
          ...numbers(100).map(perHeader),
          ...numbers(100).map((at) => `{match: {header: {X: "${at}"}}, ${TRACKING.slice(1)}`),
        ],
      ],
      1,
    ],
  ];
  for (const [what, rules, made] of fleets) {
    it(`are ${made} for a thousand URLs with ${what}, made in slices`, async () => {
      // At every look at the clock a slice is over, so that each turn has one or two looks.
      const clock = new BusyClock(1_000);
      const { targets } = await storedTargets(NAMED, sitesWith(...rules), new WorkSlice(clock));
      clock.stop();
      expect(targets).to.have.length(made);
      expect(clock.longestTurnMs).to.be.at.most(3_000);
    }).timeout(20_000);
  }

  it("cover whatever the rules make of a request, however little room there is", async () => {
    const rules = [
      '{match: {path: /old/**}, rewrite: "/new/{rest}"}',
      perHeader(1),
      TRACKING,
      "{match: {header: {X-Of: '2'}}, key: {query: {keep: [q]}}}",
    ];
    const sites = sitesWith(rules, [rules[2] ?? ""], rules.slice(2), rules.slice(2));
    const books = new Map(
      sites.targetRules.flatMap(({ sites, book }) => sites.map((site) => [site, book] as const)),
    );
    const target = fc
      .tuple(fc.constantFrom("/", "/old/x", "/a"), fc.constantFrom("", "?q=1", "?gclid=2", "?q=1&gclid=2&b"))
      .map((parts) => parts.join(""));
    const named = fc.record({
      target,
      site: fc.option(fc.constantFrom(...books.keys()), { nil: undefined }),
    });
    const few = fc.integer({ min: 0, max: 8 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(named, { minLength: 1, maxLength: 5 }),
        fc.record({
          targets: few,
          characters: few.map((n) => 20 * n),
          looks: few.map((n) => 5 * n),
          misses: few,
        }),
        fc.constantFrom("0", "1", "2"),
        async (urls, limits, of) => {
          const purge = urls.map(({ target, site }) => url(target, site));
          const all = [...purge, ...(await storedFor(purge, sites, limits)).targets];
          expect(all.length).to.be.at.most(2 * purge.length + limits.targets + books.size);
          for (const { target, site } of urls) {
            for (const [name, book] of books) {
              if (site !== undefined && site !== name) continue;
              const fields = Fields.of([["X-Of", of]]);
              const plan = planRequest(book, { method: "GET", target, fields, authority: "a" });
              if (plan.kind === "answer") continue;
              const stored = { site: name, target: plan.request.target, tags: [], variance: undefined };
              expect(
                all.some((each) => covers(each, stored)),
                `${target} in ${name}`,
              ).to.equal(true);
            }
          }
        },
      ),
    );
  });
});
