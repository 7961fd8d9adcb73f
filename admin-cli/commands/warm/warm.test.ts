import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { status } from "@grpc/grpc-js";
import { expect } from "chai";
import { systemClock } from "../../../process/clock.ts";
import { MemoryPurgeLog } from "../../../purge-log/memory-purge-log.ts";
import { freePort } from "../../../test/rig/free-port.ts";
import { HttpOrigin } from "../../../test/rig/http-origin.ts";
import { beatOf } from "../../../test/rig/purge-log-entries.ts";
import { runAdminCli } from "../../../test/rig/run-admin-cli.ts";
import { refusal, startScratchEdge } from "../../../test/rig/scratch-edge.ts";
import { startTestEdge, type TestEdge } from "../../../test/rig/test-edge.ts";

describe("admin-cli warm", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgecache-warm-"));
    origin = await HttpOrigin.start();
    edge = await startTestEdge(origin.url);
    for (const path of ["/a", "/b"])
      origin.answer(path, { fields: [["Cache-Control", "max-age=600"]], body: path });
    origin.answer("/private", { fields: [["Cache-Control", "no-store"]], body: "p" });
  });
  afterEach(async () => {
    await edge.stop();
    await origin.stop();
    await rm(folder, { recursive: true });
  });

  const warm = (...argv: string[]) =>
    runAdminCli(["warm", "--edge", edge.control, "--rate", "1000/s", ...argv]);
  const counts = async (...argv: string[]) => JSON.parse((await warm("--json", ...argv)).stdout).edges[0];

  it("stores what may be stored, counts the rest, and finds hits the second time", async () => {
    const run = await warm("/a", "/b", "/private", "/gone", "--json");
    expect(JSON.parse(run.stdout).edges[0]).to.include({ hits: 0, stored: 2, notStored: 1, errors: 1 });
    expect(run.code).to.equal(1);
    expect(run.stderr).to.match(/^admin-cli: \S+: \/gone: status 404\n$/);
    expect(await counts("/a", "/b")).to.include({ hits: 2, stored: 0, notStored: 0, errors: 0 });
    expect((await warm("/a")).code).to.equal(0);
  });

  it("asks for the host and the scheme of a URL", async () => {
    expect(await counts("https://shop.example/a")).to.include({ stored: 1 });
    const [seen] = origin.requests("/a");
    expect([seen?.header("host"), seen?.header("x-forwarded-proto")]).to.deep.equal([
      "shop.example",
      "https",
    ]);
    expect(await counts("http://shop.example/a")).to.include({ stored: 1 });
  });

  it("reads an index of compressed sitemaps, and a file of URLs", async () => {
    const [index, list] = ["index.xml", "urls.txt"].map((name) => join(folder, name));
    const urls = ["/a", "/b"].map((path) => `<url><loc>http://shop.example${path}</loc></url>`);
    origin.answer("/page.xml.gz", { body: gzipSync(`<urlset>${urls.join("")}</urlset>`) });
    const further = new URL("/page.xml.gz", origin.url).href;
    await writeFile(index ?? "", `<sitemapindex><sitemap><loc>${further}</loc></sitemap></sitemapindex>`);
    expect(await counts("--sitemap", index ?? "")).to.include({ stored: 2, errors: 0 });
    await writeFile(list ?? "", "# two\nhttp://shop.example/a\n/b\n");
    expect(await counts("--file", list ?? "")).to.include({ hits: 1, stored: 1 });
  });

  it("asks the other edges for what one of them answers most", async () => {
    const purgeLog = new MemoryPurgeLog(systemClock);
    const [old, fresh] = [
      await startTestEdge(origin.url, { id: "edge-1", purgeLog }),
      await startTestEdge(origin.url, { id: "edge-2", purgeLog }),
    ];
    for (const path of ["/a", "/b", "/b", "/b", "/private"]) await (await fetch(`${old.url}${path}`)).text();
    await (await fetch(`${old.url}/a`)).text();
    // Both have sent a heartbeat before they are ready, so each knows the other.
    const run = (...argv: string[]) =>
      runAdminCli(["warm", "--edge", old.control, "--rate", "1000/s", "--json", ...argv]);
    const one = await run("--from", "edge-1", "--most", "1");
    expect(JSON.parse(one.stdout)).to.deep.equal({
      urls: 1,
      edges: [{ edge: "edge-2", hits: 0, stored: 1, notStored: 0, errors: 0 }],
    });
    const all = await run("--from", "edge-1");
    expect(JSON.parse(all.stdout).edges).to.deep.equal([
      { edge: "edge-2", hits: 1, stored: 1, notStored: 0, errors: 0 },
    ]);
    expect(await run("--from", "edge-3")).to.include({
      code: 2,
      stderr: 'admin-cli: --from: must be one of edge-1, edge-2, got "edge-3"\n',
    });
    for (const each of [old, fresh]) await each.stop();
  }).timeout(30_000);

  it("says that there is nothing to warm when the edge of --from is the only one", async () => {
    const { code, stdout, stderr } = await runAdminCli(["warm", "--edge", edge.control, "--from", "edge-1"]);
    expect(stderr).to.equal("admin-cli: edge-1 is the only edge: there is no other to warm\n");
    expect([code, stdout]).to.deep.equal([1, ""]);
  });

  it("tells of each problem once, and that an edge is unreachable where nothing is to be asked for", async () => {
    const purgeLog = new MemoryPurgeLog(systemClock);
    const empty = await startTestEdge(origin.url, { id: "edge-1", purgeLog });
    const foreign = await startScratchEdge("edge-0");
    foreign.script.stats = () => refusal(status.UNAUTHENTICATED, "got another token");
    await purgeLog.heartbeat({ ...beatOf("edge-9"), grpcAddress: `127.0.0.1:${await freePort()}` });
    try {
      const edges = `${foreign.address},${empty.control}`;
      const { code, stderr } = await runAdminCli(["warm", "--edge", edges, "--from", "edge-1"]);
      expect(code).to.equal(1);
      expect(stderr).to.match(/^admin-cli: passed over: .*\nadmin-cli: edge-9: .*\n$/);
    } finally {
      await empty.stop();
      await foreign.stop();
    }
  }).timeout(30_000);

  const misused: [argv: string[], message: string][] = [
    [[], "warm: must name a URL, a path, --sitemap, --file or --from, got nothing"],
    [["--most", "5"], '--most: must be given with --from, got "5"'],
    [["--from", "edge-1", "--most", "5001"], '--most: must be a whole number from 1 to 5000, got "5001"'],
    [["/a", "--concurrency", "0"], '--concurrency: must be a whole number from 1 to 64, got "0"'],
    [["/a", "--concurrency", "65"], '--concurrency: must be a whole number from 1 to 64, got "65"'],
  ];
  for (const [argv, message] of misused) {
    it(`exits 2 for ${JSON.stringify(argv)}`, async () => {
      expect(await warm(...argv)).to.deep.equal({ code: 2, stdout: "", stderr: `admin-cli: ${message}\n` });
    });
  }
});
