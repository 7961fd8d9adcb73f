import { expect } from "chai";
import fc from "fast-check";
import { Fields } from "../../http/message/fields.ts";
import { fieldsOf } from "../../test/rig/message.fixture.ts";
import { cacheGroups, tagsOf } from "./tags.ts";

const tags = (...lines: readonly string[]): readonly string[] | string => {
  const result = tagsOf(fieldsOf(...lines));
  return result.kind === "tags" ? result.tags : result.reason;
};
const numbered = (count: number): string => Array.from({ length: count }, (_, n) => `t${n}`).join(" ");

describe("tagsOf", () => {
  it("collects the members of the three fields, each once", () => {
    expect(
      tags('Cache-Groups: "a b", "c";x=1', "Surrogate-Key: c  d", "Cache-Tag: d, e f,", "Cache-Tag: g"),
    ).to.deep.equal(["a b", "c", "d", "e f", "g"]);
    expect(tags()).to.deep.equal([]);
    expect(tags("Cache-Groups:", "Surrogate-Key:", "Cache-Tag: ,")).to.deep.equal([]);
  });

  it("tells the case of tags apart", () => {
    expect(tags("Surrogate-Key: a A")).to.deep.equal(["a", "A"]);
  });

  for (const value of ["a, b", '"a', "1", '("a")', '"a" "b"', '"\xe9"']) {
    it(`refuses Cache-Groups: ${value}`, () => {
      expect(tags(`Cache-Groups: ${value}`)).to.equal("malformed");
    });
  }

  it("refuses too many tags, too long ones, and those that are not printable", () => {
    expect(tags(`Surrogate-Key: ${numbered(100)}`)).to.have.length(100);
    expect(tags(`Surrogate-Key: ${numbered(101)}`)).to.equal("too-many");
    expect(tags(`Cache-Tag: ${"x".repeat(256)}`)).to.have.length(1);
    expect(tags(`Cache-Tag: ${"x".repeat(257)}`)).to.equal("too-long");
    expect(tags("Surrogate-Key: a\x01b")).to.equal("not-printable");
    expect(tags("Cache-Tag: a\x00")).to.equal("not-printable");
    expect(tags("Cache-Tag: caf\xe9")).to.equal("not-printable");
  });

  it("never throws", () => {
    const name = fc.constantFrom("Cache-Groups", "Surrogate-Key", "Cache-Tag");
    fc.assert(fc.property(fc.array(fc.tuple(name, fc.string())), (lines) => void tagsOf(Fields.of(lines))));
  });
});

describe("cacheGroups", () => {
  it("reads a List of Strings, and nothing else", () => {
    expect(cacheGroups('"a", "b\\"c"')).to.deep.equal(["a", 'b"c']);
    expect(cacheGroups(undefined)).to.deep.equal([]);
    expect(cacheGroups("token")).to.equal(undefined);
  });
});
