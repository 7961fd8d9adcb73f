import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin, type Reply, type SeenRequest } from "../rig/http-origin.ts";
import { purge } from "../rig/purge.ts";
import { runAdminCli } from "../rig/run-admin-cli.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

const PACE = 20;
const PAGES = Array.from({ length: 30 }, (_, i) => `/page/${i}`);
// A timer may fire a millisecond early.
const EARLY_MS = 1;

describe("a soft purge at a pace, with two edges in front of one origin", function () {
  this.timeout(20_000);
  let origin: HttpOrigin;
  let purgeLog: MemoryPurgeLog;
  let edges: readonly TestEdge[];
  /** Of each edge's requests to the origin: when they came, and for what. */
  let seen: Map<string, { at: number; target: string }[]>;

  beforeEach(async () => {
    seen = new Map();
    origin = await HttpOrigin.start();
    for (const path of PAGES) origin.answer(path, answer);
    purgeLog = new MemoryPurgeLog(systemClock);
    edges = await Promise.all(["edge-1", "edge-2"].map((id) => startTestEdge(origin.url, { id, purgeLog })));
    for (const { url } of edges) for (const path of PAGES) await get(url, path);
  });

  afterEach(async () => {
    for (const edge of edges) await edge.stop();
    await purgeLog.close();
    await origin.stop();
  });

  function answer(request: SeenRequest): Reply {
    const edge = request.header("cdn-loop") ?? "";
    const requests = seen.get(edge) ?? [];
    requests.push({ at: performance.now(), target: request.target });
    seen.set(edge, requests);
    const fields = [
      ["Cache-Control", "max-age=600"],
      ["ETag", '"one"'],
    ] as const;
    return request.header("if-none-match") === '"one"' ? { status: 304, fields } : { fields, body: "page" };
  }

  async function metric(edge: TestEdge, name: string): Promise<number> {
    const { text } = await get(edge.operator, "/metrics");
    const line = text.split("\n").find((each) => each.startsWith(`edgecache_edge_${name}{`));
    return Number(line?.split(" ").at(-1));
  }

  it("is proven at once, and refills each edge behind it, the most used first and never faster than it says", async () => {
    const [edge] = edges;
    if (edge === undefined) throw new Error("there is an edge");
    const favourites = ["/page/17", "/page/4", "/page/25"];
    for (const [i, path] of favourites.entries()) {
      for (let uses = favourites.length - i; uses > 0; uses -= 1) await get(edge.url, path);
    }
    seen.clear();

    const purgedAt = performance.now();
    const how = ["--prefix", "/page/", "--soft", "--pace", `${PACE}/s`, "--purge-id", "release-7", "--json"];
    const run = await runAdminCli(["purge", "--edge", edge.control, ...how]);
    expect([run.code, run.stderr]).to.deep.equal([0, ""]);
    expect((await metric(edge, "refilled_total")) < PAGES.length).to.equal(true);
    const { purges } = JSON.parse((await runAdminCli(["purges", "--edge", edge.control, "--json"])).stdout);
    expect(purges[0]).to.deep.include({ purgeId: "release-7", soft: true, pace: PACE });

    for (const each of edges) {
      const refilled = async () => (await metric(each, "refilled_total")) >= PAGES.length;
      await until("all pages are fetched again", refilled);
    }
    for (const { id, url } of edges) {
      const requests = seen.get(id) ?? [];
      expect(requests.map(({ target }) => target)).to.have.members(PAGES);
      // A busy machine delays requests, which never makes one come too soon after the purge.
      for (const [i, { at }] of requests.entries()) {
        expect(at - purgedAt, `${id}, request ${i}`).to.be.at.least(i * (1_000 / PACE - EARLY_MS));
      }
      for (const path of PAGES) expect((await get(url, path)).header("x-cache")).to.equal("HIT");
      expect(requests).to.have.length(PAGES.length);
    }
    expect(
      seen
        .get(edge.id)
        ?.slice(0, 3)
        .map(({ target }) => target),
    ).to.deep.equal(favourites);
  });

  it("answers clients meanwhile as any soft purge does, and does not ask again for what they have refreshed", async () => {
    const [edge] = edges;
    if (edge === undefined) throw new Error("there is an edge");
    for (const path of PAGES.slice(0, 20)) await get(edge.url, path);
    seen.clear();
    await purge(edge.control, { $case: "prefix", prefix: "/page/" }, { soft: true, pace: PACE });
    const answers: (string | undefined)[] = [];
    for (const path of PAGES.slice(20)) answers.push((await get(edge.url, path)).header("x-cache"));
    expect(new Set(answers)).to.deep.equal(new Set(["REVALIDATED"]));
    const refill = (what: string) => metric(edge, `${what}_total`);
    await until("ten are skipped", async () => (await refill("refill_skipped")) >= 10);
    await until("twenty are fetched", async () => (await refill("refilled")) >= 20);
    expect(await metric(edge, "refilled_total")).to.equal(20);
    const targets = (seen.get(edge.id) ?? []).map(({ target }) => target);
    expect(targets).to.have.length(PAGES.length);
    expect(targets).to.have.members(PAGES);
  });
});
