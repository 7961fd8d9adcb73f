import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Failure } from "../../../process/failure.ts";
import { parseTargetList, readTargetList } from "./target-list.ts";

describe("a list of targets", () => {
  it("has one a line, and may have empty lines and comments", () => {
    const text = [
      "\ufeff# what the release changed",
      "/a?b=1",
      "",
      "  https://shop.example/c  ",
      "prefix /img/",
      "tag product 7",
    ].join("\r\n");
    expect(parseTargetList(text, "list.txt")).to.deep.equal({
      urls: ["/a?b=1", "https://shop.example/c"],
      prefixes: ["/img/"],
      tags: ["product 7"],
    });
  });

  for (const [line, problem] of [
    ["/b c", 'must be a URL, a path, "prefix <path>" or "tag <tag>", got "/b c"'],
    ["bad", 'url: must be a path beginning with "/" or an http(s) URL, got "bad"'],
    ["prefix img/", 'prefix: must begin with "/", got "img/"'],
    ["tag é", 'tag: must be printable ASCII without blanks at its ends, got "é"'],
  ] as const) {
    it(`names the line of ${JSON.stringify(line)}, which is wrong`, () => {
      expect(() => parseTargetList(`/a\n${line}\n`, "list.txt")).to.throw(
        Failure,
        `list.txt line 2: ${problem}`,
      );
    });
  }

  it("is read from a file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "edgecache-list-"));
    try {
      const path = join(folder, "list.txt");
      await writeFile(path, Array.from({ length: 50_000 }, (_, i) => `/caf%C3%A9/${i}\n`).join(""));
      const { urls } = await readTargetList(path);
      expect([urls.length, urls.at(-1)]).to.deep.equal([50_000, "/caf%C3%A9/49999"]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("is refused by name when it cannot be read", async () => {
    const thrown = await readTargetList("/nowhere/list.txt").catch((error: unknown) => error);
    expect(thrown).to.be.instanceOf(Failure).with.property("code", "bad-usage");
    expect(thrown)
      .to.have.property("message")
      .that.matches(/^--file: must be a file that can be read \(ENOENT.*\), got "\/nowhere\/list.txt"$/);
  });
});
