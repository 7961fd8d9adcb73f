import { expect } from "chai";
import fc from "fast-check";
import { cacheKey } from "./cache-key.ts";

describe("cacheKey", () => {
  it("is another one for each pair of site and target: it says both", () => {
    const site = fc.stringMatching(/^[a-z0-9.-]+$/);
    const target = fc.stringMatching(/^\/[\x21-\x7e]*$/);
    fc.assert(
      fc.property(site, target, (name, path) => {
        const key = cacheKey(name, path);
        const space = key.indexOf(" ");
        expect([key.slice(0, space), key.slice(space + 1)]).to.deep.equal([name, path]);
      }),
    );
  });

  it("keeps the target byte for byte", () => {
    expect(cacheKey("default", "/a/../b%2e?x=%C3")).to.equal("default /a/../b%2e?x=%C3");
  });
});
