import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { hashInDcz, mayUseDictionary, offeredDictionary, useAsDictionary } from "./dictionary.ts";

const HASH = "pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4=";
const OFFER = { "Available-Dictionary": `:${HASH}:` };

const offered = (fields: Record<string, string>, scheme: "http" | "https" = "https") =>
  offeredDictionary(Fields.of(Object.entries(fields)), scheme);

describe("a dictionary that a client offers", () => {
  it("is known by the SHA-256 of its bytes", () => {
    expect(offered(OFFER)).to.deep.equal({ hash: HASH, reader: undefined });
    const coded = Buffer.concat([Buffer.from("5e2a4d1820000000", "hex"), Buffer.from(HASH, "base64")]);
    expect(hashInDcz(coded)).to.equal(HASH);
  });

  for (const value of ["", HASH, `:${HASH.slice(4)}:`, `:${HASH}:, :${HASH}:`, ":AAAA:", `"${HASH}"`])
    it(`is none when the field says ${JSON.stringify(value)}`, () => {
      expect(offered({ "Available-Dictionary": value })).to.equal(undefined);
    });

  it("is used by HTTPS only", () => {
    expect(offered(OFFER, "http")).to.equal(undefined);
    expect(offered({})).to.equal(undefined);
  });

  for (const [site, mode, isUsed] of [
    ["same-origin", "no-cors", true],
    ["same-origin", undefined, true],
    ["cross-site", undefined, true],
    ["none", "navigate", true],
    ["cross-site", "navigate", true],
    ["same-site", "no-cors", false],
    ["cross-site", "websocket", false],
    ["cross-site", "cors", false],
  ] as const)
    it(`is ${isUsed ? "used" : "not used"} for a ${mode} request that is ${site}`, () => {
      const asked = { ...OFFER, "Sec-Fetch-Site": site, ...(mode && { "Sec-Fetch-Mode": mode }) };
      expect(offered(asked) !== undefined).to.equal(isUsed);
    });

  it("is used for a page of another origin that may read the response", () => {
    const asked = { "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", Origin: "https://a.example" };
    const dictionary = offered({ ...OFFER, ...asked });
    if (dictionary === undefined) throw new Error("it is offered");
    const may = (allowed?: string) =>
      mayUseDictionary(
        dictionary,
        Fields.of(allowed === undefined ? [] : [["Access-Control-Allow-Origin", allowed]]),
      );
    expect([may(), may("https://b.example"), may("https://a.example"), may("*")]).to.deep.equal([
      false,
      false,
      true,
      true,
    ]);
  });
});

describe("the field that makes a response a dictionary", () => {
  for (const [target, value] of [
    ["/app.js", 'match="/app.js"'],
    ["/a/b?c=1", 'match="/a/b\\\\?c=1"'],
    ["/a*b/:c/(d)/{e}", 'match="/a\\\\*b/\\\\:c/\\\\(d\\\\)/\\\\{e\\\\}"'],
    ['/a"b', 'match="/a\\"b"'],
    ["/a\\b", 'match="/a\\\\\\\\b"'],
  ] as const)
    it(`has a pattern of ${target} that means this target and nothing else`, () => {
      expect(useAsDictionary(target)).to.equal(value);
    });

  it("is none for a target that no String can have", () => {
    expect(useAsDictionary("/\xe4")).to.equal(undefined);
  });
});
