import { expect } from "chai";
import fc from "fast-check";
import { cacheKey } from "./cache-key.ts";

describe("cacheKey", () => {
  const site = fc.stringMatching(/^[A-Za-z0-9._-]+$/);
  const base = fc.constantFrom("", "http://", "https://shop.example", "http://[::1]:8080");
  const target = fc.stringMatching(/^\/[\x21-\x7e]*$/);
  const named = fc.record({ site, base, target });

  it("is another one for each site and URI", () => {
    fc.assert(
      fc.property(named, named, (a, b) => {
        const same = a.site === b.site && a.base === b.base && a.target === b.target;
        // What a directory is asked for has no base: that of one site is always or never empty.
        fc.pre((a.base === "") === (b.base === ""));
        expect(cacheKey(a) === cacheKey(b)).to.equal(same);
      }),
    );
  });

  it("keeps the target byte for byte", () => {
    const target = "/a/../b%2e?x=%C3";
    expect(cacheKey({ site: "default", target })).to.equal("default /a/../b%2e?x=%C3");
    expect(cacheKey({ site: "shop", base: "https://shop.example", target })).to.equal(
      "shop https://shop.example/a/../b%2e?x=%C3",
    );
  });
});
