import { expect } from "chai";
import { isSignedBy, readSigningKeys, readUrlToken, type UrlClaim, urlToken } from "./url-signature.ts";

const KEY = { id: "2026a", secret: "0123456789abcdef0123456789abcdef" };
const URL_CLAIM: UrlClaim = {
  host: "shop.example",
  expires: 1_798_329_600,
  scope: "url",
  text: "/private/film.mp4?q=1",
};
const PREFIX_CLAIM: UrlClaim = {
  host: "shop.example:8443",
  expires: 1_798_329_600,
  scope: "prefix",
  text: "/private/",
};

describe("a signature of a URL", () => {
  it("is what openssl makes of the same lines", () => {
    const url = "2026a.1798329600.u.J1bEHY1SLnPhsnOpbd1dVRe1-w6QGRvb0ijkxm-rbgw";
    expect(urlToken(KEY, URL_CLAIM)).to.equal(url);
    const prefix = "2026a.1798329600.p9.zSVherJXraz5E5fU1Ae-W7MiJKACI0oqOU5ZhSxzO40";
    expect(urlToken(KEY, PREFIX_CLAIM)).to.equal(prefix);
  });

  it("is right for its claim and its key, and for nothing else", () => {
    for (const signed of [URL_CLAIM, PREFIX_CLAIM]) {
      const token = readUrlToken(urlToken(KEY, signed));
      if (token === undefined) throw new Error("no token");
      expect(isSignedBy(KEY, signed, token)).to.equal(true);
      for (const changed of [
        { host: "other.example" },
        { expires: signed.expires + 1 },
        { text: `${signed.text}x` },
        { scope: signed.scope === "url" ? "prefix" : "url" } as const,
      ])
        expect(isSignedBy(KEY, { ...signed, ...changed }, token)).to.equal(false);
      expect(isSignedBy({ ...KEY, secret: `${KEY.secret}0` }, signed, token)).to.equal(false);
    }
  });

  for (const text of [
    "",
    "a",
    "a.1.u",
    `a.01.u.${"x".repeat(43)}`,
    `a.1.p0.${"x".repeat(43)}`,
    `.1.u.${"x".repeat(43)}`,
  ])
    it(`does not stand in ${JSON.stringify(text)}`, () => {
      expect(readUrlToken(text)).to.equal(undefined);
    });
});

describe("a file of signing keys", () => {
  it("has a key in each line that is no comment", () => {
    const text = `# old\r\n\n a  ${KEY.secret} \r\nb ${KEY.secret}`;
    expect(readSigningKeys(text)).to.deep.equal(["a", "b"].map((id) => ({ id, secret: KEY.secret })));
  });

  for (const [text, why] of [
    ["", "it has no key"],
    ["# a\n", "it has no key"],
    ["a", "line 1 is not an id and a secret"],
    [`a b c ${KEY.secret}`, "line 1 is not an id and a secret"],
    [`a ${KEY.secret.slice(1)}`, "the secret in line 1 has 31 characters"],
    [`a ${KEY.secret}\na ${KEY.secret}`, "line 2 has the id a again"],
    [Array.from({ length: 17 }, (_, at) => `k${at} ${KEY.secret}`).join("\n"), "it has 17 keys"],
  ] as const) {
    it(`is refused: ${why}`, () => {
      expect(readSigningKeys(text)).to.equal(why);
    });
  }

  it("may have 16 keys", () => {
    const text = Array.from({ length: 16 }, (_, at) => `k${at} ${KEY.secret}`).join("\n");
    expect(readSigningKeys(text)).to.have.length(16);
  });
});
