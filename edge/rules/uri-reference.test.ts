import { expect } from "chai";
import fc from "fast-check";
import { sameOriginTarget } from "./uri-reference.ts";

describe("sameOriginTarget", () => {
  const cases: readonly (readonly [string, string, string | undefined])[] = [
    ["/x", "http://a", "/x"],
    ["/x/./y", "http://a", "/x/./y"],
    ["http://a/x", "http://a:80", "/x"],
    ["http://a:80/x", "http://a", "/x"],
    ["https://a:443/x", "https://a", "/x"],
    ["https://a/x", "http://a", undefined],
    ["//user@a/x", "http://a", "/x"],
    ["//a@b/x", "http://a", undefined],
    ["x", "http://a", "/dir/x"],
    ["", "http://a", "/dir/file"],
    ["/x", "not an origin", "/x"],
    ["http://a/x", "not an origin", undefined],
  ];
  for (const [reference, origin, expected] of cases) {
    it(`is ${expected} for "${reference}" at ${origin}`, () => {
      expect(sameOriginTarget(reference, origin, "/dir/file")).to.equal(expected);
    });
  }

  it("never throws, and gives only targets that begin with a slash", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.webPath()), (reference) => {
        const target = sameOriginTarget(reference, "http://a", "/dir/file");
        if (target !== undefined) expect(target[0]).to.equal("/");
      }),
    );
  });
});
