import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import express, { type Express } from "express";
import { type Application, noting, startApplication } from "../rig/application.ts";
import { type Asking, get } from "../rig/http-client.ts";
import { ManualClock } from "../rig/manual-clock.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { writtenRules } from "../rig/written-rules.ts";

const HTML = { Accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

describe("a preset before an application of its kind:", () => {
  let application: Application;
  let edge: TestEdge;
  let clock: ManualClock;
  let folder: string;
  let answered: string[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "edgecache-site-"));
    clock = new ManualClock(Date.now());
    answered = [];
  });

  afterEach(async () => {
    await edge.stop();
    await application.stop();
    rmSync(folder, { recursive: true });
  });

  const start = async (preset: string, build: (app: Express) => void) => {
    const app = express();
    app.use(noting(answered));
    build(app);
    application = await startApplication(app, answered);
    edge = await startTestEdge(application.url, {
      clock,
      lease: 30_000,
      rules: writtenRules(`preset: ${preset}\n`),
    });
  };

  const files = (all: Readonly<Record<string, string | Uint8Array>>) => {
    for (const [name, content] of Object.entries(all)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
  };

  const ask = async (target: string, headers: Readonly<Record<string, string>> = {}, asking: Asking = {}) => {
    const { status, header, text } = await get(edge.url, target, { ...asking, headers });
    return { seen: `${status} ${header("x-cache")}`, text, header };
  };

  const seen = async (target: string, headers: Readonly<Record<string, string>> = {}) =>
    (await ask(target, headers)).seen;

  describe("a static build", () => {
    const build = {
      "index.html": "<h1>Home",
      "_astro/app.B7x2.css": "a{}",
      "logo.png": "png",
      "feed.xml": "<rss>",
    };

    it("keeps pages for a minute, files for an hour, and those with their content in the name for a month", async () => {
      files(build);
      // As most servers of files answer: Last-Modified and ETag, and no lifetime.
      await start("static-site", (app) => app.use(express.static(folder, { cacheControl: false })));
      const lifetimes = { "/": 60, "/feed.xml": 60, "/logo.png": 3_600, "/_astro/app.B7x2.css": 30 * 86_400 };
      for (const [target, seconds] of Object.entries(lifetimes)) {
        expect(await seen(target, { Cookie: "_ga=1" }), target).to.equal("200 MISS");
        const second = await ask(`${target}?utm_campaign=x`, { Cookie: "_ga=2" });
        expect(second.header("cache-status"), target).to.match(new RegExp(`hit; ttl=${seconds}`));
      }
    });

    it("obeys a server that gives lifetimes itself", async () => {
      files(build);
      await start("static-site", (app) => app.use(express.static(folder)));
      expect(await seen("/")).to.equal("200 MISS");
      expect(await seen("/")).to.equal("200 REVALIDATED");
      expect(answered).to.deep.equal(["GET / 200", "GET / 304"]);
    });

    it("asks again for a missing page after ten seconds", async () => {
      files(build);
      await start("static-site", (app) => app.use(express.static(folder, { cacheControl: false })));
      expect([await seen("/new"), await seen("/new")]).to.deep.equal(["404 MISS", "404 HIT"]);
      files({ new: "here" });
      clock.advance(10_000);
      expect(await seen("/new")).to.equal("200 MISS");
    });
  });

  describe("a single-page app", () => {
    beforeEach(async () => {
      files({ "index.html": "<div id=app>", "assets/app-1.js": "1" });
      await start("single-page-app", (app) => {
        app.use(express.static(folder, { cacheControl: false }));
        app.get("/api/orders", (request, response) => {
          response.json({ of: request.headers.cookie });
        });
      });
    });

    it("gives every navigation the page, which the origin is asked for once", async () => {
      const targets = ["/", "/orders/17", "/users/a%2fb", "/orders/17"];
      const all = [];
      for (const target of targets) all.push(await ask(target, { ...HTML, Cookie: "_ga=1" }));
      expect(all.map(({ text }) => text)).to.deep.equal(targets.map(() => "<div id=app>"));
      expect(answered).to.deep.equal(["GET / 200"]);
    });

    it("does not take a missing file, or a request of a program, for a navigation", async () => {
      expect(await seen("/assets/gone.js", HTML)).to.equal("404 MISS");
      expect(await seen("/orders/17", { Accept: "application/json" })).to.equal("404 MISS");
      // And these do not stand in the way of a navigation to the same path.
      expect(await seen("/orders/17", HTML)).to.equal("200 MISS");
    });

    it("lets the server's own paths pass with their cookies, also when they are navigated to", async () => {
      for (const Cookie of ["session=a", "session=b"]) {
        const { seen: how, text } = await ask("/api/orders?utm_source=x", { ...HTML, Cookie });
        expect([how, JSON.parse(text)]).to.deep.equal(["200 BYPASS", { of: Cookie }]);
      }
      expect(await seen("/API/orders", HTML)).to.equal("200 BYPASS");
      expect(answered.at(-1)).to.equal("GET /API/orders 200");
    });
  });

  describe("an API with sessions", () => {
    let fails: boolean;

    beforeEach(async () => {
      const items = ["a"];
      fails = false;
      await start("api", (app) => {
        app.get("/items", (_, response) => void response.json(items));
        app.post("/items", (_, response) => {
          items.push("b");
          response.status(201).json({ ok: true });
        });
        app.get("/whoami", ({ headers: { cookie, authorization } }, response) => {
          response.status(fails ? 503 : 200).json({ cookie, authorization });
        });
        app.get("/me", (request, response) => {
          const { cookie, "x-api-key": key } = request.headers;
          if (cookie === undefined && key === undefined) response.cookie("session", randomUUID());
          response.json({ me: cookie ?? key ?? "nobody" });
        });
      });
    });

    it("takes a rush away, and confirms by ETag what is a second old", async () => {
      expect([await seen("/items"), await seen("/items")]).to.deep.equal(["200 MISS", "200 HIT"]);
      clock.advance(2_000);
      expect(await seen("/items")).to.equal("200 REVALIDATED");
      expect(answered).to.deep.equal(["GET /items 200", "GET /items 304"]);
    });

    it("shows a change at once", async () => {
      await seen("/items");
      await ask("/items", { "Content-Type": "application/json" }, { method: "POST", body: "{}" });
      expect((await ask("/items")).text).to.equal('["a","b"]');
    });

    it("answers nobody who has a session or credentials as it has answered somebody without", async () => {
      for (const own of [{ Cookie: "session=a" }, { Authorization: "Bearer a" }]) {
        await seen("/whoami");
        expect(await seen("/whoami")).to.equal("200 HIT");
        const [name, value] = Object.entries(own)[0] ?? [];
        expect((await ask("/whoami", own)).text).to.equal(
          JSON.stringify({ [String(name).toLowerCase()]: value }),
        );
        clock.advance(2_000);
      }
    });

    it("shares no answer to a session by the preset, also where the site shares those of cookies", async () => {
      await edge.stop();
      const rules = writtenRules("preset: api\n", { requestCookie: "obey" });
      edge = await startTestEdge(application.url, { clock, lease: 30_000, rules });
      for (const Cookie of ["session=a", "session=b"])
        expect((await ask("/whoami", { Cookie })).text).to.equal(JSON.stringify({ cookie: Cookie }));
      fails = true;
      clock.advance(1_000);
      expect(await seen("/whoami", { Cookie: "session=c" })).to.equal("503 MISS");
    });

    it("shares nothing of a session, of a key, or of a visitor who gets a session", async () => {
      const who = async (headers: Readonly<Record<string, string>>) => {
        const { text, header } = await ask("/me", headers);
        return `${JSON.parse(text).me} ${header("x-cache")}`;
      };
      expect(await who({ Cookie: "session=a" })).to.equal("session=a MISS");
      expect(await who({ Cookie: "session=b" })).to.equal("session=b MISS");
      expect(await who({ "X-Api-Key": "k1" })).to.equal("k1 BYPASS");
      expect(await who({ "X-Api-Key": "k2" })).to.equal("k2 BYPASS");
      const sessions = [await ask("/me"), await ask("/me")].map(({ header }) => header("set-cookie"));
      expect(new Set(sessions).size).to.equal(2);
    });
  });

  describe("media", () => {
    it("keeps films with their parts, and a playlist for two seconds", async () => {
      const film = Buffer.alloc(2 ** 20, "film");
      files({ "film.mp4": film, "live.m3u8": "#EXTM3U", "part.ts": "segment" });
      await start("media", (app) => app.use(express.static(folder, { cacheControl: false })));
      const part = await ask("/film.mp4", { Range: "bytes=100-199", Cookie: "viewer=1" });
      expect(part.text).to.equal(film.subarray(100, 200).toString());
      expect(await seen("/film.mp4?utm_source=x", { Range: "bytes=100-199", Cookie: "viewer=2" })).to.equal(
        "206 HIT",
      );
      expect([await seen("/live.m3u8"), await seen("/live.m3u8")]).to.deep.equal(["200 MISS", "200 HIT"]);
      clock.advance(3_000);
      expect(await seen("/live.m3u8")).to.equal("200 REVALIDATED");
      expect(await seen("/film.mp4", { Range: "bytes=100-199" })).to.equal("206 HIT");
    });
  });
});
