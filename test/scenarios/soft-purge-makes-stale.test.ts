import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { runAdminCli } from "../rig/run-admin-cli.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

const PAGES = {
  "/plain": "max-age=600",
  "/behind": "max-age=600, stale-while-revalidate=600",
  "/on-error": "max-age=600, stale-if-error=600",
};

describe("a soft purge of two edges", function () {
  this.timeout(20_000);
  let version: string;
  let origin: HttpOrigin;
  let purgeLog: MemoryPurgeLog;
  let edges: readonly TestEdge[];

  beforeEach(async () => {
    version = "old";
    origin = await HttpOrigin.start();
    for (const [path, cacheControl] of Object.entries(PAGES)) {
      origin.answer(path, () => ({ fields: [["Cache-Control", cacheControl]], body: version }));
    }
    purgeLog = new MemoryPurgeLog(systemClock);
    edges = await Promise.all(["edge-1", "edge-2"].map((id) => startTestEdge(origin.url, { id, purgeLog })));
    for (const { url } of edges) for (const path of Object.keys(PAGES)) await get(url, path);
    version = "new";
  });

  afterEach(async () => {
    for (const edge of edges) await edge.stop();
    await purgeLog.close();
    await origin.stop();
  });

  /** Returns its position, once every edge has applied it. */
  async function purge(...how: readonly string[]): Promise<string> {
    const run = await runAdminCli(["purge", "--edge", edges[0]?.control ?? "", ...how, "--json"]);
    expect([run.code, run.stderr]).to.deep.equal([0, ""]);
    return JSON.parse(run.stdout).position;
  }

  /** What each edge answers. */
  async function answers(path: string, headers = {}): Promise<readonly string[]> {
    const replies = await Promise.all(edges.map(({ url }) => get(url, path, { headers })));
    return replies.map(({ status, text, header }) =>
      status < 400 ? `${header("x-cache")} ${text}` : `${status}`,
    );
  }

  const both = (answer: string): readonly string[] => edges.map(() => answer);

  for (const what of [["--all"], ["--prefix", "/"], Object.keys(PAGES)]) {
    it(`makes stale what it names (${what.join(" ")}), and each response says for itself what that means`, async () => {
      await purge("--soft", ...what);
      expect(await answers("/plain")).to.deep.equal(both("MISS new"));
      expect(await answers("/behind")).to.deep.equal(both("STALE old"));
      for (const { url } of edges) {
        await until(
          "the refresh has brought the new version",
          async () => (await get(url, "/behind")).text !== "old",
        );
      }
      expect(await answers("/behind")).to.deep.equal(both("HIT new"));
      await origin.stop();
      expect(await answers("/on-error")).to.deep.equal(both("STALE old"));
      origin = await HttpOrigin.start();
    });
  }

  it("serves nothing old to who names its position", async () => {
    const position = await purge("--soft", "--all");
    const named = { "EdgeCache-After": position };
    expect(await answers("/behind", named)).to.deep.equal(both("MISS new"));
    await origin.stop();
    expect(await answers("/on-error", named)).to.deep.equal(both("504"));
    origin = await HttpOrigin.start();
  });

  it("is no purge that removes: that one leaves nothing stale to serve", async () => {
    await purge("--all", "--soft");
    await purge("--all");
    expect(await answers("/behind")).to.deep.equal(both("MISS new"));
    await origin.stop();
    expect(await answers("/on-error")).to.deep.equal(both("502"));
    origin = await HttpOrigin.start();
  });
});
