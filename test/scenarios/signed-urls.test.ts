import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { edgeConfig } from "../../edge/config.ts";
import type { Site } from "../../edge/origin/sites.ts";
import { SAFE_RULES } from "../../edge/rules/site-rules.ts";
import { systemClock } from "../../process/clock.ts";
import { Token } from "../../process/control/tokens.ts";
import { type SigningKey, type UrlClaim, urlToken } from "../../process/url-signature.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { ManualClock } from "../rig/manual-clock.ts";
import { purge } from "../rig/purge.ts";
import { sendBytes } from "../rig/raw-client.ts";
import { runAdminCli } from "../rig/run-admin-cli.ts";
import { startTestEdge, type TestEdge, type TestEdgeOptions } from "../rig/test-edge.ts";

const OLD: SigningKey = { id: "old", secret: "0123456789abcdef0123456789abcdef" };
const NEW: SigningKey = { id: "new", secret: "fedcba9876543210fedcba9876543210" };
const STRANGER: SigningKey = { id: "old", secret: "another-secret-another-secret-00" };
const HOUR = 3_600;

describe("a site with signed URLs", () => {
  let folder: string;
  let keys: string;
  let origin: HttpOrigin;
  let edge: TestEdge;
  let clock: ManualClock;
  let host: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "signed-"));
    keys = join(folder, "keys");
    keysAre(OLD);
    origin = await HttpOrigin.start();
  });

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
    rmSync(folder, { recursive: true });
  });

  const keysAre = (...all: readonly SigningKey[]) => {
    writeFileSync(keys, all.map(({ id, secret }) => `${id} ${secret}\n`).join(""));
    chmodSync(keys, 0o600);
  };

  const flagsOf = (more: readonly string[] = []) => {
    const argv = ["--origin", ".", "--sign-keys", keys, "--sign-paths", "/private/**", ...more];
    return edgeConfig({ argv, env: {}, readFile: () => "" }).sites[0]?.rules ?? SAFE_RULES;
  };

  const start = async (more: readonly string[] = [], options: TestEdgeOptions = {}) => {
    clock = new ManualClock();
    const base = { rules: flagsOf(more), purgeLog: new MemoryPurgeLog(clock), clock, lease: 30_000 };
    edge = await startTestEdge(origin.url, { ...base, ...options });
    host = new URL(edge.url).host;
  };

  const page = (path: string, body = "secret") =>
    origin.answer(path, (request) => ({
      fields: [
        ["Cache-Control", "max-age=86400"],
        ["X-Target", request.target],
      ],
      body,
    }));

  /** In `seconds` from now it expires. */
  const claim = (target: string, more: Partial<UrlClaim> = {}, seconds = HOUR): UrlClaim => ({
    host,
    expires: clock.wall() / 1_000 + seconds,
    scope: "url",
    text: target,
    ...more,
  });

  const signed = (target: string, key = OLD, more: Partial<UrlClaim> = {}, seconds = HOUR): string =>
    withToken(target, urlToken(key, claim(target, more, seconds)));

  const withToken = (target: string, token: string) =>
    `${target}${target.includes("?") ? "&" : "?"}token=${token}`;

  const statusOf = async (target: string, headers: Record<string, string> = {}) =>
    (await get(edge.url, target, { headers })).status;

  it("serves them with a token, which is neither in the key nor sent to the origin", async () => {
    await start();
    page("/private/a");
    const first = await get(edge.url, signed("/private/a?q=1"));
    expect([first.status, first.header("x-target")]).to.deep.equal([200, "/private/a?q=1"]);
    const other = await get(edge.url, signed("/private/a?q=1", OLD, {}, 2 * HOUR));
    expect(other.header("x-cache")).to.equal("HIT");
    expect(await statusOf(withToken("/private/a", urlToken(OLD, claim("/private/a"))))).to.equal(200);
  });

  it("refuses them without one, and tells the client no reason", async () => {
    await start();
    page("/private/a");
    await get(edge.url, signed("/private/a"));
    const refused = await get(edge.url, "/private/a");
    expect(refused.status).to.equal(403);
    expect(refused.header("cache-status")).to.equal("edge-1; fwd=bypass; detail=signature");
    expect(refused.text).not.to.include("missing");
    expect(origin.count("/private/a")).to.equal(1);
  });

  for (const workers of [1, 2]) {
    it(`tells the reason to who has a token of the edge, ${workers} serving`, async () => {
      const tokens = { token: new Token("all-of-it"), readToken: new Token("reading") };
      const running = { clock: systemClock, purgeLog: new MemoryPurgeLog(systemClock), lease: 2_000 };
      await start(["--sign-expires", "2h"], { tokens, workers, ...running });
      clock = new ManualClock(Math.floor(Date.now() / 1_000) * 1_000);
      const statusFor = async (target: string, headers: Record<string, string>) =>
        (await get(edge.url, target, { headers })).header("cache-status");
      const token = urlToken(OLD, claim("/private/a"));
      for (const [why, target] of [
        ["missing", "/private/a"],
        ["unclear", `/private/a?token=${token}&token=${token}`],
        ["malformed", "/private/a?token=x"],
        ["unknown-key", signed("/private/a", NEW)],
        ["wrong-signature", signed("/private/a", STRANGER)],
        ["expired", signed("/private/a", OLD, {}, -1)],
        ["expires-too-late", signed("/private/a", OLD, {}, 3 * HOUR)],
        [
          "other-path",
          withToken("/private/a", urlToken(OLD, claim("", { scope: "prefix", text: "/private/v/" }))),
        ],
      ] as const) {
        const told = `edge-1; fwd=bypass; detail=signature:${why}`;
        for (const secret of ["all-of-it", "reading"])
          expect(await statusFor(target, { "EdgeCache-Token": secret })).to.equal(told);
        for (const headers of [{}, { "EdgeCache-Token": "readin" }, { Authorization: "Bearer all-of-it" }])
          expect(await statusFor(target, headers)).to.equal("edge-1; fwd=bypass; detail=signature");
      }
    });
  }

  it("tells nobody the reason at an edge without a token", async () => {
    await start();
    const refused = await get(edge.url, "/private/a", { headers: { "EdgeCache-Token": "" } });
    expect(refused.header("cache-status")).to.equal("edge-1; fwd=bypass; detail=signature");
  });

  it("serves other paths as ever", async () => {
    await start();
    page("/public");
    expect(await statusOf("/public")).to.equal(200);
    expect((await get(edge.url, "/public?token=x")).header("x-target")).to.equal("/public?token=x");
  });

  it("serves one until its last second, and not after it", async () => {
    await start();
    page("/private/a");
    const url = signed("/private/a");
    clock.advance(HOUR * 1_000 - 1);
    expect(await statusOf(url)).to.equal(200);
    clock.advance(1);
    expect(await statusOf(url)).to.equal(403);
  });

  it("refuses one that is good for longer than sign-expires", async () => {
    await start(["--sign-expires", "1h"]);
    page("/private/a");
    expect(await statusOf(signed("/private/a", OLD, {}, HOUR))).to.equal(200);
    expect(await statusOf(signed("/private/a", OLD, {}, HOUR + 1))).to.equal(403);
  });

  it("refuses a token that was moved, changed, doubled or written in another way", async () => {
    await start();
    for (const path of ["/private/a", "/private/b"]) page(path);
    const token = urlToken(OLD, claim("/private/a"));
    const [id, expires, scope, signature = ""] = token.split(".");
    const last = signature.endsWith("A") ? "B" : "A";
    const later = `${id}.${Number(expires) + 1}.${scope}.${signature}`;
    for (const target of [
      `/private/b?token=${token}`,
      `/private/a?q=1&token=${token}`,
      `/private/a/?token=${token}`,
      `/private/%61?token=${token}`,
      `/private/./a?token=${token}`,
      `/private/b/%2e%2e/a?token=${token}`,
      `//private/a?token=${token}`,
      `/PRIVATE/a?token=${token}`,
      `/private/a?token=${token}&token=${token}`,
      `/private/a?token=${token}&%74oken=${token}`,
      `/private/a?token=${token};token=${token}`,
      `/private/a?%74oken=${token}`,
      `/private/a?token=${token}&`,
      `/private/a?token=${later}`,
      `/private/a?token=${signature}`,
      `/private/a?token=${token}%20`,
      "/private/a?token=",
      "/private/a?token",
      `/private/a?Token=${token}`,
      `/private/a?token=${id}.${expires}.p9.${signature}`,
      `/private/a?token=${token.slice(0, -2)}${last}${token.slice(-1)}`,
      `/private/a?token=x${token}`,
      signed("/private/a", STRANGER),
      signed("/private/a", { ...OLD, id: "unknown" }),
      signed("/private/a", OLD, { host: "other.example" }),
      signed("/private/a", OLD, { host: "127.0.0.1" }),
    ])
      expect([target, await statusOf(target)]).to.deep.equal([target, 403]);
    expect(await statusOf(`/private/a?token=${token}`)).to.equal(200);
    expect(await statusOf(`/private/a?token=${token}`, { Host: "other.example" })).to.equal(403);
  });

  it("finds no spelling of a path that needs no token", async () => {
    await start();
    for (const target of [
      "/private",
      "/private/",
      "/PRIVATE/a",
      "/%70rivate/a",
      "/%2570rivate/a",
      "/public/../private/a",
      "/public/%2e%2e/private/a",
      "/public/..%2fprivate/a",
      "/private;x/a",
      "/private%5ca",
      "//private/a",
      "/./private/a",
    ])
      expect([target, await statusOf(target)]).to.deep.equal([target, 403]);
    expect(origin.requests()).to.have.length(0);
  });

  it("opens everything below a prefix by one token, and nothing beside it", async () => {
    await start();
    for (const path of ["/private/v/1.ts", "/private/v/x%20y/2.ts", "/private/w/1.ts"]) page(path);
    const token = urlToken(OLD, claim("", { scope: "prefix", text: "/private/v/" }));
    for (const target of ["/private/v/1.ts", "/private/v/1.ts?q=1", "/private/v/x%20y/2.ts"])
      expect([target, await statusOf(withToken(target, token))]).to.deep.equal([target, 200]);
    for (const target of [
      "/private/v",
      "/private/w/1.ts",
      "/private/vv/1.ts",
      "/private/v/../w/1.ts",
      "/private/v/%2e%2e/w/1.ts",
      "/private/v/..%2fw/1.ts",
      "/private/v/%252e%252e/w/1.ts",
      "/private/v/..;/w/1.ts",
      "/private/v/..%5cw/1.ts",
    ])
      expect([target, await statusOf(withToken(target, token))]).to.deep.equal([target, 403]);
    const within = urlToken(OLD, claim("", { scope: "prefix", text: "/private/v" }));
    expect(await statusOf(withToken("/private/v/1.ts", within))).to.equal(403);
  });

  it("takes tokens of an old and a new key while both are in the file", async () => {
    await start();
    page("/private/a");
    const [old, made] = [signed("/private/a"), signed("/private/a", NEW)];
    expect([await statusOf(old), await statusOf(made)]).to.deep.equal([200, 403]);
    keysAre(NEW, OLD);
    await edge.reload({});
    expect([await statusOf(old), await statusOf(made)]).to.deep.equal([200, 200]);
    keysAre(NEW);
    await edge.reload({});
    expect([await statusOf(old), await statusOf(made)]).to.deep.equal([403, 200]);
  });

  it("goes on with its keys when a reload finds none", async () => {
    await start();
    page("/private/a");
    keysAre();
    const refused = await edge.reload({}).then(
      () => "reloaded",
      (thrown: unknown) => String(thrown),
    );
    expect(refused).to.include("it has no key").and.not.to.include(OLD.secret);
    expect(await statusOf(signed("/private/a"))).to.equal(200);
  });

  it("asks before its rules, which see the path without the token", async () => {
    const file = "rules:\n  - {match: {path: /private/a}, respond: {status: 503, body: later}}\n";
    const argv = ["--origin", ".", "--sign-keys", keys, "--sign-paths", "/private/**", "--config", "f"];
    const [site] = edgeConfig({ argv, env: {}, readFile: () => file }).sites;
    await start([], { rules: site?.rules ?? SAFE_RULES });
    expect(await statusOf("/private/a")).to.equal(403);
    expect(await statusOf(signed("/private/a"))).to.equal(503);
  });

  it("asks of HEAD, ranges, preconditions, POST and QUERY too", async () => {
    await start();
    page("/private/a", "0123456789");
    await get(edge.url, signed("/private/a"));
    for (const [method, headers, status] of [
      ["HEAD", {}, 200],
      ["GET", { Range: "bytes=0-1" }, 206],
      ["GET", { "If-None-Match": "*" }, 304],
      ["POST", {}, 200],
      ["QUERY", {}, 200],
    ] as const) {
      expect((await get(edge.url, "/private/a", { method, headers })).status).to.equal(403);
      expect((await get(edge.url, signed("/private/a"), { method, headers })).status).to.equal(status);
    }
  });

  it("asks on connections that stay open, from the first hit on", async () => {
    await start();
    page("/private/a");
    const lines = (target: string) => `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n`;
    const url = signed("/private/a");
    const asked = [url, url, "/private/a", url, "/private/a"].map((target) => `${lines(target)}\r\n`);
    const answer = await sendBytes(edge.url, `${asked.join("")}${lines(url)}Connection: close\r\n\r\n`);
    const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status);
    expect(statuses).to.deep.equal(["200", "200", "403", "200", "403", "200"]);
  });

  it("asks in each of several threads", async () => {
    await start([], {
      workers: 2,
      clock: systemClock,
      purgeLog: new MemoryPurgeLog(systemClock),
      lease: 2_000,
    });
    page("/private/a");
    clock = new ManualClock(Math.floor(Date.now() / 1_000) * 1_000);
    const url = signed("/private/a");
    const lines = (target: string) => `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n`;
    const asked = [url, "/private/a", url, "/private/a"].map((target) => `${lines(target)}\r\n`).join("");
    for (let time = 0; time < 8; time += 1) {
      const answer = await sendBytes(edge.url, `${asked}${lines(url)}Connection: close\r\n\r\n`);
      const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status);
      expect(statuses).to.deep.equal(["200", "403", "200", "403", "200"]);
    }
  });

  it("asks by HTTP/2", async () => {
    await start([], { h2c: true });
    page("/private/a");
    const session = connect(edge.url);
    const ask = async (path: string) => {
      const stream = session.request({ ":path": path });
      const status = new Promise<unknown>((resolve) =>
        stream.once("response", (fields) => resolve(fields[":status"])),
      );
      await text(stream);
      return status;
    };
    const url = signed("/private/a");
    expect([await ask(url), await ask(url), await ask("/private/a")]).to.deep.equal([200, 200, 403]);
    session.close();
  });

  it("is purged by the URL without the token", async () => {
    await start();
    page("/private/a");
    await get(edge.url, signed("/private/a"));
    await purge(edge.control, { $case: "url", url: "/private/a" });
    expect((await get(edge.url, signed("/private/a"))).header("x-cache")).to.equal("MISS");
  });

  it("tells sites apart by their hosts", async () => {
    const sites: Site[] = ["a", "b"].map((name) => ({
      name,
      hosts: [`${name}.example`],
      origin: { kind: "http", url: origin.url },
      rules: flagsOf(),
    }));
    await start([], { sites });
    page("/private/a");
    const url = signed("/private/a", OLD, { host: "a.example" });
    expect(await statusOf(url, { Host: "a.example" })).to.equal(200);
    expect(await statusOf(url, { Host: "A.Example:80" })).to.equal(200);
    expect(await statusOf(url, { Host: "b.example" })).to.equal(403);
  });

  it("serves what admin-cli sign has made", async () => {
    await start([], { clock: systemClock, purgeLog: new MemoryPurgeLog(systemClock), lease: 2_000 });
    page("/private/a b");
    page("/private/a%20b");
    const { stdout } = await runAdminCli([
      "sign",
      `${edge.url}/private/a b?q=ü`,
      "--expires",
      "1h",
      "--key-file",
      keys,
    ]);
    const url = new URL(stdout.trim());
    expect(await statusOf(`${url.pathname}${url.search}`)).to.equal(200);
  });

  it("does not start without keys, or without paths", async () => {
    await start();
    const problem = async (...flags: string[]) => {
      const { sites } = edgeConfig({
        argv: ["--origin", origin.url.href, ...flags],
        env: {},
        readFile: () => "",
      });
      return edge.reload({ sites }).then(
        () => "",
        (thrown: unknown) => String(thrown),
      );
    };
    expect(await problem("--sign-paths", "/a")).to.include("got only sign-paths");
    expect(await problem("--sign-keys", keys)).to.include("got only sign-keys");
    expect(await problem("--sign-keys", join(folder, "none"), "--sign-paths", "/a")).to.include(
      "cannot be read",
    );
  });
});
