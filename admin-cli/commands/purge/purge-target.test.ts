import { expect } from "chai";
import fc from "fast-check";
import { Failure } from "../../../process/failure.ts";
import { checkedUrl, type NamedTargets, purgeTargets } from "./purge-target.ts";

const NOTHING: NamedTargets = { urls: [], prefixes: [], tags: [], all: false, site: undefined };

describe("checkedUrl", () => {
  for (const url of [
    "/",
    "/a?b=1&b=2",
    "/a%2fb",
    "//evil/x",
    "/a/../b",
    "http://host",
    "HTTPS://h:8443/a?q",
  ]) {
    it(`takes ${url} byte for byte`, () => {
      expect(checkedUrl(url)).to.equal(url);
    });
  }

  const refused: [url: string, rule: string][] = [
    ["", "must not be empty"],
    ["hello.txt", 'must be a path beginning with "/"'],
    ["ftp://host/a", 'must be a path beginning with "/"'],
    ["http:/host/a", 'must be a path beginning with "/"'],
    ["http://", 'must be a path beginning with "/"'],
    ["http://host:99999/", 'must be a path beginning with "/"'],
    ["http://user:secret@host/", "must not hold credentials"],
    ["/a#b", "must not hold a fragment"],
    ["/a b", "must not hold blanks"],
    ["/a\u00a0b", "must not hold blanks"],
    ["/a\\b", "must not hold a backslash"],
    ["/a\r\nb", "must not hold control characters"],
    ["/a\u0000", "must not hold control characters"],
    ["/café", "must be ASCII"],
  ];
  for (const [url, rule] of refused) {
    it(`refuses ${JSON.stringify(url)}: it ${rule}`, () => {
      expect(() => checkedUrl(url)).to.throw(Failure, `url: ${rule}`);
    });
  }

  it("does not repeat a password in its message", () => {
    expect(() => checkedUrl("http://user:secret@host/"))
      .to.throw(Failure)
      .with.property("message")
      .not.contain("secret");
  });

  it("either returns the very text or throws bad-usage, whatever the text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.webUrl({ withFragments: true })), (text) => {
        try {
          expect(checkedUrl(text))
            .to.equal(text)
            .and.match(/^[\x21-\x7e]+$/);
        } catch (thrown) {
          expect(thrown).to.be.instanceOf(Failure).with.property("code", "bad-usage");
        }
      }),
    );
  });
});

describe("purgeTargets", () => {
  it("puts urls, prefixes and tags of one purge together, all in the named site", () => {
    const targets = purgeTargets({
      urls: ["/a"],
      prefixes: ["/im"],
      tags: ["news today"],
      all: false,
      site: "shop",
    });
    expect(targets).to.deep.equal([
      { target: { $case: "url", url: "/a" }, site: "shop" },
      { target: { $case: "prefix", prefix: "/im" }, site: "shop" },
      { target: { $case: "tag", tag: "news today" }, site: "shop" },
    ]);
  });

  it("makes one target of --all", () => {
    expect(purgeTargets({ ...NOTHING, all: true })).to.deep.equal([
      { target: { $case: "everything", everything: true }, site: "" },
    ]);
  });

  const refused: [given: Partial<NamedTargets>, message: string][] = [
    [{}, "purge: must name a URL"],
    [{ all: true, tags: ["a"] }, "--all: must be the only target"],
    [{ prefixes: ["a"] }, 'prefix: must begin with "/"'],
    [{ prefixes: ["http://host/a"] }, 'prefix: must begin with "/"'],
    [{ tags: [""] }, "tag: must be printable ASCII"],
    [{ tags: ["a\tb"] }, "tag: must be printable ASCII"],
    [{ tags: [" a"] }, "tag: must be printable ASCII"],
    [{ urls: ["/"], site: "" }, "site: must be printable ASCII"],
    [{ urls: ["/"], site: "a b" }, "site: must be printable ASCII"],
    [
      { urls: new Array<string>(1_000_001).fill("/") },
      "purge: must name at most 1000000 targets, got 1000001",
    ],
  ];
  for (const [given, message] of refused) {
    it(`refuses with "${message}"`, () => {
      expect(() => purgeTargets({ ...NOTHING, ...given })).to.throw(Failure, message);
    });
  }
});
