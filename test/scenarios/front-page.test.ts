import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { SAFE_RULES } from "../../edge/rules/site-rules.ts";
import { systemClock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { PLAIN_ACCESS } from "../../purge-log/redis/redis-access.ts";
import { DEMO_SITE, type StartConfig, startProgram } from "../../start/config.ts";
import { localCertificate } from "../../start/local-certificate.ts";
import { type System, startSystem } from "../../start/system.ts";
import { launchBrowser } from "../rig/browser.ts";
import { CertificateFolder } from "../rig/certificate-files.ts";
import { runAdminCli } from "../rig/run-admin-cli.ts";

/** The system of `npm start`, on any free ports. */
const CONFIG: StartConfig = {
  origin: DEMO_SITE,
  originHost: startProgram.settings.originHost.default,
  rules: SAFE_RULES,
  ...PLAIN_ACCESS,
  host: "127.0.0.1",
  memory: 64 * 1024 * 1024,
  // Longer than any run of this file, so that nothing expires under it.
  ttl: 600_000,
  lease: 2_000,
  // Far enough apart that edge-1 stays the nearest on a busy machine.
  simulateLatencyMs: [0, 150, 300],
  purgeRate: 1_000,
  tokens: { token: undefined, readToken: undefined },
  logLevel: "silent",
  tls: true,
  ports: {
    router: 0,
    routerTls: 0,
    routerAdmin: 0,
    edges: [0, 1, 2].map(() => ({ port: 0, grpcPort: 0, adminPort: 0 })),
  },
};

describe("the front page", function () {
  // A browser takes its time to start on a machine that is busy with other tests.
  this.timeout(60_000);

  let folder: CertificateFolder;
  let system: System;
  let browser: Browser;
  let page: Page;
  let site: string;
  /** What must stay empty: complaints in the console, requests to another host. */
  let complaints: string[];

  before(async () => {
    folder = new CertificateFolder();
    const certificate = await localCertificate(folder.path, Date.now());
    const parts = { clock: systemClock, log: createLog("front-page-test", "silent") };
    system = await startSystem(CONFIG, parts, certificate);
    browser = await launchBrowser();
    site = `http://${system.router.http.host}:${system.router.http.port}`;
  });

  after(async () => {
    await browser?.close();
    await system?.stop();
    folder.remove();
  });

  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    complaints = [];
    page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(`${site}/`)) complaints.push(`asked for ${request.url()}`);
    });
    await purge("/");
  });

  afterEach(async () => {
    await page.close();
    expect(complaints).to.deep.equal([]);
  });

  async function purge(path: string): Promise<void> {
    const edge = system.edges[0]?.grpc;
    const { code, stderr } = await runAdminCli(["purge", path, "--edge", `${edge?.host}:${edge?.port}`]);
    expect(code, stderr).to.equal(0);
  }

  /** Opens the page, waits until it has told its story, and returns the fields that the wire carried. */
  async function open(): Promise<Record<string, string>> {
    const response = await page.goto(`${site}/`);
    await page.locator("#history tr").waitFor();
    await page.locator("#path option").first().waitFor({ state: "attached" });
    return (await response?.allHeaders()) ?? {};
  }

  async function fetchAgain(): Promise<void> {
    const told = await page.locator("#history tr").count();
    await page.locator("#fetch").click();
    await page.locator("#history tr").nth(told).waitFor();
  }

  async function read(id: string): Promise<string> {
    return (await page.locator(`#${id}`).textContent()) ?? "";
  }

  it("says what happened to the request that brought it", async () => {
    const wire = await open();
    expect(wire["x-cache"]).to.equal("MISS");
    expect(await read("badge")).to.equal("Miss");
    expect(await read("headline")).to.equal(`${wire["x-served-by"]} had to ask the origin.`);
    expect(await read("provenance")).to.equal("Read from the response that brought this page.");
    for (const name of ["cache-status", "x-served-by", "server-timing"]) {
      expect(await read("fields")).to.contain(wire[name] ?? `a ${name} field`);
    }

    await fetchAgain();
    expect(await read("badge")).to.equal("Hit");
    expect(await read("fields")).to.match(/; hit; ttl=\d+/);

    await purge("/");
    await fetchAgain();
    expect(await read("badge")).to.equal("Miss");
    expect(await page.locator("#history td:nth-child(4) b").allTextContents()).to.deep.equal([
      "Miss",
      "Hit",
      "Miss",
    ]);
  });

  it("says by which protocol it came", async () => {
    await open();
    expect(await read("protocol")).to.equal("It came by HTTP/1.1.");
    await page.close();
    page = await browser.newPage({ ignoreHTTPSErrors: true });
    site = `https://localhost:${system.router.https?.port}`;
    await open();
    await fetchAgain();
    expect(await read("protocol")).to.equal("It came by HTTP/2 and TLS 1.3.");
    site = `http://${system.router.http.host}:${system.router.http.port}`;
  });

  it("says that a browser's own copy asked nobody", async () => {
    await open();
    await page.goto(`${site}/about/`);
    await open();
    expect(await read("badge")).to.equal("Browser cache");
  });

  it("says that no router was on the way when an edge is asked itself", async () => {
    const edge = system.edges[1]?.http;
    site = `http://${edge?.host}:${edge?.port}`;
    const wire = await open();
    expect(wire).not.to.have.property("x-served-by");
    expect(await read("fields")).to.contain("no router");
    expect(await page.locator(".diagram.wide").textContent()).not.to.contain("Router");
    site = `http://${system.router.http.host}:${system.router.http.port}`;
  });

  it("names the file that is fetched in its commands", async () => {
    await open();
    await page.locator("#path").selectOption("/hello.txt");
    await fetchAgain();
    expect(await page.locator("#history td:nth-child(2)").allTextContents()).to.deep.equal([
      "/hello.txt",
      "/",
    ]);
    expect(await read("purge-command")).to.equal("npx edgecache purge /hello.txt");
    expect(await read("curl-command")).to.equal(`curl -sD- -o /dev/null ${site}/hello.txt`);
  });

  it("fits a window 360 pixels wide", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await open();
    await fetchAgain();
    expect(await page.evaluate("document.documentElement.scrollWidth")).to.equal(360);
  });

  const words: readonly (readonly [field: string | null, kind: string])[] = [
    ["edge-1; hit; ttl=42", "hit"],
    ["edge-1; hit; ttl=-1; detail=stale-while-revalidate", "stale"],
    ["edge-1; fwd=uri-miss; fwd-status=200; stored", "miss"],
    ["edge-1; fwd=stale; fwd-status=304; ttl=60; stored", "revalidated"],
    ["edge-1; fwd=method", "bypass"],
    ['"Origin, near"; fwd=uri-miss, "edge \\"1\\""; hit; ttl=5', "hit"],
    ["edge-1; hit; ttl=", "unknown"],
    ["edge-1; hit,", "unknown"],
    [null, "unknown"],
  ];

  it("takes the nearest cache at its word, and no word for none", async () => {
    await open();
    const kinds = await page.evaluate(
      `Promise.all([import("/cache-status.js"), import("/outcome.js")]).then(([{ readCacheStatus }, { kindOf }]) =>
        ${JSON.stringify(words)}.map(([field]) =>
          kindOf({ source: "fetch", fields: { "Proxy-Status": null }, cacheStatus: readCacheStatus(field) })))`,
    );
    expect(kinds).to.deep.equal(words.map(([, kind]) => kind));
  });
});
