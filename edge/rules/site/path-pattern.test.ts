import { expect } from "chai";
import fc from "fast-check";
import { matchSegments, PathPattern } from "./path-pattern.ts";
import { guardedPaths, normalPath } from "./path-readings.ts";

describe("a pattern of paths", () => {
  const cases: readonly [pattern: string, matching: readonly string[], others: readonly string[]][] = [
    ["/a", ["/a"], ["/", "/a/", "/ab", "/b", "/a/b"]],
    ["/a/**", ["/a", "/a/", "/a/b", "/a/b/c"], ["/", "/ab", "/b/a"]],
    ["/**", ["/", "/a", "/a/b/"], []],
    ["/a/*", ["/a/", "/a/b"], ["/a", "/a/b/c"]],
    ["/*.css", ["/x.css", "/.css"], ["/a/x.css", "/x.css/", "/x.cssx"]],
    ["/**/*.css", ["/x.css", "/a/b/x.css"], ["/x.css/a", "/x.js"]],
    ["/a/**/b/*/c", ["/a/b/x/c", "/a/1/2/b/x/c", "/a/b/b/b/c"], ["/a/b/c", "/a/b/x/y/c"]],
    ["/**/a/**/a", ["/a/a", "/a/x/a", "/x/a/y/a"], ["/a", "/a/x"]],
    ["/p*q*r", ["/pqr", "/p1q2r", "/pqqr"], ["/pq", "/pr", "/p/q/r"]],
    ["/grün", ["/gr\u00c3\u00bcn"], ["/grun"]],
    ["/a%20b", ["/a b"], ["/a%20b"]],
  ];
  for (const [pattern, matching, others] of cases) {
    it(`${pattern} matches ${matching.join(" ")} and not ${others.join(" ")}`, () => {
      const test = new PathPattern(pattern);
      for (const path of matching) expect(test.matches(path), path).to.equal(true);
      for (const path of others) expect(test.matches(path), path).to.equal(false);
    });
  }

  it("matches what a plain reading of it matches", () => {
    const segment = fc.constantFrom("a", "b", "ab", "", "*", "a*", "*b", "*a*", "**");
    const path = fc.array(fc.constantFrom("a", "b", "ab", "aab", ""), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), path, (segments, parts) => {
        const text = `/${parts.join("/")}`;
        expect(new PathPattern(`/${segments.join("/")}`).matches(normalPath(text))).to.equal(
          plainly(
            ["", ...segments].filter((part, at) => at === 0 || part !== "" || at === segments.length),
            normalPath(text).split("/"),
          ),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it("tests each segment of a hostile path at most once with each of its own", () => {
    for (const last of ["a", "c"]) {
      const tried = new Map<string, number>();
      const counted = (name: string, fits: (segment: string, at: number) => boolean) => (segment: string) => {
        const at = Number(segment.slice(1));
        const key = `${name} ${at}`;
        tried.set(key, (tried.get(key) ?? 0) + 1);
        return fits(segment, at);
      };
      const begins = (letter: string) => (segment: string) => segment.startsWith(letter);
      const tests = [
        "**",
        counted("first", begins("a")),
        counted("second", begins("a")),
        "**",
        counted("third", (segment, at) => begins("a")(segment) && at % 7 === 0),
        counted("fourth", begins("a")),
        "**",
        counted("last", begins("c")),
      ] as const;
      const path = [...Array.from({ length: 900 }, (_, at) => `a${at}`), `${last}900`];
      expect(matchSegments(tests, path)).to.equal(last === "c");
      expect(Math.max(...tried.values())).to.equal(1);
    }
  });

  it("tells at once that a hostile path does not match, for which one that backtracks takes minutes", () => {
    const pattern = new PathPattern("/**/a*a*a*b/**/a*a*a*b/**/c");
    for (const path of [`${"/aaaaaaaa".repeat(900)}/c`, `/b/${"a".repeat(8_000)}/c`])
      expect(pattern.matches(path)).to.equal(false);
  });
});

/** The same by trying everything. */
function plainly(pattern: readonly string[], path: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return path.length === 0;
  if (first === "**") return path.some((_, at) => plainly(rest, path.slice(at))) || plainly(rest, []);
  const [segment, ...others] = path;
  const test = new RegExp(`^${first.replaceAll("*", ".*")}$`);
  return segment !== undefined && test.test(segment) && plainly(rest, others);
}

describe("the readings of a path", () => {
  it("are one for a plain path, in its normal form", () => {
    expect(normalPath("/a/b.css")).to.equal("/a/b.css");
    expect(guardedPaths("/A/b")).to.deep.equal(["/a/b"]);
  });

  const spelled: readonly [path: string, normal: string][] = [
    ["/%61dmin", "/admin"],
    ["//admin", "/admin"],
    ["/x/../admin", "/admin"],
    ["/x/%2e%2E/admin", "/admin"],
    ["/./admin", "/admin"],
    ["/x%2f..%2fadmin", "/admin"],
    ["/../admin", "/admin"],
    ["/admin/..", "/"],
    ["/a/.", "/a/"],
    ["/.hidden/..x", "/.hidden/..x"],
  ];
  for (const [path, normal] of spelled)
    it(`${path} is ${normal}`, () => expect(normalPath(path)).to.equal(normal));

  for (const path of [
    ...spelled.slice(0, 7).map(([path]) => path),
    "/ADMIN",
    "/admin;x=1",
    "/x/..;/admin",
    "/%5cadmin",
    "/%2561dmin",
    "/x/%252e%252e/admin",
    "/admin/../admin/x/..",
    "/ADMIN/../x",
  ]) {
    it(`a guard of /admin/** is not passed by ${path}`, () => {
      const guard = new PathPattern("/admin/**", true);
      expect(guardedPaths(path).some((reading) => guard.matches(reading))).to.equal(true);
    });
  }
});
