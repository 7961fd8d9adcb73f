import { expect } from "chai";
import { fileValue } from "../../process/settings/program.ts";
import { origin } from "./site-settings.ts";

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

  it("refuses a YAML list of nothing, and one of directories", () => {
    for (const list of [[], ["http://a", "assets"]]) {
      expect(fileValue(origin).safeParse(list).success).to.equal(false);
    }
  });
});
