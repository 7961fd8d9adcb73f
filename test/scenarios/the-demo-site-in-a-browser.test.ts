import { mkdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axe, { type Result } from "axe-core";
import { expect } from "chai";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { systemClock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { startConfig } from "../../start/config.ts";
import { type System, startSystem } from "../../start/system.ts";
import { launchBrowser } from "../rig/browser.ts";
import { DashboardPage } from "../rig/dashboard-page.ts";
import { get } from "../rig/http-client.ts";
import { startTestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

// Look at them after a change of the site.
const PICTURES = join(tmpdir(), "edgecache-pictures");

const FREE_PORTS = {
  ...{ router: 0, routerTls: 0, routerAdmin: 0 },
  edges: [0, 1, 2].map(() => ({ port: 0, grpcPort: 0, adminPort: 0 })),
};

describe("the demo site", function () {
  this.timeout(90_000);
  let system: System;
  let browser: Browser;
  let page: Page;
  let site: string;
  let dashboard: string;
  let complaints: string[];

  before(async () => {
    const argv = ["--simulate-latency", "1ms,150ms,300ms", "--ttl", "10m"];
    const config = startConfig({ argv, env: {}, readFile: () => "" });
    const around = { clock: systemClock, log: createLog("demo", "silent") };
    system = await startSystem({ ...config, ports: FREE_PORTS }, around);
    site = `http://127.0.0.1:${system.router.http.port}`;
    dashboard = `http://127.0.0.1:${system.router.admin.port}`;
    browser = await launchBrowser();
    mkdirSync(PICTURES, { recursive: true });
  });
  after(async () => {
    await browser?.close();
    await system?.stop();
  });

  afterEach(async () => {
    await page.close();
    expect(complaints).to.deep.equal([]);
  });

  async function open(look: BrowserContextOptions = {}, at = site): Promise<void> {
    page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...look });
    complaints = [];
    page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(`${at}/`);
    await page.locator("#history tr").waitFor();
    await page.locator("#path option").first().waitFor({ state: "attached" });
  }

  /** The card with this title. */
  const card = (title: string) =>
    page.locator("#tries > li").filter({ has: page.getByRole("heading", { name: title, exact: true }) });

  /** A pause of a busy machine may have moved requests to another edge for a moment. */
  async function settled(): Promise<void> {
    await until("the nearest edge has all requests", async () => {
      const rows: { readonly share: number }[] = JSON.parse((await get(dashboard, "/edges.json")).text);
      // Shares are sums of fractions.
      return (rows[0]?.share ?? 0) >= 0.999;
    });
  }

  /** Presses a button of a card, and says what its card says then. */
  async function press(title: string, button: string): Promise<string> {
    await settled();
    await card(title).getByRole("button", { name: button, exact: true }).click();
    return said(title);
  }

  async function said(title: string): Promise<string> {
    await card(title).locator(".said > b").waitFor();
    const words = (await card(title).locator(".said").textContent()) ?? "";
    const content = await card(title).locator(".content").textContent();
    return `${words.replace(/^[A-Z?]/, "").replace(/ (from edge-\d|after \d+ ms)/g, "")} ${content}`.trim();
  }

  async function findings(): Promise<readonly string[]> {
    const found = await page.evaluate<readonly Result[]>(
      `${axe.source}; axe.run(document).then(({ violations }) => violations)`,
    );
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
  }

  it("brings about every outcome by its buttons", async () => {
    await open();
    expect(await press("Miss, then hit", "Fetch the page")).to.match(/^Miss · 200 /);
    expect(await press("Miss, then hit", "Fetch the page")).to.match(/^Hit · 200 /);
    expect(await press("A slow origin", "Fetch the slow page")).to.match(/^Miss/);
    expect(await press("A slow origin", "Fetch the slow page")).to.match(/^Hit/);
    expect(await press("Stale", "Fetch, wait, fetch again")).to.equal("Stale · 200 Edition 1 of the news.");
    expect(await press("Revalidated", "Fetch, wait, validate")).to.match(/^Revalidated · 200 /);
    expect(await press("Bypass", "Fetch past the cache")).to.match(/^Bypass · 200 /);
    expect(await press("Vary", "Greet in English")).to.equal("Miss · 200 Good day!");
    expect(await press("Vary", "Auf Deutsch grüßen")).to.equal("Miss · 200 Guten Tag!");
    expect(await press("Vary", "Greet in English")).to.equal("Hit · 200 Good day!");
    expect(await press("Purge by tag", "Read the article")).to.match(/^Miss .*Version 1/);
    expect(await press("Purge by tag", "Publish another version")).to.match(/^Bypass .*edge-3 applied/);
    expect(await press("Purge by tag", "Read the article")).to.match(/^Miss .*Version 2/);
    expect(await press("Private", "See the account")).to.match(/^Miss/);
    expect(await page.locator("#story").textContent()).to.contain("It is for one client only");
    expect(await press("Private", "See the account")).to.match(/^Miss/);
    expect(await press("POST", "Read the guest book")).to.match(/^Miss .*0 guests/);
    expect(await press("POST", "Sign it")).to.match(/^Bypass/);
    expect(await press("POST", "Read the guest book")).to.match(/^Miss .*One guest/);
    expect(await press("A range", "Fetch 64 bytes")).to.match(/^Hit · 206/);
    expect(await press("A stream of events", "Listen")).to.match(/event 1 of 5\s[\s\S]*event 5 of 5$/);
    expect(await press("Six at once", "Ask six times at once")).to.match(
      /the origin was asked once for 6 requests/,
    );
    expect(await page.locator("#saved-requests").textContent()).to.match(/^[1-9]\d* of \d+$/);
    expect(await page.locator("#saved-bytes").textContent()).to.match(/^[1-9].*B$/);
    expect(await page.locator("#saved-ms").textContent()).to.match(/^[1-9]\d* ms$/);
    await page.screenshot({ path: join(PICTURES, "demo-site.png"), fullPage: true });
    const told = readFileSync(join(import.meta.dirname, "../../docs/demo.md"), "utf8");
    for (const title of await page.locator("#tries h3").allTextContents())
      expect(told).to.contain(`\n| ${title} |`);

    expect(await press("An error", "Fetch the broken page")).to.match(/^Error · 502/);
    // So browsers tell of a 502.
    expect(complaints.filter((complaint) => !complaint.includes("502"))).to.deep.equal([]);
    complaints = [];
  });

  it("shows how far away every edge is, in colours that are never alone", async () => {
    await open();
    const drawn = (await page.locator(".diagram.wide").textContent()) ?? "";
    for (const edge of ["edge-1", "edge-2", "edge-3"])
      expect(drawn).to.match(new RegExp(`${edge}[^e]*RTT \\d+`));
    expect(await page.locator("#badge-sign .sign").count()).to.equal(1);
    expect(await page.locator("#words .sign").count()).to.equal(6);
  });

  it("leaves the accessibility checker nothing to find, light or dark", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page?.close();
      await open({ colorScheme });
      await press("Miss, then hit", "Fetch the page");
      expect(await findings()).to.deep.equal([]);
      await page.screenshot({ path: join(PICTURES, `demo-site-${colorScheme}.png`), fullPage: true });
    }
  });

  it("fits a window 320 pixels wide, every word in its box", async () => {
    await open({ viewport: { width: 320, height: 700 } });
    await press("Vary", "Greet in English");
    expect(await page.evaluate("document.documentElement.scrollWidth")).to.equal(320);
    const outside = await page.evaluate<readonly string[]>(
      `[...document.querySelectorAll(".diagram.tall .box")].flatMap((box) => {
        const frame = box.querySelector("rect").getBBox();
        return [...box.querySelectorAll("text")].filter((text) => {
          const { x, width } = text.getBBox();
          return x < frame.x + 4 || x + width > frame.x + frame.width - 4;
        }).map((text) => text.textContent);
      })`,
    );
    expect(outside).to.deep.equal([]);
    await page.screenshot({ path: join(PICTURES, "demo-site-320.png"), fullPage: true });
  });

  it("is used by the keyboard alone, and moves nothing for those who ask for less motion", async () => {
    await open({ reducedMotion: "reduce" });
    const focused = () => page.evaluate<string>("document.activeElement.textContent");
    // More than there are links, fields and buttons before it.
    for (let n = 0; n < 40 && (await focused()) !== "Fetch past the cache"; n += 1)
      await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await said("Bypass")).to.match(/^Bypass/);
    expect(await focused()).to.equal("Fetch past the cache");
    expect(await page.locator(".dot").count()).to.equal(0);
  });

  it("tells a newcomer's story: a miss, a hit, a purge with receipts on the dashboard, a miss", async () => {
    await open();
    await page.locator("#path").selectOption("/hello.txt");
    const fetched = async () => {
      const told = await page.locator("#history tr").count();
      await page.locator("#fetch").click();
      await page.locator("#history tr").nth(told).waitFor();
      return page.locator("#badge").textContent();
    };
    expect(await fetched()).to.equal("Miss");
    expect(await fetched()).to.equal("Hit");

    const link = page.getByRole("navigation", { name: "Site" }).getByRole("link", { name: "Dashboard" });
    expect(await link.getAttribute("href")).to.equal(`${dashboard}/`);
    const operator = await DashboardPage.open(browser, dashboard);
    await operator.show("Purge");
    await operator.page.getByLabel("Path or full URL").fill("/hello.txt");
    await operator.page.getByRole("button", { name: "Purge", exact: true }).click();
    for (const edge of ["edge-1", "edge-2", "edge-3"]) {
      await operator.page.locator("#purge-rows li.applied", { hasText: edge }).waitFor();
    }
    expect(operator.complaints).to.deep.equal([]);
    const [back] = await operator.page
      .getByRole("navigation", { name: "Beside the dashboard" })
      .getByRole("link")
      .all();
    expect(await back?.getAttribute("href")).to.equal(`${site}/`);
    await operator.close();

    expect(await fetched()).to.equal("Miss");
  });

  it("shows no buttons where no application stands behind it", async () => {
    const edge = await startTestEdge({ kind: "directory", path: join(import.meta.dirname, "../../assets") });
    try {
      await open({}, edge.url);
      expect(await page.locator(".of-demo:visible").count()).to.equal(0);
      // So browsers tell of a 404.
      complaints = complaints.filter((complaint) => !complaint.includes("404"));
    } finally {
      await edge.stop();
    }
  });
});
