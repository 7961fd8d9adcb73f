import { expect } from "chai";
import fc from "fast-check";
import { normalPrefix, normalTarget } from "./uri-equivalence.ts";

describe("the normal form of a target", () => {
  for (const [target, normal] of [
    ["/hello.txt", "/hello.txt"],
    ["/%68ello%2Etxt", "/hello.txt"],
    ["/caf%c3%a9", "/caf%C3%A9"],
    ["/a%2fb", "/a%2Fb"],
    ["/a%252e", "/a%252e"],
    ["/%7euser/%2D%5f", "/~user/-_"],
    ["/a/./b/../c", "/a/c"],
    ["/a/%2e%2e/b", "/b"],
    ["/../../a", "/a"],
    ["/a/..", "/"],
    ["/a/.", "/a/"],
    ["/a/...", "/a/..."],
    ["//a/../b", "//b"],
    ["/a?x=%41&y=/../z", "/a?x=A&y=/../z"],
    // Reserved characters mean something else when they are escaped.
    ["/a%3Fb", "/a%3Fb"],
    ["/a%21", "/a%21"],
  ] as const) {
    it(`of ${target} is ${normal}`, () => expect(normalTarget(target)).to.equal(normal));
  }

  it("is its own normal form, and names what the target names", () => {
    const piece = fc.constantFrom("/", ".", "..", "%2e", "%2F", "%61", "a", "?", "%25", "b=c");
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const target = `/${pieces.join("")}`;
        const normal = normalTarget(target);
        expect(normalTarget(normal)).to.equal(normal);
        expect(normal.startsWith("/")).to.equal(true);
      }),
    );
  });

  it("leaves the last segment of a prefix open", () => {
    for (const [prefix, normal] of [
      ["/%61/b", "/a/b"],
      ["/a/./b", "/a/b"],
      ["/.", "/."],
      ["/a/..", "/a/.."],
      ["/a/%2e%2e/", "/"],
      ["/a%2", "/a%2"],
      ["/x/../a?b=%41", "/a?b=A"],
    ] as const) {
      expect(normalPrefix(prefix), prefix).to.equal(normal);
    }
  });
});
