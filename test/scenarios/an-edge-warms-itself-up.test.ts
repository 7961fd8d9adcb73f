import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { stopAfterEach } from "../rig/fetching.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { purge } from "../rig/purge.ts";
import { startTestEdge, type TestEdge, type TestEdgeOptions } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

const PAGES = Array.from({ length: 60 }, (_, n) => `/page/${n}`);
// Edges of a restart listen on other ports.
const HOST = { host: "site.example" };

describe("an edge that fills itself before clients ask", function () {
  this.timeout(60_000);
  const stopLater = stopAfterEach();
  let origin: HttpOrigin;
  let purgeLog: MemoryPurgeLog;
  let file: string;
  let version: string;

  beforeEach(async () => {
    version = "old";
    origin = await HttpOrigin.start();
    stopLater(() => origin.stop());
    const answer = () => ({
      fields: [
        ["Cache-Control", "max-age=600"],
        ["Vary", "Accept-Language"],
      ] as const,
      body: version,
    });
    for (const page of PAGES) origin.answer(page, answer);
    const mine = [["Cache-Control", "max-age=600, public"]] as const;
    origin.answer("/mine", { fields: mine, body: "mine" });
    purgeLog = new MemoryPurgeLog(systemClock);
    stopLater(() => purgeLog.close());
    const folder = mkdtempSync(join(tmpdir(), "edgecache-warm-"));
    stopLater(async () => rmSync(folder, { recursive: true }));
    file = join(folder, "hot.json");
  });

  async function started(options: TestEdgeOptions = {}): Promise<TestEdge> {
    const edge = await startTestEdge(origin.url, { purgeLog, drain: 0, warmPace: 10_000, ...options });
    let stopped: Promise<void> | undefined;
    const stop = () => (stopped ??= edge.stop());
    stopLater(stop);
    return { ...edge, stop };
  }

  const asked = (edge: TestEdge, page: string, language = "de") =>
    get(edge.url, page, { headers: { ...HOST, "Accept-Language": language } });
  const askedAll = async (edge: TestEdge): Promise<number> => {
    const hits = await Promise.all(
      PAGES.map(async (page) => (await asked(edge, page)).header("x-cache") === "HIT"),
    );
    return hits.filter(Boolean).length;
  };
  const isWarm = (edge: TestEdge, objects = PAGES.length) =>
    until("it is warm", async () =>
      (await get(edge.operator, "/stats")).text.includes(`"objects":${objects}`),
    );

  it("fetches what was asked for before it stopped, as it is now, and its variants", async () => {
    const edge = await started({ warmStart: file });
    await askedAll(edge);
    await asked(edge, "/page/0", "en");
    await edge.stop();
    version = "new";
    const after = await started({ warmStart: file });
    await isWarm(after, PAGES.length + 1);
    const before = origin.count();
    expect(await askedAll(after)).to.equal(PAGES.length);
    const english = await asked(after, "/page/0", "en");
    expect([english.header("x-cache"), english.text]).to.deep.equal(["HIT", "new"]);
    expect(origin.count()).to.equal(before);
  });

  it("notes nothing that is one client's own, and lets the owner alone read the file", async () => {
    const edge = await started({ warmStart: file });
    await asked(edge, "/page/0");
    await get(edge.url, "/mine", { headers: { ...HOST, Authorization: "Basic c2VjcmV0" } });
    await edge.stop();
    expect(readFileSync(file, "utf8")).to.contain("/page/0").and.not.contain("mine");
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  for (const [what, content] of [
    ["is another", '{"version":1,"pages":[{"site":"default","target":"no-path","fields":[],"uses":1}]}'],
    ["is torn", '{"version":1,"pa'],
    ["is too large", " ".repeat(8 * 1024 * 1024 + 1)],
  ] as const)
    it(`starts with an empty cache when the file ${what}, and writes a new one`, async () => {
      writeFileSync(file, content);
      const edge = await started({ warmStart: file });
      await asked(edge, "/page/1");
      await edge.stop();
      expect(JSON.parse(readFileSync(file, "utf8")).pages).to.have.length(1);
    });

  it("fetches what other edges are asked for, at another port", async () => {
    const first = await started({ id: "first" });
    await askedAll(first);
    const joined = await started({ id: "joined", warmFromPeers: true });
    await isWarm(joined);
    expect(await askedAll(joined)).to.equal(PAGES.length);
  });

  it("has it from the other edges where they ask each other, and not from the origin", async () => {
    const first = await started({ id: "first", peers: true });
    await askedAll(first);
    const before = origin.count();
    const joined = await started({ id: "joined", warmFromPeers: true, peers: true });
    await isWarm(joined);
    expect(await askedAll(joined)).to.equal(PAGES.length);
    // Its own pages it fetches itself.
    expect(origin.count() - before).to.be.below(PAGES.length);
  });

  it("keeps nothing that a purge has overtaken", async () => {
    const edge = await started({ warmStart: file });
    await askedAll(edge);
    await edge.stop();
    const gate = origin.hold("/page/7", "body");
    const count = origin.count("/page/7");
    const after = await started({ warmStart: file });
    await until("it is fetched", async () => origin.count("/page/7") > count);
    await purge(after.control, { $case: "url", url: "/page/7" });
    version = "new";
    gate.open();
    await isWarm(after, PAGES.length - 1);
    expect((await asked(after, "/page/7")).text).to.equal("new");
  });
});
