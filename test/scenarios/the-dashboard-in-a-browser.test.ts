import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { systemClock } from "../../process/clock.ts";
import { Token } from "../../process/control/tokens.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { launchBrowser } from "../rig/browser.ts";
import { DashboardPage, type Look } from "../rig/dashboard-page.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { startTestRouter, type TestRouter } from "../rig/test-router.ts";
import { until } from "../rig/until.ts";

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
    const byBytes = dashboard.page.locator("#figures div", { hasText: "Hit ratio by bytes" });
    await byBytes.getByText(/^[\d.]+ %$/).waitFor();
    await byBytes.getByText(/^of \d+ B$/).waitFor();
    await dashboard.page
      .locator("#lines")
      .getByText(/edge-\d [\d.]+ ms/)
      .first()
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

  it("tells a newcomer why a page missed, purges it, and shows the receipt of each edge", async () => {
    const dashboard = await open();
    const { page } = dashboard;
    await page.locator("#link", { hasText: "Live" }).waitFor();
    await seen(page, "story");
    const row = page.locator("#tail-rows tr", { hasText: "/a?story" }).first();
    await row.locator("summary").click();
    await row.locator(".facts", { hasText: /Nothing was stored for this URL\./ }).waitFor();
    await dashboard.picture("tail");

    await dashboard.show("Explain");
    await page.locator("#explain-form [name=url]").fill("/a?story&1");
    await page.locator("#explain-form button").click();
    await page.locator("#explain-rows tbody tr").nth(2).waitFor();
    await page.locator("#route-rows tbody tr").nth(2).waitFor();
    expect(await page.locator("#explain-answer").textContent()).to.match(
      /^A request for \/a\?story&1 goes to edge-\d/,
    );
    await dashboard.picture("explain");

    await dashboard.show("Purge");
    await page.locator("#purge-form [name=target]").fill("/a");
    await page.locator("#purge-try").click();
    await page
      .locator("#purge-answer", { hasText: /would purge [1-9]\d* responses.*Nothing was purged/ })
      .waitFor();
    await page.locator("#purge-go").click();
    await page.locator("#purge-answer.good", { hasText: "all 3 edges have confirmed" }).waitFor();
    await page.locator("#purge-rows tr", { hasText: "url /a" }).locator(".applied").nth(2).waitFor();
    expect(await dashboard.findings()).to.deep.equal([]);
    await dashboard.picture("purged");
  });

  it("purges everything by the keyboard alone, and only after a dry run", async () => {
    const dashboard = await open({ reducedMotion: "reduce" });
    const { page } = dashboard;
    await page.locator("#link", { hasText: "Live" }).waitFor();
    const tabTo = async (selector: string) => {
      for (let i = 0; i < 40; i += 1) {
        if (await page.locator(`${selector}:focus`).count()) return;
        await page.keyboard.press("Tab");
      }
      throw new Error(`the key Tab does not lead to ${selector}`);
    };
    await page.keyboard.press("Tab");
    expect(await page.locator(".skip:focus").count()).to.equal(1);
    await tabTo("#tab-tail");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await tabTo("#purge-form [name=kind]");
    for (let i = 0; i < 3; i += 1) await page.keyboard.press("ArrowRight");
    expect(await page.locator("#purge-go").isDisabled()).to.equal(true);
    await tabTo("#purge-try");
    await page.keyboard.press("Enter");
    await page.locator("#purge-go", { hasText: /^Purge all \d+ responses$/ }).waitFor();
    await page.keyboard.press("Shift+Tab");
    await tabTo("#purge-go");
    await page.keyboard.press("Enter");
    await page.locator("#purge-answer.good").waitFor();
    await page.locator("#purge-rows tr", { hasText: "everything" }).waitFor();
  });

  const hostile = [
    "h0=<img%20src=x%20onerror=document.title='owned'>",
    "h1=<script>document.title='owned'</script>",
    "h2=%E2%80%AEgnp.exe",
    `h3=${"x".repeat(7_000)}`,
  ];

  it("shows URLs of strangers as text, whatever they contain", async () => {
    const dashboard = await open({ width: 320, height: 640 });
    const { page } = dashboard;
    await page.locator("#link", { hasText: "Live" }).waitFor();
    for (const query of hostile) await seen(page, query);
    expect(await page.locator("#tail-rows").locator("img, script").count()).to.equal(0);
    expect(await page.title()).to.equal("edgeCache");
    for (const summary of await page.locator("#tail-rows summary").all()) await summary.click();
    expect(await dashboard.overflow()).to.equal(0);
    // As an edge of a later version might send them.
    const shownText = await page.evaluate<string>(
      `import("/dashboard/figure-text.js").then(({ visibleText }) => visibleText("/\\u202Egnp\\u0000\\u200B\\n<b>"))`,
    );
    expect(shownText).to.equal("/%E2%80%AEgnp%00%E2%80%8B%0A<b>");
    await dashboard.picture("hostile");
  });

  it("moves nothing for those who want no motion, and counts", async () => {
    const dashboard = await open({ reducedMotion: "reduce" });
    const { page } = dashboard;
    await page.locator("#link", { hasText: "Live" }).waitFor();
    await seen(page, "still");
    expect(await page.evaluate<number>("document.getAnimations().length")).to.equal(0);
    await page.locator("#legend li", { hasText: "miss" }).getByText(/[1-9]/).waitFor();
  });

  /** Asks until the tail shows a request for a URL with this query: an edge shows a sample, once somebody watches. */
  async function seen(page: Page, query: string): Promise<void> {
    const [mark = ""] = query.split("=");
    const row = page.locator("#tail-rows summary", { hasText: mark }).first();
    let asked = 0;
    await until(
      `the tail shows ${mark}`,
      () => row.isVisible(),
      async () => {
        asked += 1;
        await get(router.base, `/a?${query}&${asked}`);
        await page.waitForTimeout(100);
      },
    );
  }

  it("lets read, and purge after a login", async () => {
    const grpcAddresses = edges.map(({ control }) => control);
    const token = new Token("a-token-of-the-fleet");
    const guarded = await startTestRouter([], {
      tokens: { token, readToken: undefined },
      edges: { kind: "listed", grpcAddresses },
    });
    try {
      shown = await DashboardPage.open(browser, guarded.admin);
      const { page } = shown;
      await page.locator("#read-only").waitFor();
      await shown.show("Purge");
      expect(await page.locator("#purge-form").isVisible()).to.equal(false);
      await page.locator("#log-in").click();
      expect(await shown.findings()).to.deep.equal([]);
      await shown.picture("login");
      await page.locator("#login [name=token]").fill("another-token-entirely");
      await page.keyboard.press("Enter");
      await page.locator("#login-answer", { hasText: "token: must be" }).waitFor();
      await page.locator("#login [name=token]").fill("a-token-of-the-fleet");
      await page.keyboard.press("Enter");
      await page.locator("#purge-form").waitFor();
      await page.locator("#log-out").click();
      await page.locator("#read-only").waitFor();
      shown.expectComplaints(/status of 401/);
    } finally {
      await shown?.close();
      await guarded.running.stop();
    }
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
