import { expect } from "chai";
import fc from "fast-check";
import { parseTarget } from "./request-target.ts";

describe("parseTarget", () => {
  it("keeps an origin-form target byte for byte", () => {
    const visible = fc.stringMatching(/^\/[\x21-\x7e]*$/);
    fc.assert(
      fc.property(visible, (target) => {
        const parsed = parseTarget(target);
        if (typeof parsed !== "string") expect(parsed).to.deep.equal({ path: target, absolute: undefined });
      }),
    );
  });

  it("takes an absolute target apart", () => {
    expect(parseTarget("https://Example.com:8443/a?b")).to.deep.equal({
      path: "/a?b",
      absolute: { authority: { host: "example.com", port: 8443 }, defaultPort: 443 },
    });
  });

  it("begins a path with a slash, and never throws", () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl({ withQueryParameters: true }), fc.string()), (target) => {
        const parsed = parseTarget(target);
        if (typeof parsed !== "string") expect(parsed.path).to.match(/^\//);
      }),
    );
  });
});
