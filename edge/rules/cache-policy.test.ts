import { expect } from "chai";
import fc from "fast-check";
import { Fields } from "../../http/message/fields.ts";
import { fieldsOf } from "../../test/rig/message.fixture.ts";
import { cachePolicy } from "./cache-policy.ts";

describe("cachePolicy", () => {
  const own = "EdgeCache-Cache-Control: max-age=1";
  const cdn = "CDN-Cache-Control: max-age=2";
  const surrogate = "Surrogate-Control: max-age=3";
  const general = "Cache-Control: max-age=4";

  const precedence: readonly (readonly [readonly string[], string, number])[] = [
    [[general, surrogate, cdn, own], "EdgeCache-Cache-Control", 1],
    [[general, surrogate, cdn], "CDN-Cache-Control", 2],
    [[general, surrogate], "Surrogate-Control", 3],
    [[general], "Cache-Control", 4],
    [[general, cdn, "EdgeCache-Cache-Control: ,"], "CDN-Cache-Control", 2],
    [[general, "CDN-Cache-Control:"], "Cache-Control", 4],
  ];
  for (const [lines, source, maxAge] of precedence) {
    it(`lets ${source} govern in ${lines.length} fields`, () => {
      const policy = cachePolicy(fieldsOf(...lines));
      expect([policy.source, policy.directives.maxAge]).to.deep.equal([source, maxAge]);
    });
  }

  const voided = [
    "max-age=10000, &&&&&",
    'max-age="10000"',
    "max-age=10.5",
    "max-age=-1",
    "max-age",
    "max-age =100",
    "max-age= 100",
    "MaX-aGe=3600",
    "max-age=(1 2)",
  ];
  for (const value of voided) {
    it(`ignores a targeted field of ${value} as a whole`, () => {
      const policy = cachePolicy(fieldsOf("Cache-Control: no-store", `CDN-Cache-Control: ${value}`));
      expect(policy.source).to.equal("Cache-Control");
      expect(policy.directives.noStore).to.equal(true);
    });
  }

  it("leaves every other field out of account beside a targeted one", () => {
    const policy = cachePolicy(
      fieldsOf("Cache-Control: no-store, private", "CDN-Cache-Control: foo, max-age=60;x=1"),
    );
    expect(policy.directives).to.include({ noStore: false, private: undefined, maxAge: 60 });
  });

  it("reads the directives of a targeted field by their types", () => {
    const { directives } = cachePolicy(
      fieldsOf('CDN-Cache-Control: private="a, b", no-cache=1, no-store=?0, public, must-revalidate=x'),
    );
    expect([...(directives.private ?? [])]).to.deep.equal(["a", "b"]);
    expect(directives).to.include({ noCache: "all", noStore: false, public: true, mustRevalidate: true });
  });

  it("takes the last of two alike in a targeted field, as a Dictionary does", () => {
    expect(cachePolicy(fieldsOf("CDN-Cache-Control: max-age=1, max-age=5")).directives.maxAge).to.equal(5);
  });

  const surrogates: readonly (readonly [string, string, number | undefined])[] = [
    ["max-age=3600", "Surrogate-Control", 3600],
    ["max-age=3600+600", "Surrogate-Control", 3600],
    ['max-age=3600, content="ESI/1.0"', "Surrogate-Control", 3600],
    ["no-store", "Surrogate-Control", undefined],
    ["max-age=9;other, max-age=3", "Surrogate-Control", 3],
    ["max-age =100", "Cache-Control", 1],
    ['content="ESI/1.0"', "Cache-Control", 1],
    ["no-store;other", "Cache-Control", 1],
  ];
  for (const [value, source, maxAge] of surrogates) {
    it(`takes ${source} beside Surrogate-Control: ${value}`, () => {
      const policy = cachePolicy(fieldsOf("Cache-Control: max-age=1", `Surrogate-Control: ${value}`));
      expect([policy.source, policy.directives.maxAge]).to.deep.equal([source, maxAge]);
    });
  }

  it("never throws, whatever the fields hold", () => {
    const name = fc.constantFrom(
      "CDN-Cache-Control",
      "Surrogate-Control",
      "Cache-Control",
      "EdgeCache-Cache-Control",
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string())), (lines) => void cachePolicy(Fields.of(lines))),
    );
  });
});
