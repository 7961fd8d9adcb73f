import { expect } from "chai";
import type { Browser } from "playwright-core";
import { systemClock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { startConfig } from "../../start/config.ts";
import { type System, startSystem } from "../../start/system.ts";
import { launchBrowser } from "../rig/browser.ts";
import { DashboardPage } from "../rig/dashboard-page.ts";
import { get } from "../rig/http-client.ts";
import { startTestRouter } from "../rig/test-router.ts";
import { until } from "../rig/until.ts";

const FREE_PORTS = {
  ...{ router: 0, routerTls: 0, routerAdmin: 0 },
  edges: [0, 1, 2].map(() => ({ port: 0, grpcPort: 0, adminPort: 0 })),
};

describe("the one-command system", function () {
  this.timeout(90_000);
  let system: System;
  let front: string;
  let operator: string;

  before(async () => {
    const argv = ["--simulate-latency", "1ms,60ms,120ms", "--lease", "1s"];
    const config = startConfig({ argv, env: {}, readFile: () => "" });
    const around = { clock: systemClock, log: createLog("demo", "silent") };
    system = await startSystem({ ...config, ports: FREE_PORTS }, around);
    front = `http://127.0.0.1:${system.router.http.port}`;
    operator = `http://127.0.0.1:${system.router.admin.port}`;
  });
  after(() => system.stop());

  const served = async () => (await get(front, "/hello.txt")).header("x-served-by");
  const servedBy = (edge: string) => until(`${edge} serves`, async () => (await served()) === edge);
  const act = (action: string, body: unknown, to = operator) =>
    get(to, `/dashboard/demo/${action}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });

  describe("on its dashboard in a browser", () => {
    let browser: Browser;
    let shown: DashboardPage;

    before(async () => {
      browser = await launchBrowser();
    });
    after(() => browser?.close());

    beforeEach(async () => {
      shown = await DashboardPage.open(browser, operator);
      await shown.show("Demo");
    });
    afterEach(async () => {
      await shown.page.getByRole("button", { name: "Mend" }).click();
      await shown.page.getByText("Everything is as it was at the start.").waitFor();
      const { complaints } = shown;
      await shown.close();
      expect(complaints).to.deep.equal([]);
    });

    const press = (edge: string, name: string) =>
      shown.page.getByRole("group", { name: edge }).getByRole("button", { name, exact: true }).click();

    it("moves an edge away, and requests go to another", async () => {
      await servedBy("edge-1");
      await press("edge-1", "300 ms away");
      await shown.page.getByText("edge-1 answers 300 ms later.").waitFor();
      await servedBy("edge-2");
      expect(await shown.findings()).to.deep.equal([]);
      await shown.picture("demo");
    });

    it("stops an edge and starts it, and nobody gets an error", async () => {
      await servedBy("edge-1");
      await press("edge-1", "Stop");
      await shown.edge("edge-1").getByText("down").waitFor();
      for (let n = 0; n < 10; n += 1) expect(await served()).to.be.oneOf(["edge-2", "edge-3"]);
      await press("edge-1", "Start");
      await shown.edge("edge-1").getByText("serving").waitFor();
      await servedBy("edge-1");
    });

    it("cuts an edge off from the purge log: its lease runs out, a purge is proven without it, and it comes back", async () => {
      const purged = async (state: string) => {
        await shown.show("Purge");
        await shown.page.getByLabel("Path or full URL").fill("/hello.txt");
        await shown.page.getByRole("button", { name: "Purge", exact: true }).click();
        // The newest purge is the first row.
        const newest = shown.page.locator("#purge-rows tbody tr").first();
        await newest.locator(`li.${state}`, { hasText: "edge-2" }).waitFor();
        await shown.show("Demo");
      };
      await press("edge-2", "Cut from the purge log");
      await shown.edge("edge-2").getByText("lapsed").waitFor();
      await purged("fenced");
      await press("edge-2", "Join again");
      await shown.edge("edge-2").getByText("serving").waitFor();
      await purged("applied");
    });

    it("fits a window 320 pixels wide, light or dark", async () => {
      for (const colorScheme of ["light", "dark"] as const) {
        const narrow = await DashboardPage.open(browser, operator, { width: 320, height: 640, colorScheme });
        await narrow.show("Demo");
        expect([await narrow.overflow(), await narrow.findings(), narrow.complaints]).to.deep.equal([
          0,
          [],
          [],
        ]);
        await narrow.picture(`demo-320-${colorScheme}`);
        await narrow.close();
      }
    });

    it("makes requests, which the dashboard shows", async () => {
      await press("Traffic", "Begin");
      await shown.page
        .locator("#figures div", { hasText: "Requests" })
        .first()
        .getByText(/^[1-9]\d+ in the last minute/)
        .waitFor();
      await press("Traffic", "End");
    });

    it("leads to the demo site and the lessons", async () => {
      const links = shown.page.getByRole("navigation", { name: "Beside the dashboard" });
      const hrefs = await Promise.all(
        (await links.getByRole("link").all()).map((link) => link.getAttribute("href")),
      );
      expect(hrefs).to.deep.equal([`${front}/`, `${front}/learn/`]);
    });
  });

  it("says what is wrong with what it is asked", async () => {
    for (const [action, body, detail] of [
      ["stop", { edge: "edge-9" }, 'edge: must be one of edge-1, edge-2, edge-3, got "edge-9"'],
      ["latency", { edge: "edge-1", ms: 1_001 }, "ms: must be a whole number from 1 to 1000, got 1001"],
      ["latency", { edge: "edge-1", ms: 0 }, "ms: must be a whole number from 1 to 1000, got 0"],
      ["explode", {}, "action: must be stop, start, cut, join, latency, traffic or reset"],
    ] as const) {
      const answer = await act(action, body);
      expect([answer.status, JSON.parse(answer.text).detail]).to.deep.equal([
        400,
        action === "explode" ? `${detail}, got "explode"` : detail,
      ]);
    }
    await act("stop", { edge: "edge-3" });
    expect((await act("cut", { edge: "edge-3" })).text).to.contain("which is stopped");
    expect((await act("start", { edge: "edge-3" })).status).to.equal(200);
  });

  it("is the only one that can be broken: another router has no such calls", async () => {
    const router = await startTestRouter([]);
    try {
      expect((await act("stop", { edge: "edge-1" }, router.admin)).status).to.equal(404);
    } finally {
      await router.running.stop();
    }
  });

  it("is broken by nobody but its own page", async () => {
    const foreign = await get(operator, "/dashboard/demo/stop", {
      method: "POST",
      headers: { "Content-Type": "application/json", Origin: "http://evil.example" },
      body: '{"edge":"edge-1"}',
    });
    expect(foreign.status).to.equal(403);
  });
});
