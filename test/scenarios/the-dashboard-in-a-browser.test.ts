import { expect } from "chai";
import type { Browser } from "playwright-core";
import { systemClock } from "../../process/clock.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { launchBrowser } from "../rig/browser.ts";
import { DashboardPage, type Look } from "../rig/dashboard-page.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { startTestRouter, type TestRouter } from "../rig/test-router.ts";

describe("the dashboard in a browser", function () {
  // A browser takes its time on a machine that is busy with other tests.
  this.timeout(90_000);

  let origin: HttpOrigin;
  let purgeLog: MemoryPurgeLog;
  let edges: TestEdge[];
  let router: TestRouter;
  let browser: Browser;
  let shown: DashboardPage | undefined;

  before(async () => {
    origin = await HttpOrigin.start({ "/a": { fields: [["Cache-Control", "max-age=600"]], body: "a" } });
    purgeLog = new MemoryPurgeLog(systemClock);
    edges = [await startEdge("edge-1"), await startEdge("edge-2"), await startEdge("edge-3")];
    router = await startRouter(0);
    browser = await launchBrowser();
  });

  after(async () => {
    await browser?.close();
    await router?.running.stop();
    for (const edge of edges ?? []) await edge.stop();
    await purgeLog?.close();
    await origin?.stop();
  });

  afterEach(async () => {
    const { complaints = [] } = shown ?? {};
    await shown?.close();
    shown = undefined;
    expect(complaints).to.deep.equal([]);
  });

  async function startEdge(id: string, grpcPort = 0): Promise<TestEdge> {
    return startTestEdge(origin.url, { id, purgeLog, grpcPort, lease: 2_000 });
  }

  async function startRouter(adminPort: number): Promise<TestRouter> {
    const grpcAddresses = edges.map(({ control }) => control);
    return startTestRouter([], { adminPort, edges: { kind: "listed", grpcAddresses } });
  }

  async function open(look?: Look): Promise<DashboardPage> {
    shown = await DashboardPage.open(browser, router.admin, look);
    return shown;
  }

  it("shows every edge with its distance, and counts what the edges answer", async () => {
    const dashboard = await open();
    for (const { id } of edges) {
      await dashboard.edge(id).getByText("serving").waitFor();
      await dashboard.page.locator("#picture .edge", { hasText: id }).waitFor();
    }
    const requests = dashboard.page.locator("#figures div", { hasText: "Requests" }).first();
    for (let i = 0; i < 8; i += 1) await get(router.base, "/a");
    await requests.getByText(/^([89]|\d\d+) in the last minute/).waitFor();
    await dashboard.page
      .locator("#figures div", { hasText: "Hit ratio" })
      .first()
      .getByText(/\d %/)
      .waitFor();
    expect(await dashboard.page.locator("#picture-words").textContent()).to.match(
      /edge-1: serving, [\d.]+ ms away/,
    );
    await dashboard.picture("light");
  });

  it("paints before anything has come from the router, without a word of inline script", async () => {
    const dashboard = await open();
    const paints = await dashboard.page.evaluate<readonly string[]>(
      "performance.getEntriesByType('paint').map(({ name }) => name)",
    );
    expect(paints).to.include("first-contentful-paint");
    expect(
      await dashboard.page.locator("script:not([src]), style, [style]:not(#main *), [onclick]").count(),
    ).to.equal(0);
  });

  it("says that an edge has gone, by shape and word, and that it is back", async () => {
    const dashboard = await open();
    const [first] = edges;
    if (first === undefined) throw new Error("there are no edges");
    await dashboard.edge("edge-1").getByText("serving").waitFor();
    await first.stop();
    await dashboard.edge("edge-1").getByText("down").waitFor();
    await dashboard.page.locator("#picture .edge", { hasText: "edge-1" }).locator(".state.down").waitFor();
    await dashboard.page
      .locator("#announcements", { hasText: "edge-1 is down." })
      .waitFor({ state: "attached" });
    await dashboard.picture("edge-down");
    edges[0] = await startEdge("edge-1", first.grpc.port);
    await dashboard.edge("edge-1").getByText("serving").waitFor();
    await dashboard.page
      .locator("#announcements", { hasText: "edge-1 is serving." })
      .waitFor({ state: "attached" });
  });

  it("fits a window 320 pixels wide, on every tab", async () => {
    const dashboard = await open({ width: 320, height: 640 });
    for (const tab of ["Live", "Top", "Purge", "Explain", "Edges"]) {
      await dashboard.show(tab);
      expect(await dashboard.overflow(), tab).to.equal(0);
    }
    await dashboard.picture("phone");
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`has no findings of the accessibility checker, ${colorScheme}`, async () => {
      const dashboard = await open({ colorScheme, reducedMotion: "reduce" });
      for (const tab of ["Live", "Top", "Purge", "Explain", "Edges"]) {
        await dashboard.show(tab);
        expect(await dashboard.findings(), tab).to.deep.equal([]);
        await dashboard.picture(`${colorScheme}-${tab.toLowerCase()}`);
      }
    });
  }

  it("says that it is cut off and how old its figures are, and recovers by itself", async () => {
    const dashboard = await open();
    const { page } = dashboard;
    await page.locator("#link", { hasText: "Live" }).waitFor();
    await router.running.stop();
    const words = /does not answer\. The figures are from [\d:]+, \d+ s ago/;
    await page.locator("#banner", { hasText: words }).waitFor();
    await page.locator("body.is-cut").waitFor();
    expect(await dashboard.findings()).to.deep.equal([]);
    await dashboard.picture("cut-off");
    router = await startRouter(router.running.addresses.admin.port);
    await page.locator("#link", { hasText: "Live" }).waitFor();
    expect(await page.locator("#banner").isVisible()).to.equal(false);
    await dashboard.edge("edge-1").getByText("serving").waitFor();
    dashboard.expectComplaints(/net::ERR_/);
  });

  it("remembers the colours that somebody chose", async () => {
    const dashboard = await open();
    await dashboard.page.locator("#theme").click();
    await dashboard.page.locator("#theme").click();
    expect(await dashboard.page.locator("#theme").textContent()).to.equal("Theme: dark");
    await dashboard.again();
    expect(await dashboard.page.locator("html").getAttribute("data-theme")).to.equal("dark");
  });
});
