import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { HttpOrigin } from "../../../test/rig/http-origin.ts";
import { runAdminCli } from "../../../test/rig/run-admin-cli.ts";
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

  const misused: [argv: string[], message: string][] = [
    [[], "warm: must name a URL, a path, --sitemap or --file, got nothing"],
    [["/a", "--concurrency", "0"], '--concurrency: must be a whole number from 1 to 64, got "0"'],
    [["/a", "--concurrency", "65"], '--concurrency: must be a whole number from 1 to 64, got "65"'],
  ];
  for (const [argv, message] of misused) {
    it(`exits 2 for ${JSON.stringify(argv)}`, async () => {
      expect(await warm(...argv)).to.deep.equal({ code: 2, stdout: "", stderr: `admin-cli: ${message}\n` });
    });
  }
});
