import { expect } from "chai";
import { authorityText, parseAuthority } from "./authority.ts";

describe("parseAuthority", () => {
  const valid: readonly (readonly [string, string, number | undefined])[] = [
    ["example.com", "example.com", undefined],
    ["EXAMPLE.com:8080", "example.com", 8080],
    ["example.com.", "example.com.", undefined],
    ["example.com:", "example.com", undefined],
    ["my_service:80", "my_service", 80],
    ["127.0.0.1:65535", "127.0.0.1", 65_535],
    ["[::1]", "[::1]", undefined],
    ["a".repeat(254), "a".repeat(254), undefined],
    ["[2001:DB8::1]:80", "[2001:db8::1]", 80],
  ];
  for (const [text, host, port] of valid) {
    it(`reads ${text}`, () => {
      expect(parseAuthority(text)).to.deep.equal({ host, port });
    });
  }

  const invalid = [
    "",
    ":80",
    "a@evil",
    "a/x?y",
    "a?b",
    "a#b",
    "a\\b",
    "a b",
    "a,b",
    "a:0",
    "a:99999",
    "a:65536",
    "a:+80",
    "a:80:80",
    "a:port",
    "::1",
    "[::",
    "[::1",
    "::1]",
    "[]",
    "[g::1]",
    "[::1]x",
    "[1:2:3:4:5:6:7:8:9]",
    ".a",
    "a..b",
    "-a",
    "caf\xe9",
    "%61",
    "a".repeat(255),
  ];
  for (const text of invalid) {
    it(`refuses "${text.slice(0, 30)}"`, () => {
      expect(parseAuthority(text)).to.equal(undefined);
    });
  }
});

describe("authorityText", () => {
  it("is what Host says, with a port that is given", () => {
    expect(authorityText({ host: "a", port: undefined })).to.equal("a");
    expect(authorityText({ host: "[::1]", port: 81 })).to.equal("[::1]:81");
  });
});
