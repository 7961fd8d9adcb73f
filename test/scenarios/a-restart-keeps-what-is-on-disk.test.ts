import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { explainAnswer } from "../../edge/control-plane/http/answers.ts";
import { systemClock } from "../../process/clock.ts";
import { Failure } from "../../process/failure.ts";
import { KEPT_CHARACTERS } from "../../purge-log/log-limits.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { BEGINNING } from "../../purge-log/position.ts";
import { MOST_TARGETS } from "../../purge-log/purge.ts";
import type { Heartbeat, LogState } from "../../purge-log/purge-log.ts";
import { stopAfterEach } from "../rig/fetching.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { readPrometheusText } from "../rig/prometheus-text.ts";
import { purge } from "../rig/purge.ts";
import { accepted } from "../rig/purge-log-entries.ts";
import { startTestEdge, type TestEdge, type TestEdgeOptions } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

class DeafLog extends MemoryPurgeLog {
  isDeaf = false;

  override async heartbeat(beat: Heartbeat): Promise<LogState> {
    if (this.isDeaf) throw new Failure("log-unreachable", "log", "the log does not answer");
    return super.heartbeat(beat);
  }
}

const PAGES = ["/news/1", "/news/2", "/about", "/shop?page=1"];

describe("an edge with a disk that restarts", function () {
  this.timeout(20_000);
  const stopLater = stopAfterEach();
  let version: string;
  let origin: HttpOrigin;
  let disk: string;
  let purgeLog: MemoryPurgeLog;

  beforeEach(async () => {
    version = "old";
    origin = await HttpOrigin.start();
    stopLater(() => origin.stop());
    for (const page of PAGES) {
      const [path = ""] = page.split("?");
      const tag = path.startsWith("/news") ? "news" : "other";
      origin.answer(path, ({ method, header }) => {
        const fields = [
          ["Cache-Control", "max-age=600"],
          ["Cache-Tag", tag],
          ["ETag", `"${version}"`],
        ] as const;
        if (method === "POST") return { body: "done" };
        return header("if-none-match") === `"${version}"`
          ? { status: 304, fields }
          : { fields, body: `${version} ${path}` };
      });
    }
    disk = mkdtempSync(join(tmpdir(), "edgecache-disk-"));
    stopLater(async () => rmSync(disk, { recursive: true }));
    purgeLog = new MemoryPurgeLog(systemClock);
    stopLater(() => purgeLog.close());
  });

  async function started(options: TestEdgeOptions = {}): Promise<TestEdge> {
    const edge = await startTestEdge(origin.url, { purgeLog, disk, drain: 0, ...options });
    await until("the edge has its lease", async () => (await answer(edge, "/no-such-page")).length > 0);
    return edge;
  }

  async function answer(edge: TestEdge, page: string, method = "GET"): Promise<string> {
    const reply = await get(edge.url, page, { method, headers: { host: "site.example" } });
    const [, ...how] = (reply.header("cache-status") ?? "").split("; ");
    const said = how.filter((each) => /^(hit|fwd=|detail=)/.test(each)).join(" ");
    return `${said}: ${reply.text}`;
  }

  /** An edge that has all pages on disk, and is stopped. */
  async function filled(options: TestEdgeOptions = {}): Promise<void> {
    const edge = await started(options);
    // What is asked for once is not worth a write.
    for (const page of [...PAGES, ...PAGES]) await answer(edge, page);
    await edge.stop();
  }

  async function explained(edge: TestEdge, page: string) {
    const { text } = await get(edge.operator, `/explain?url=${page}`);
    return explainAnswer.parse(JSON.parse(text));
  }

  async function answers(edge: TestEdge): Promise<Record<string, string>> {
    return Object.fromEntries(await Promise.all(PAGES.map(async (page) => [page, await answer(edge, page)])));
  }

  /** While no edge with the disk runs. */
  async function purgeElsewhere(
    ...what: Parameters<typeof purge> extends [string, ...infer Rest] ? Rest : never
  ) {
    const other = await startTestEdge(origin.url, { id: "edge-2", purgeLog });
    const { outcome } = await purge(other.control, ...what);
    expect(outcome).to.equal("applied");
    await other.stop();
  }

  const KEPT = Object.fromEntries(PAGES.map((page) => [page, `hit detail=disk: old ${page.split("?")[0]}`]));

  it("serves from disk what it had, and then from memory, without a request to the origin", async () => {
    await filled();
    const asked = origin.count();
    const edge = await started();
    expect(await answers(edge)).to.deep.equal(KEPT);
    expect(await answer(edge, "/about")).to.equal("hit: old /about");
    expect(origin.count() - asked - origin.count("/no-such-page")).to.be.at.most(0);
    await edge.stop();
  });

  it("says where each response lies, and how much is there", async () => {
    await filled();
    const edge = await started();
    const before = await explained(edge, "http://site.example/about");
    expect(before.reason).to.equal("a stored response on disk is fresh by max-age");
    expect(before.next).to.match(/^hit; ttl=\d+; detail=disk$/);
    expect(before.variants.map(({ tier, selected }) => [tier, selected])).to.deep.equal([["disk", true]]);
    expect(await answer(edge, "/about")).to.equal("hit detail=disk: old /about");
    const after = await explained(edge, "http://site.example/about");
    expect(after.variants.map(({ tier, selected }) => [tier, selected])).to.deep.equal([["memory", true]]);
    const metrics = readPrometheusText((await get(edge.operator, "/metrics")).text);
    const sample = (name: string) => metrics.get(`edgecache_edge_disk_${name}`)?.samples[0]?.value;
    expect(sample("objects")).to.equal(PAGES.length);
    expect(sample("failing")).to.equal(0);
    expect(sample("read_bytes_total")).to.be.above(100);
    await edge.stop();
  });

  it("may take traffic while its origin is down, because it has something to serve", async () => {
    await filled();
    await origin.stop();
    const edge = await startTestEdge(origin.url, { purgeLog, disk, drain: 0 });
    const readiness = async () => JSON.parse((await get(edge.operator, "/readyz")).text);
    await until("the edge has its lease", async () => !JSON.stringify(await readiness()).includes("lapsed"));
    expect(await readiness()).to.deep.equal({
      ready: true,
      reasons: [],
      warnings: ["origin of site default cannot be reached"],
    });
    expect(await answer(edge, "/about")).to.equal("hit detail=disk: old /about");
    await edge.stop();
  });

  for (const [what, target, gone] of [
    ["a URL", { $case: "url", url: "/about" }, ["/about"]],
    ["a URL with its query", { $case: "url", url: "/shop?page=1" }, ["/shop?page=1"]],
    ["a prefix", { $case: "prefix", prefix: "/news/" }, ["/news/1", "/news/2"]],
    ["a tag", { $case: "tag", tag: "news" }, ["/news/1", "/news/2"]],
    ["everything", { $case: "everything", everything: true }, PAGES],
  ] as const) {
    it(`serves nothing that was purged meanwhile: ${what}`, async () => {
      await filled();
      version = "new";
      await purgeElsewhere(target);
      const edge = await started();
      const fetched = (page: string) => `fwd=uri-miss: new ${page.split("?")[0]}`;
      expect(await answers(edge)).to.deep.equal({
        ...KEPT,
        ...Object.fromEntries(gone.map((page) => [page, fetched(page)])),
      });
      await edge.stop();
    });
  }

  it("asks whether it is still valid what was softly purged meanwhile", async () => {
    await filled();
    await purgeElsewhere({ $case: "tag", tag: "news" }, { soft: true });
    const edge = await started();
    expect(await answer(edge, "/news/1")).to.equal("fwd=stale: old /news/1");
    expect(origin.requests("/news/1").at(-1)?.header("if-none-match")).to.equal('"old"');
    expect(await answer(edge, "/about")).to.equal("hit detail=disk: old /about");
    await edge.stop();
  });

  for (const workers of [1, 2])
    it(`takes all of it for validators when the purge log has another history (${workers} threads)`, async () => {
      await filled({ workers });
      const other = new MemoryPurgeLog(systemClock);
      stopLater(() => other.close());
      const edge = await started({ purgeLog: other, workers });
      expect(await answer(edge, "/about")).to.equal("fwd=stale: old /about");
      version = "new";
      expect(await answer(edge, "/news/1")).to.equal("fwd=stale: new /news/1");
      await edge.stop();
      const again = await started({ purgeLog: other, workers });
      expect(await answer(again, "/shop?page=1")).to.equal("fwd=stale: new /shop");
      await again.stop();
    });

  it("takes for validators what is older than the log, and serves what is younger", async () => {
    await filled();
    await fillHalfTheLog("before");
    const between = await started();
    await until("it has read them", async () => (await answer(between, "/about")).startsWith("hit"));
    version = "newer";
    await purge(between.control, { $case: "prefix", prefix: "/news/" });
    for (const _ of [1, 2]) await answer(between, "/news/1");
    await between.stop();
    // Now what came before is trimmed away.
    await fillHalfTheLog("after");
    const edge = await started();
    await until("it has read them", async () => (await answer(edge, "/news/1")).startsWith("hit"));
    version = "newest";
    expect(await answer(edge, "/shop?page=1")).to.equal("fwd=stale: newest /shop");
    expect(await answer(edge, "/news/1")).to.equal("hit: newer /news/1");
    await edge.stop();
  });

  /** Purges of pages that nobody has, a little more than half of what the log keeps. */
  async function fillHalfTheLog(what: string): Promise<void> {
    const targets = Array.from({ length: MOST_TARGETS }, (_, at) => ({
      kind: "url" as const,
      target: `/no-such-page/${what}/${at}/${"x".repeat(200)}`,
    }));
    const [{ length }, by] = [JSON.stringify(targets), "edge-2 127.0.0.1"];
    for (let written = 0, call = 0; written < KEPT_CHARACTERS * 0.6; written += length, call += 1)
      accepted(await purgeLog.append({ purgeId: `${what}-${call}`, targets, soft: false, by }, BEGINNING));
  }

  it("does not serve what a request has changed before the restart", async () => {
    const first = await started();
    for (const page of [...PAGES, ...PAGES]) await answer(first, page);
    await answer(first, "/about", "POST");
    version = "new";
    await first.stop();
    const edge = await started();
    expect(await answers(edge)).to.deep.equal({ ...KEPT, "/about": "fwd=uri-miss: new /about" });
    await edge.stop();
  });

  it("does not serve what a request has changed while the log did not answer at all", async () => {
    const log = new DeafLog(systemClock);
    stopLater(() => log.close());
    await filled({ purgeLog: log });
    log.isDeaf = true;
    const deaf = await startTestEdge(origin.url, { purgeLog: log, disk, drain: 0 });
    expect(await answer(deaf, "/about", "POST")).to.include("done");
    await deaf.stop();
    log.isDeaf = false;
    version = "new";
    const edge = await started({ purgeLog: log });
    expect(await answers(edge)).to.deep.equal({ ...KEPT, "/about": "fwd=uri-miss: new /about" });
    await edge.stop();
  });

  it("does not serve what was purged while only the disk had it", async () => {
    await filled();
    const edge = await started();
    version = "new";
    await purge(edge.control, { $case: "url", url: "/about" });
    expect(await answers(edge)).to.deep.equal({ ...KEPT, "/about": "fwd=uri-miss: new /about" });
    await edge.stop();
  });

  it("takes the responses of a site that fetches from elsewhere now for validators", async () => {
    await filled();
    const other = await HttpOrigin.start({ "/about": { fields: [["ETag", '"other"']], body: "other" } });
    stopLater(() => other.stop());
    const edge = await startTestEdge(other.url, { purgeLog, disk, drain: 0 });
    expect(await answer(edge, "/about")).to.equal("fwd=stale: other");
    await edge.stop();
  });

  it("does the same with two serving threads", async () => {
    await filled({ workers: 2 });
    const edge = await started({ workers: 2 });
    expect(await answers(edge)).to.deep.equal(KEPT);
    await edge.stop();
  });
});
