import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { contentCodings, type EncodingName, encodingNames, NO_COMPRESSION } from "./compression.ts";
import { parseEntityTag } from "./entity-tag.ts";
import { formFor, formTag, withOriginTags } from "./form-choice.ts";
import { negotiated } from "./negotiation.ts";
import { NONE_MATCHED } from "./site/matched-rules.ts";

const DATE = "Thu, 01 Jan 2026 00:00:00 GMT";
const ALL: ReadonlySet<EncodingName> = new Set(encodingNames);
const NONE: ReadonlySet<EncodingName> = new Set();

function chosen(fields: Record<string, string>, held = ALL, tag = '"t"'): string {
  const request = { method: "GET", target: "/", site: "s", fields: Fields.of(Object.entries(fields)) };
  return formFor(
    negotiated(request, { ...NO_COMPRESSION, codings: contentCodings }),
    parseEntityTag(tag),
    held,
  );
}

describe("the form of a body that a client gets", () => {
  const accepting = (value: string) => ({ "Accept-Encoding": value });

  it("is the best that it accepts and that is there", () => {
    expect(chosen(accepting("gzip, br"))).to.equal("br-11");
    expect(chosen(accepting("gzip, br"), new Set<EncodingName>(["br", "gzip"]))).to.equal("br");
    expect(chosen(accepting("gzip, br"), new Set<EncodingName>(["gzip"]))).to.equal("gzip");
    expect(chosen(accepting("gzip, br"), NONE)).to.equal("identity");
    expect(chosen(accepting("identity;q=0, br"), NONE)).to.equal("identity");
    expect(chosen({})).to.equal("identity");
  });

  it("is the one whose tag it has, even when that is not there", () => {
    const having = (tags: string) => ({ ...accepting("gzip, br"), "If-None-Match": tags });
    expect(chosen(having('"t-br"'), NONE)).to.equal("br");
    expect(chosen(having('"t-br"'))).to.equal("br");
    expect(chosen(having('W/"t-gzip", "x"'))).to.equal("gzip");
    expect(chosen(having('"t"'))).to.equal("identity");
    expect(chosen(having('"t", "t-gzip"'))).to.equal("gzip");
    expect(chosen(having('"t-zstd"')), "not accepted").to.equal("br-11");
    expect(chosen(having('"u-gzip"')), "of another version").to.equal("br-11");
    expect(chosen(having('"t-gzip"'), ALL, 'W/"t"'), "weak tags are of all forms").to.equal("br-11");
  });

  it("is identity for a part, and the one that the client has part of", () => {
    const part = (more: Record<string, string>) => ({
      ...accepting("gzip, br"),
      Range: "bytes=0-1",
      ...more,
    });
    expect(chosen(part({}))).to.equal("identity");
    expect(chosen(part(accepting("identity;q=0, gzip")))).to.equal("gzip");
    expect(chosen(part({ "If-Range": '"t-gzip"' }))).to.equal("gzip");
    expect(chosen(part({ "If-Range": '"t"' }))).to.equal("identity");
    expect(chosen(part({ "If-Range": '"t-gzip"' }), NONE), "not there").to.equal("identity");
    expect(chosen(part({ "If-Range": DATE })), "no range is left").to.equal("br-11");
    expect(chosen(part({ "Accept-Encoding": "identity", "If-Range": DATE }))).to.equal("identity");
  });

  it("has a strong tag of its own, or the weak tag of all", () => {
    expect(formTag({ weak: false, opaque: "t" }, "br-11")).to.deep.equal({ weak: false, opaque: "t-br-11" });
    expect(formTag({ weak: false, opaque: "t" }, "identity")).to.deep.equal({ weak: false, opaque: "t" });
    expect(formTag({ weak: true, opaque: "t" }, "br")).to.deep.equal({ weak: true, opaque: "t" });
  });

  it("is named to the origin beside what the origin knows", () => {
    const known = [{ weak: false, opaque: "t" }, { weak: true, opaque: "v" }, undefined];
    expect(withOriginTags('"t-br", "u"', known)).to.equal('"t-br", "u", "t"');
    for (const other of ["*", '"t", "u-br"', 'W/"t-br"', '"v-br"'])
      expect(withOriginTags(other, known), other).to.equal(other);
  });

  describe("of a URL whose previous version is a dictionary", () => {
    const hash = "pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4=";
    const offer = { "Available-Dictionary": `:${hash}:`, "Accept-Encoding": "gzip, br, dcb, dcz" };
    const matched = { ...NONE_MATCHED, byPrevious: true };

    function byDictionary(fields: Record<string, string>, held = ALL): string {
      const asked = { target: "/", site: "s", fields: Fields.of(Object.entries(fields)), matched };
      const request = negotiated({ method: "GET", scheme: "https", ...asked }, NO_COMPRESSION);
      expect(request.fields.has("Available-Dictionary")).to.equal(false);
      return formFor(request, parseEntityTag('"t"'), held);
    }

    it("is the delta for a client that has the dictionary and names the coding", () => {
      expect(byDictionary(offer)).to.equal("dcz");
      expect(byDictionary(offer, new Set<EncodingName>(["br"]))).to.equal("br");
      expect(byDictionary({ ...offer, "Accept-Encoding": "br, dcz;q=0.5" })).to.equal("br-11");
      for (const accepted of ["br", "br, dcz;q=0", "br, *;q=0.1", "br, dcb"])
        expect(byDictionary({ ...offer, "Accept-Encoding": accepted }), accepted).to.equal("br-11");
      expect(byDictionary({ "Accept-Encoding": "br, dcz" })).to.equal("br-11");
    });

    it("is the delta that a client has got, when it has no dictionary any more", () => {
      const known = { "Accept-Encoding": "br", "If-None-Match": 'W/"t-dcz"' };
      expect(byDictionary(known, NONE)).to.equal("dcz");
      expect(byDictionary({ ...known, "If-None-Match": 'W/"x-dcz"' })).to.equal("br-11");
      // Elsewhere it may be the origin's own.
      expect(chosen(known)).to.equal("br-11");
    });

    it("is never the delta in part", () => {
      expect(byDictionary({ ...offer, Range: "bytes=0-9" })).to.equal("identity");
      expect(byDictionary({ ...offer, Range: "bytes=0-9", "If-Range": 'W/"t-dcz"' })).to.equal("br-11");
      expect(byDictionary({ ...offer, Range: "bytes=0-9", "If-Range": '"t-dcz"' })).to.equal("br-11");
    });
  });
});
