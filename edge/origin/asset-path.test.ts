import { expect } from "chai";
import fc from "fast-check";
import { assetPath, canonicalTarget } from "./asset-path.ts";

function names(target: string): readonly string[] | undefined {
  return assetPath(target)?.names;
}

describe("assetPath", () => {
  it("splits a path into its names and leaves the query out", () => {
    expect(assetPath("/a/b.txt?x=/../y")).to.deep.equal({ names: ["a", "b.txt"], directory: false });
  });

  it("takes a path that ends in a slash for a directory", () => {
    expect(assetPath("/")).to.deep.equal({ names: [], directory: true });
    expect(assetPath("/a/")).to.deep.equal({ names: ["a"], directory: true });
  });

  it("decodes exactly once", () => {
    expect(names("/100%2525.txt")).to.deep.equal(["100%25.txt"]);
    expect(names("/what%3f%23%20now")).to.deep.equal(["what?# now"]);
  });

  it("gives the bytes of a name that is not ASCII", () => {
    const [name = ""] = names(`/${encodeURIComponent("grüße-日本.txt")}`) ?? [];
    expect(Buffer.from(name, "latin1").toString()).to.equal("grüße-日本.txt");
    expect(names("/%ff%fe")).to.deep.equal(["\xff\xfe"]);
  });

  for (const target of [
    "/../secret",
    "/a/../b",
    "/a/./b",
    "/%2e%2e/secret",
    "/.%2E/secret",
    "/a/..%2fsecret",
    "/a%2fb",
    "/a%00.txt",
    "/.env",
    "/a/.git/config",
    "/a/..",
    "//evil/x",
    "/a//b",
    "/a//",
    "/%zz",
    "/%4",
    "/%",
    "/日本",
    "a",
    "",
    "*",
    "http://host/a",
  ]) {
    it(`finds nothing to serve in ${JSON.stringify(target)}`, () => {
      expect(assetPath(target)).to.equal(undefined);
    });
  }

  it("never yields a name that climbs, hides or separates, whatever the target", () => {
    const piece = fc.constantFrom(
      "/",
      ".",
      "..",
      "%2e",
      "%2E",
      "%2f",
      "%00",
      "%25",
      "%5c",
      "\\",
      "a",
      "?",
      "%",
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        for (const name of names(`/${pieces.join("")}`) ?? []) expect(name).to.match(/^[^./\0][^/\0]*$/);
      }),
    );
  });
});

describe("canonicalTarget", () => {
  function canonical(target: string): string | undefined {
    const path = assetPath(target);
    return path === undefined ? undefined : canonicalTarget(path, target);
  }

  for (const target of ["/", "/a/b.txt", "/a/", "/a?b=%20", "/caf%C3%A9/~a_b-c", "/a!$&'()*+,;=:@"]) {
    it(`of ${target} is itself`, () => expect(canonical(target)).to.equal(target));
  }

  for (const [target, expected] of [
    ["/%68ello%2etxt", "/hello.txt"],
    ["/caf%c3%a9", "/caf%C3%A9"],
    ["/a%21", "/a!"],
    ["/a|b", "/a%7Cb"],
    ["/index.html", "/"],
    ["/sub/index.html?a=1", "/sub/?a=1"],
    ["/sub/%69ndex.html", "/sub/"],
    ["/a%20b/c%25d", "/a%20b/c%25d"],
    // What a client could take for the start of a host or for another line.
    ["/\\evil", "/%5Cevil"],
    ["/a%0d%0aSet-Cookie:x", "/a%0D%0ASet-Cookie:x"],
  ] as const) {
    it(`of ${target} is ${expected}`, () => expect(canonical(target)).to.equal(expected));
  }

  it("is its own, always stays on this host, and names the same file", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii" }), (text) => {
        const target = `/${text}`;
        const path = assetPath(target);
        if (path === undefined) return;
        const moved = canonicalTarget(path, target);
        expect(canonical(moved)).to.equal(moved);
        expect(new URL(moved, "http://here").host).to.equal("here");
        if (path.names.at(-1) !== "index.html") expect(assetPath(moved)).to.deep.equal(path);
      }),
    );
  });
});
