import { expect } from "chai";
import { isPrefix, parseUrl } from "./purge-url.ts";

describe("a URL as a purge names it", () => {
  for (const [text, authority, target, scheme = "http"] of [
    ["/", undefined, "/"],
    ["/a?b=1", undefined, "/a?b=1"],
    ["//evil/x", undefined, "//evil/x"],
    ["/a/../b%2F", undefined, "/a/../b%2F"],
    ["http://shop.example", "shop.example", "/"],
    ["https://Shop.Example:8443/a", "shop.example:8443", "/a", "https"],
    ["HTTP://shop.example?q", "shop.example", "/?q"],
    ["http://[::1]:80/a", "[::1]:80", "/a"],
  ] as const) {
    it(`${text} is ${target} of ${authority ?? "whatever site is named"}`, () => {
      expect(parseUrl(text)).to.deep.equal({ scheme, authority, target });
    });
  }

  for (const text of [
    "",
    "a",
    "*",
    "?q",
    "ftp://a/b",
    "http://",
    "http:///a",
    "http://a@b/c",
    "http://a:99999/",
    "/a b",
    "/a#b",
    "/a\\b",
    "/\u00e9",
    "/a\r\nb",
    "/a\0",
    "/a%0d",
    "/a%zz",
    "/\ufffd",
    `/${"a".repeat(8192)}`,
  ]) {
    it(`${JSON.stringify(text.slice(0, 20))} is none, because the data port serves no such target`, () => {
      expect(parseUrl(text)).to.equal(undefined);
    });
  }

  it("a prefix may end at any character, also within an escape", () => {
    for (const text of ["/", "/a", "/a%", "/a%2", "/a?b=", "//"]) expect(isPrefix(text), text).to.equal(true);
    for (const text of [
      "",
      "a",
      "http://a/",
      "/a b",
      "/a#",
      "/\\",
      "/\u00e9",
      "/\x7f",
      `/${"a".repeat(8192)}`,
    ]) {
      expect(isPrefix(text), text).to.equal(false);
    }
  });
});
