import { mkdir, mkdtemp, realpath, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { failureOf, get, never, textOf } from "../../test/rig/fetching.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { contentTypeOf, DirectoryOrigin } from "./directory.ts";
import type { OriginResponse } from "./origin.ts";

const NOW = Date.UTC(2026, 0, 1);
const LARGE = 200_000;

describe("DirectoryOrigin", () => {
  let root: string;
  let origin: DirectoryOrigin;

  beforeEach(async () => {
    root = await mkdtemp(join(await realpath(tmpdir()), "edgecache-directory-"));
    origin = await DirectoryOrigin.open({ root, ttlMs: 60_000, clock: new ManualClock(NOW) });
  });

  afterEach(() => rm(root, { recursive: true }));

  async function put(name: string, content: string | Uint8Array): Promise<string> {
    const path = join(root, name);
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, content);
    return path;
  }

  function fetch(
    target: string,
    fields: Record<string, string> = {},
    method = "GET",
  ): Promise<OriginResponse> {
    return origin.fetch({ method, target, fields: Fields.of(Object.entries(fields)) }, never);
  }

  async function status(
    target: string,
    fields: Record<string, string> = {},
    method = "GET",
  ): Promise<number> {
    return (await fetch(target, fields, method)).status;
  }

  describe("answering for a file", () => {
    it("sends what it knows of it", async () => {
      const path = await put("hello.txt", "hello");
      await utimes(path, 1_000_000_000, 1_000_000_000);
      const response = await fetch("/hello.txt?any=query");
      expect(response.status).to.equal(200);
      expect([...response.fields]).to.deep.equal([
        ["Date", "Thu, 01 Jan 2026 00:00:00 GMT"],
        ["ETag", '"LPJNul-wow4m6Dsqxbninh"'],
        ["Last-Modified", "Sun, 09 Sep 2001 01:46:40 GMT"],
        ["Cache-Control", "max-age=60"],
        ["Content-Type", "text/plain; charset=utf-8"],
        ["Accept-Ranges", "bytes"],
        ["Content-Length", "5"],
      ]);
      expect(await textOf(response)).to.equal("hello");
    });

    it("lets files be stored but never reused unasked when the freshness is 0", async () => {
      await put("a.txt", "a");
      const unsure = await DirectoryOrigin.open({ root, ttlMs: 0, clock: new ManualClock(NOW) });
      const { fields } = await unsure.fetch(get("/a.txt"), never);
      expect(fields.get("cache-control")).to.equal("no-cache");
    });

    it("never says that a file was modified after now", async () => {
      const path = await put("a.txt", "a");
      await utimes(path, 4_000_000_000, 4_000_000_000);
      const { fields } = await fetch("/a.txt");
      expect(fields.get("last-modified")).to.equal(fields.get("date"));
    });

    it("sends the same fields without the content for HEAD", async () => {
      for (const [name, size] of Object.entries({ "small.txt": 5, "large.txt": LARGE })) {
        await put(name, "x".repeat(size));
        const response = await fetch(`/${name}`, {}, "HEAD");
        expect([...response.fields]).to.deep.equal([...(await fetch(`/${name}`)).fields]);
        expect(response.fields.get("content-length")).to.equal(String(size));
        expect(await textOf(response)).to.equal("");
      }
    });

    it("serves an empty file, and one larger than a chunk, whole", async () => {
      await put("empty", "");
      const content = Buffer.alloc(LARGE, "0123456789");
      await put("large", content);
      expect(await textOf(await fetch("/empty"))).to.equal("");
      expect(await textOf(await fetch("/large"))).to.equal(content.toString());
    });

    it("serves any name that a file can have", async () => {
      for (const name of [
        "with space.txt",
        "100%.txt",
        "100%25.txt",
        "what?#.txt",
        "grüße-日本-🎈.txt",
        "back\\slash",
        "new\nline",
        "__proto__",
        "a..b",
        "x".repeat(255),
        "é".repeat(127),
        "*[]{}'\"|^`",
        "-rf",
        "~",
      ]) {
        await put(name, `content of ${name}`);
        const response = await fetch(`/${encodeURIComponent(name)}`);
        expect(await textOf(response), name).to.equal(`content of ${name}`);
      }
    });

    it("serves a name that is not UTF-8", async () => {
      await writeFile(Buffer.concat([Buffer.from(`${root}/caf`), Buffer.from([0xe9])]), "latin1");
      expect(await textOf(await fetch("/caf%E9"))).to.equal("latin1");
    });

    for (const size of [10, LARGE]) {
      it(`changes the entity tag of a file of ${size} bytes whenever its content changes`, async () => {
        const path = await put("a", "a".repeat(size));
        await utimes(path, 1_000_000_000, 1_000_000_000);
        const first = (await fetch("/a")).fields.get("etag");
        expect((await fetch("/a")).fields.get("etag")).to.equal(first);
        await writeFile(path, "b".repeat(size));
        await utimes(path, 1_000_000_000, 1_000_000_000);
        const second = (await fetch("/a")).fields.get("etag");
        expect(second).not.to.equal(first);
        await put("b", "c".repeat(size));
        await utimes(join(root, "b"), 1_000_000_000, 1_000_000_000);
        await rename(join(root, "b"), path);
        expect((await fetch("/a")).fields.get("etag")).not.to.equal(second);
      });
    }
  });

  describe("answering conditions and ranges", () => {
    for (const [name, size] of Object.entries({ "small.txt": 10, "large.txt": LARGE })) {
      it(`answers them for ${name}`, async () => {
        const path = await put(name, Buffer.alloc(size, "0123456789"));
        await utimes(path, 1_000_000_000, 1_000_000_000);
        const target = `/${name}`;
        const { fields } = await fetch(target);
        const etag = fields.get("etag") ?? "";
        const modified = fields.get("last-modified") ?? "";

        const unchanged = await fetch(target, { "If-None-Match": `"other", W/${etag}` });
        expect(unchanged.status).to.equal(304);
        expect([...unchanged.fields.names()]).to.deep.equal([
          "date",
          "etag",
          "last-modified",
          "cache-control",
        ]);
        expect(await textOf(unchanged)).to.equal("");
        expect(await status(target, { "If-None-Match": '"other"', "If-Modified-Since": modified })).to.equal(
          200,
        );
        expect(await status(target, { "If-Modified-Since": modified })).to.equal(304);
        expect(await status(target, { "If-Match": '"other"' })).to.equal(412);

        const part = await fetch(target, { Range: "bytes=2-5" });
        expect(part.status).to.equal(206);
        expect(part.fields.get("content-range")).to.equal(`bytes 2-5/${size}`);
        expect(part.fields.get("content-length")).to.equal("4");
        expect(await textOf(part)).to.equal("2345");
        const tail = await fetch(target, { Range: "bytes=-3", "If-Range": etag });
        expect([tail.status, await textOf(tail)]).to.deep.equal([206, "789"]);
        expect(await status(target, { Range: "bytes=-3", "If-Range": '"other"' })).to.equal(200);

        const beyond = await fetch(target, { Range: `bytes=${size}-` });
        expect(beyond.status).to.equal(416);
        expect(beyond.fields.get("content-range")).to.equal(`bytes */${size}`);

        const several = await fetch(target, { Range: "bytes=0-1,4-5" });
        expect([several.status, (await textOf(several)).length]).to.deep.equal([200, size]);
        expect(await status(target, { Range: "bytes=2-5" }, "HEAD")).to.equal(200);
      });
    }
  });

  describe("answering for a directory", () => {
    it("serves its index", async () => {
      await put("index.html", "root");
      await put("docs/index.html", "docs");
      const response = await fetch("/");
      expect(response.fields.get("content-type")).to.equal("text/html; charset=utf-8");
      expect(await textOf(response)).to.equal("root");
      expect(await textOf(await fetch("/docs/"))).to.equal("docs");
    });

    it("sends who forgot the slash to it, with the query", async () => {
      await put("my docs/index.html", "docs");
      const response = await fetch("/my%20docs?a=1");
      expect(response.status).to.equal(301);
      expect(response.fields.get("location")).to.equal("/my%20docs/?a=1");
      expect(response.fields.get("cache-control")).to.equal("max-age=60");
    });

    it("sends every other spelling of a file to the one that it is stored under", async () => {
      await put("hello.txt", "hello");
      await put("docs/index.html", "docs");
      for (const [target, location] of [
        ["/%68ello.txt", "/hello.txt"],
        ["/hello%2Etxt?a=1", "/hello.txt?a=1"],
        ["/docs/index.html", "/docs/"],
        ["/docs/index%2ehtml", "/docs/"],
      ]) {
        const response = await fetch(target ?? "");
        expect([response.status, response.fields.get("location")], target).to.deep.equal([301, location]);
        expect((await fetch(location ?? "")).status).to.equal(200);
      }
      expect(await status("/%68ellO.txt"), "what is not there is not sent anywhere").to.equal(404);
    });

    it("does not show what is in a directory without an index", async () => {
      await put("docs/a.txt", "a");
      await mkdir(join(root, "odd", "index.html"), { recursive: true });
      for (const target of ["/", "/docs", "/docs/", "/odd", "/odd/"])
        expect(await status(target), target).to.equal(404);
    });
  });

  describe("refusing", () => {
    it("explains itself in text that is not stored", async () => {
      const response = await fetch("/missing");
      expect(response.status).to.equal(404);
      expect(response.fields.get("cache-control")).to.equal("no-store");
      expect(response.fields.get("content-type")).to.equal("text/plain; charset=utf-8");
      expect(await textOf(response)).to.equal("There is no such file.\n");
      expect(await textOf(await fetch("/missing", {}, "HEAD"))).to.equal("");
    });

    it("answers methods that it does not know with 405", async () => {
      await put("a.txt", "a");
      for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PURGE", "get"]) {
        const response = await fetch("/a.txt", {}, method);
        expect([method, response.status, response.fields.get("allow")]).to.deep.equal([
          method,
          405,
          "GET, HEAD",
        ]);
      }
    });

    it("finds no file below a file, behind a name that is too long, or in a circle of links", async () => {
      await put("a.txt", "a");
      await symlink("loop", join(root, "loop"));
      const targets = ["/a.txt/", "/a.txt/b", `/${"x".repeat(256)}`, `/${"x/".repeat(3000)}x`, "/loop"];
      for (const target of targets) expect(await status(target), target.slice(0, 20)).to.equal(404);
    });
  });

  describe("opening", () => {
    it("names what is not a directory", async () => {
      const file = await put("file", "x");
      for (const path of [join(root, "missing"), file]) {
        const failure = await failureOf(
          DirectoryOrigin.open({ root: path, ttlMs: 0, clock: new ManualClock() }),
        );
        expect(failure).to.include({ code: "bad-config", source: "config" });
        expect(failure.message).to.contain(path);
      }
    });

    it("can be reached as long as the directory is there", async () => {
      const here = join(root, "site");
      await mkdir(here);
      const site = await DirectoryOrigin.open({ root: here, ttlMs: 0, clock: new ManualClock() });
      await site.probe();
      await rm(here, { recursive: true });
      expect((await failureOf(site.probe())).code).to.equal("destination_unavailable");
    });
  });
});

describe("contentTypeOf", () => {
  for (const [name, type] of [
    ["index.html", "text/html; charset=utf-8"],
    ["INDEX.HTML", "text/html; charset=utf-8"],
    ["app.js", "text/javascript; charset=utf-8"],
    ["app.mjs", "text/javascript; charset=utf-8"],
    ["style.min.css", "text/css; charset=utf-8"],
    ["data.json", "application/json; charset=utf-8"],
    ["site.webmanifest", "application/manifest+json; charset=utf-8"],
    ["logo.svg", "image/svg+xml; charset=utf-8"],
    ["photo.png", "image/png"],
    ["font.woff2", "font/woff2"],
    ["module.wasm", "application/wasm"],
    ["large.bin", "application/octet-stream"],
    ["html", "application/octet-stream"],
    ["trailing.", "application/octet-stream"],
    ["name.__proto__", "application/octet-stream"],
    ["name.constructor", "application/octet-stream"],
    ["name.unheard-of", "application/octet-stream"],
  ] as const) {
    it(`gives ${name} the type ${type}`, () => {
      expect(contentTypeOf(name)).to.equal(type);
    });
  }
});
