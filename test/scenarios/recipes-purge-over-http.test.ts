import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { SAFE_RULES } from "../../edge/rules/site-rules.ts";
import { Token } from "../../process/control/tokens.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { fencesOf } from "../rig/page-fences.ts";
import { RedisLogs } from "../rig/redis-logs.ts";
import { type RedisServer, startRedisServer } from "../rig/redis-server.ts";
import { runCommand } from "../rig/run-command.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

const PAGE = readFileSync(resolve(import.meta.dirname, "../../docs/recipes/purge-over-http.md"), "utf8");
const SHOP = { Host: "shop.example" };
const PATHS = ["/hello-world", "/news/a", "/other"];
const PURGED: readonly (readonly [what: string, purged: readonly string[]])[] = [
  ["curl in a CI job", ["/hello-world", "/news/a"]],
  ["WordPress, for a page", ["/hello-world"]],
  ["WordPress, for everything", PATHS],
  ["Drupal", ["/hello-world"]],
  ["a client of Fastly", ["/hello-world"]],
  ["a client of Cloudflare", ["/hello-world"]],
];

/** The blocks of one language, but for the one that sets variables, which the test sets otherwise. */
function blocks(language: string): readonly string[] {
  return fencesOf("", PAGE)
    .filter((fence) => fence.language === language && !fence.text.startsWith("export "))
    .map(({ text }) => text);
}

describe("the recipes for purges over HTTP (they need curl)", function () {
  this.timeout(30_000);
  const folder = mkdtempSync(join(tmpdir(), "edgecache-recipes-"));
  let origin: HttpOrigin;
  let redis: RedisServer;
  let logs: RedisLogs;
  let edges: readonly [TestEdge, TestEdge];

  before(async function () {
    // http-control.test.ts and compat-calls.test.ts make the same calls without curl.
    if (spawnSync("curl", ["--version"]).error !== undefined) this.skip();
    const page = (tags: string) => ({
      fields: [
        ["Cache-Control", "max-age=600"],
        ["Surrogate-Key", tags],
      ] as const,
      body: "page",
    });
    origin = await HttpOrigin.start({
      "/hello-world": page("front-page node:1"),
      "/news/a": page("node:2"),
      "/other": page("node:3"),
    });
    redis = await startRedisServer();
    logs = new RedisLogs(redis.url);
    const start = (id: string) =>
      startTestEdge(origin.url, {
        id,
        purgeLog: logs.open(),
        sites: [
          {
            name: "shop",
            hosts: ["shop.example"],
            origin: { kind: "http", url: origin.url },
            rules: SAFE_RULES,
          },
        ],
        tokens: { token: new Token("of-this-fleet"), readToken: undefined },
        purgeCompat: ["varnish", "fastly", "cloudflare"],
      });
    edges = [await start("edge-1"), await start("edge-2")];
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    if (edges === undefined) return;
    for (const edge of edges) await edge.stop();
    await logs.close();
    await redis.close();
    await origin.stop();
  });
  beforeEach(async () => {
    for (const { url } of edges) for (const path of PATHS) await get(url, path, { headers: SHOP });
  });

  const run = (script: string, token = "of-this-fleet") =>
    runCommand("bash", ["-e", "-c", script], folder, { EDGE: edges[0].operator, EDGECACHE_TOKEN: token });

  /** What the second edge does not answer from its cache. */
  async function gone(): Promise<readonly string[]> {
    const missed: string[] = [];
    for (const path of PATHS) {
      const reply = await get(edges[1].url, path, { headers: SHOP });
      if (reply.header("x-cache") !== "HIT") missed.push(path);
    }
    return missed;
  }

  it("are all tested", () => expect(blocks("sh")).to.have.length(PURGED.length));

  for (const [index, [what, purged]] of PURGED.entries()) {
    it(`purge on both edges: ${what}`, async () => {
      const script = blocks("sh")[index] ?? "";
      const { code, stdout, stderr } = await run(script);
      expect([code, stderr], stdout).to.deep.equal([0, ""]);
      if (!what.startsWith("a client")) {
        const { outcome, edges: receipts } = JSON.parse(stdout);
        const states = receipts.map(({ edge, state, objects }: never) => [edge, state, objects]);
        expect([outcome, states]).to.deep.equal([
          "applied",
          ["edge-1", "edge-2"].map((edge) => [edge, "applied", purged.length]),
        ]);
      }
      expect(await gone()).to.deep.equal(purged);
    });

    it(`fail without the token: ${what}`, async () => {
      const { code } = await run(blocks("sh")[index] ?? "", "another");
      expect(code).not.to.equal(0);
      expect(await gone()).to.deep.equal([]);
    });
  }

  it("purge on both edges: a step of GitHub Actions", async () => {
    const [step] = parse(blocks("yaml")[0] ?? "").steps;
    const { code, stdout } = await run(step.run);
    expect(code, stdout).to.equal(0);
    expect(JSON.parse(stdout).edges.map(({ state }: never) => state)).to.deep.equal(["applied", "applied"]);
    expect(await gone()).to.deep.equal(PATHS);
    expect((await run(step.run, "another")).code).not.to.equal(0);
  });
});
