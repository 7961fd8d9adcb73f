import { expect } from "chai";
import fc from "fast-check";
import { cacheKey, siteOfKey, targetOfKey } from "./cache-key.ts";

describe("cacheKey", () => {
  it("gives back the site and the target that it was made of, so that no two pairs share a key", () => {
    const site = fc.stringMatching(/^[a-z0-9.-]+$/);
    const target = fc.stringMatching(/^\/[\x21-\x7e]*$/);
    fc.assert(
      fc.property(site, target, (name, path) => {
        const key = cacheKey(name, path);
        expect([siteOfKey(key), targetOfKey(key)]).to.deep.equal([name, path]);
      }),
    );
  });

  it("keeps the target byte for byte", () => {
    expect(cacheKey("default", "/a/../b%2e?x=%C3")).to.equal("default /a/../b%2e?x=%C3");
  });
});
