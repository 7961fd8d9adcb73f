import { expect } from "chai";
import { fileValue } from "../../process/settings/file-values.ts";
import { hintBehind } from "../../process/settings/values.ts";
import { origin, type Site, Sites, sitesSection } from "./sites.ts";

const nowhere = { kind: "directory", path: "/nowhere" } as const;
const shop: Site = { name: "shop", hosts: ["shop.example", "www.shop.example", "::1"], origin: nowhere };
const blog: Site = { name: "blog", hosts: ["blog.example"], origin: nowhere };
const rest: Site = { name: "rest", hosts: [], origin: nowhere };

describe("Sites", () => {
  it("finds the site by the host, whatever its case, its port and the dot at its end", () => {
    const sites = new Sites([shop, blog]);
    for (const [authority, name] of [
      ["shop.example", "shop"],
      ["WWW.Shop.Example", "shop"],
      ["blog.example:8080", "blog"],
      ["blog.example.", "blog"],
      ["blog.example.:80", "blog"],
      ["blog.example:", "blog"],
      ["[::1]", "shop"],
      ["[::1]:8081", "shop"],
    ]) {
      expect(sites.of(authority ?? ""), authority).to.equal(name);
    }
  });

  it("finds none for another host, unless one site answers every host", () => {
    for (const authority of ["evil.example", "shop.example.evil", "example", "", "__proto__", "[::2]"]) {
      expect(new Sites([shop, blog]).of(authority)).to.equal(undefined);
      expect(new Sites([shop, rest, blog]).of(authority)).to.equal("rest");
    }
  });

  it("keeps the names in their order", () => {
    expect(new Sites([shop, rest, blog]).names).to.deep.equal(["shop", "rest", "blog"]);
  });
});

describe("the origin setting", () => {
  const read = (text: string) => {
    const value = origin.parse(text);
    return value === undefined ? undefined : [value.kind, origin.format(value)];
  };

  const taken: readonly [text: string, kind: string, formatted?: string][] = [
    ["assets", "directory"],
    ["/srv/a, b", "directory"],
    ["C:\\site", "directory"],
    ["http://h", "http"],
    ["HTTPS://H:443/", "http", "https://h"],
    ["http://a,http://b", "several"],
    ["http://a:1 , https://b:2/", "several", "http://a:1,https://b:2"],
  ];
  for (const [text, kind, formatted = text] of taken) {
    it(`takes ${text} for ${kind}`, () => {
      expect(read(text)).to.deep.equal([kind, formatted]);
      expect(read(formatted)).to.deep.equal([kind, formatted]);
    });
  }

  it("keeps several in the order given, the preferred one first", () => {
    const value = origin.parse("http://b,http://a,http://c");
    expect(value?.kind === "several" && value.urls.map(({ host }) => host)).to.deep.equal(["b", "a", "c"]);
  });

  it("takes a YAML list like the same text with commas", () => {
    const several = fileValue(origin).parse(["http://a", "http://b"]);
    expect(origin.format(several)).to.equal("http://a,http://b");
    expect(fileValue(origin).parse(["http://a"]).kind).to.equal("http");
    expect(fileValue(origin).parse("http://a,http://b").kind).to.equal("several");
  });

  const refused: readonly [why: string, text: string][] = [
    ["nothing", ""],
    ["a file: URL", "file:///srv"],
    ["credentials", "http://u:p@a"],
    ["credentials in one of several", "http://a,http://u:p@b"],
    ["a path", "http://a/b"],
    ["a directory among several", "http://a,assets"],
    ["several of which the first is a directory", "assets,http://a"],
    ["an empty one among several", "http://a,,http://b"],
    ["a comma at the end", "http://a,"],
    ["one twice", "http://a,http://A:80/"],
    ["more than eight", Array.from({ length: 9 }, (_, i) => `http://a${i}`).join(",")],
  ];
  for (const [why, text] of refused) {
    it(`refuses ${why}`, () => expect(read(text)).to.equal(undefined));
  }

  for (const [given, meant] of [
    ["localhost:8000", "http://localhost:8000"],
    ["a:1, http://b", "http://a:1,http://b"],
    ["http://a/b", "http://a"],
    ["http://a,https://u:p@b", "https://b"],
  ]) {
    it(`says what was probably meant by ${given}`, () => {
      expect(read(given ?? "")).to.equal(undefined);
      expect(hintBehind(origin, given)).to.equal(`; did you mean ${meant}?`);
    });
  }

  it("says nothing of what cannot be guessed", () => {
    for (const text of ["file:///srv", "http://", "http://a,assets", "a:b"])
      expect(hintBehind(origin, text)).to.equal("");
  });

  it("refuses a YAML list of nothing, and one of directories", () => {
    for (const list of [[], ["http://a", "assets"]]) {
      expect(fileValue(origin).safeParse(list).success).to.equal(false);
    }
  });
});

describe("the list of sites", () => {
  const sites = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      name: `s${i}`,
      hosts: [`h${i}.example`],
      origin: "http://a",
    }));

  it("may have 1,000 sites, and not 1,001 or none", () => {
    const read = (count: number) => sitesSection.schema.safeParse(sites(count)).success;
    expect([read(1), read(1_000), read(1_001), read(0)]).to.deep.equal([true, true, false, false]);
  });

  it("may have a site with eight origins", () => {
    const text = Array.from({ length: 8 }, (_, i) => `http://a${i}`).join(",");
    expect(origin.parse(text)?.kind).to.equal("several");
  });
});
