import { expect } from "chai";
import { systemClock } from "../process/clock.ts";
import { Token } from "../process/control/tokens.ts";
import { createLog } from "../process/log.ts";
import { type Asking, get } from "../test/rig/http-client.ts";
import { until } from "../test/rig/until.ts";
import { startConfig } from "./config.ts";
import { type System, startSystem } from "./system.ts";

const FREE_PORTS = {
  ...{ router: 0, routerTls: 0, routerAdmin: 0 },
  edges: [0, 1, 2].map(() => ({ port: 0, grpcPort: 0, adminPort: 0 })),
};

async function start(argv: readonly string[], token?: Token): Promise<System> {
  const config = startConfig({
    argv: [...argv, "--simulate-latency", "0s,60ms,120ms"],
    env: {},
    readFile: () => "",
  });
  const tokens = { ...config.tokens, token };
  const around = { clock: systemClock, log: createLog("demo", "silent") };
  return startSystem({ ...config, tokens, ports: FREE_PORTS }, around);
}

describe("the origin of the demo, behind the system", function () {
  this.timeout(30_000);
  let system: System;
  let front: string;

  before(async () => {
    system = await start([], new Token("a-token-of-the-demo"));
    front = `http://127.0.0.1:${system.router.http.port}`;
    await until("edge-1 is the nearest", async () => {
      return (await get(front, "/hello.txt")).header("x-served-by") === "edge-1";
    });
  });
  after(() => system.stop());

  /** The edge's word for what it did, and what it says beside. */
  async function outcome(path: string, asking?: Asking): Promise<string> {
    const answer = await get(front, `/demo/${path}`, asking);
    const detail = /detail=([\w-]+)/.exec(answer.header("cache-status") ?? "")?.[1];
    return [answer.status, answer.header("x-cache"), ...(detail === undefined ? [] : [detail])].join(" ");
  }

  for (const [path, first, second] of [
    ["page", "200 MISS", "200 HIT"],
    ["slow", "200 MISS", "200 HIT"],
    ["pass", "200 BYPASS rule-bypass", "200 BYPASS rule-bypass"],
    ["account", "200 MISS private", "200 MISS private"],
    ["broken", "502 MISS connection_terminated", "502 MISS connection_terminated"],
    ["none", "404 MISS no-store", "404 MISS no-store"],
  ] as const) {
    it(`answers ${path}: ${first}, then ${second}`, async () => {
      expect([await outcome(path), await outcome(path)]).to.deep.equal([first, second]);
    });
  }

  it("has news that are served stale while the edge fetches the next edition", async () => {
    expect(await outcome("news")).to.equal("200 MISS");
    await until("the news are stale", async () => /^200 STALE/.test(await outcome("news")));
  });

  it("has a menu that the origin confirms with 304 when it is stale", async () => {
    expect(await outcome("menu")).to.equal("200 MISS");
    await until("the menu is confirmed", async () => {
      return /fwd-status=304/.test((await get(front, "/demo/menu")).header("cache-status") ?? "");
    });
  });

  it("greets in two languages, each stored for itself", async () => {
    const greeting = async (language: string) => {
      const answer = await get(front, "/demo/greeting", { headers: { "Accept-Language": language } });
      return `${answer.header("x-cache")} ${answer.text.trim()}`;
    };
    expect([await greeting("en"), await greeting("de"), await greeting("en")]).to.deep.equal([
      "MISS Good day!",
      "MISS Guten Tag!",
      "HIT Good day!",
    ]);
  });

  it("purges the article by its tag when another version is published, with receipts of every edge", async () => {
    await outcome("article");
    expect(await outcome("article")).to.equal("200 HIT");
    const published = await get(front, "/demo/article", { method: "POST" });
    expect(published.text).to.match(
      /^Version 2 is published. .*edge-1 applied.*edge-2 applied.*edge-3 applied/,
    );
    const anew = await get(front, "/demo/article");
    expect([anew.header("x-cache"), anew.text.trim()]).to.deep.equal(["MISS", "Version 2 of the article."]);
  });

  it("lets no page of another site change anything", async () => {
    for (const [from, status] of [
      ["cross-site", 403],
      ["same-site", 403],
      ["same-origin", 200],
    ] as const) {
      const headers = { "Sec-Fetch-Site": from };
      expect((await get(front, "/demo/article", { method: "POST", headers })).status).to.equal(status);
    }
  });

  it("has a guest book whose signing invalidates what is stored of it", async () => {
    await outcome("guests");
    expect(await outcome("guests")).to.equal("200 HIT");
    expect(await outcome("guests", { method: "POST" })).to.equal("200 BYPASS POST");
    const anew = await get(front, "/demo/guests");
    expect([anew.header("x-cache"), anew.text.trim()]).to.deep.equal(["MISS", "One guest has signed."]);
  });

  it("sends a stream of five events", async () => {
    const { text } = await get(front, "/demo/events");
    expect(text.match(/event \d of 5/g)).to.have.length(5);
  });

  it("tells the edges as the router measures them, and where the dashboard is", async () => {
    const view = JSON.parse((await get(front, "/demo/view")).text);
    expect(view.dashboard).to.equal(`http://127.0.0.1:${system.router.admin.port}/`);
    expect(view.edges.map(({ edge }: { edge: string }) => edge)).to.deep.equal([
      "edge-1",
      "edge-2",
      "edge-3",
    ]);
  });

  it("leaves the files of the site with keys that are the same at every port", async () => {
    await get(front, "/data.json");
    const [edge] = system.edges;
    expect((await get(`http://127.0.0.1:${edge?.http.port}`, "/data.json")).header("x-cache")).to.equal(
      "HIT",
    );
  });

  // The last one: an edge that was cut off begins with an empty cache.
  it("publishes by another edge when one is cut off from the purge log", async () => {
    const operator = `http://127.0.0.1:${system.router.admin.port}`;
    const act = (action: string) =>
      get(operator, `/dashboard/demo/${action}`, {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: "Bearer a-token-of-the-demo" },
        body: '{"edge":"edge-1"}',
      });
    expect((await act("cut")).status).to.equal(200);
    try {
      const published = await get(front, "/demo/article", { method: "POST" });
      expect(published.text).to.match(/edge-2 applied/);
    } finally {
      await act("join");
    }
  });
});

describe("the system with an origin of its user", () => {
  it("has no origin of the demo", async () => {
    const system = await start(["--origin", "test/rig"]);
    try {
      const front = `http://127.0.0.1:${system.router.http.port}`;
      await until("an edge serves", async () => (await get(front, "/browser.ts")).status === 200);
      expect((await get(front, "/demo/view")).status).to.equal(404);
    } finally {
      await system.stop();
    }
  });
});
