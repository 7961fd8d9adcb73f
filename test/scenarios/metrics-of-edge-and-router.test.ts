import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:http2";
import { expect } from "chai";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { conventionsBroken } from "../rig/metric-conventions.ts";
import { readPrometheusText, sampleValue } from "../rig/prometheus-text.ts";
import { RawConnection } from "../rig/raw-connection.ts";
import { RawOrigin } from "../rig/raw-origin.ts";
import { RoutedEdge } from "../rig/routed-edge.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { startTestRouter, type TestRouter } from "../rig/test-router.ts";
import { until } from "../rig/until.ts";

const BODY = "x".repeat(1_000);

describe("the metrics of an edge and a router", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;
  let routed: RoutedEdge;
  let router: TestRouter;

  before(async () => {
    origin = await HttpOrigin.start();
    origin.answer("/a", { fields: [["Cache-Control", "max-age=60"]], body: BODY });
    origin.answer("/absent", { status: 404, fields: [["Cache-Control", "no-store"]], body: "absent" });
    edge = await startTestEdge(origin.url);
    routed = await RoutedEdge.start("routed");
    router = await startTestRouter([routed]);
  });
  after(async () => {
    await router.running.stop();
    await routed.stop();
    await edge.stop();
    await origin.stop();
  });

  const textOf = async (base: string): Promise<string> => (await get(base, "/metrics")).text;

  it("count responses by outcome and status, and the bytes of their content", async () => {
    await get(edge.url, "/a");
    const { header } = await get(edge.url, "/a");
    await get(edge.url, "/a", { headers: { "If-None-Match": header("etag") ?? "*" } });
    await get(edge.url, "/a", { method: "HEAD" });
    await get(edge.url, "/a", { headers: { Range: "bytes=0-9" } });
    await get(edge.url, "/absent");
    const page = readPrometheusText(await textOf(edge.operator));
    const responses = (outcome: string, status: string) =>
      sampleValue(page, "edgecache_edge_responses_total", { site: "default", outcome, status });
    expect([responses("miss", "2xx"), responses("hit", "2xx"), responses("hit", "3xx")]).to.deep.equal([
      1, 3, 1,
    ]);
    expect(responses("miss", "4xx")).to.equal(1);
    const bytes = (outcome: string) =>
      sampleValue(page, "edgecache_edge_response_bytes_total", { site: "default", outcome });
    const taken = (le: string) =>
      sampleValue(page, "edgecache_edge_response_seconds_bucket", { outcome: "miss", le });
    expect([taken("+Inf"), sampleValue(page, "edgecache_edge_origin_seconds_count")]).to.deep.equal([2, 2]);
    expect([bytes("miss"), bytes("hit")]).to.deep.equal([BODY.length + "absent".length, BODY.length + 10]);
  });

  it("count the failures of the origin of a site", async () => {
    const short = await RawOrigin.start((socket, count) => {
      const privately = count === 1 ? "" : "Cache-Control: private\r\n";
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 9\r\n${privately}\r\nshort`);
    });
    const failing = await startTestEdge(short.url);
    const failures = async (reason: string) => {
      const page = readPrometheusText(await textOf(failing.operator));
      return sampleValue(page, "edgecache_edge_origin_errors_total", { site: "default", reason });
    };
    expect(await failures("origin-body-short")).to.equal(0);
    for (const path of ["/stored", "/private"]) await get(failing.url, path).catch(() => undefined);
    expect(await failures("origin-body-short")).to.equal(2);
    await short.stop();
    expect((await get(failing.url, "/gone")).status).to.equal(502);
    expect(await failures("connection_refused")).to.equal(1);
    await failing.stop();
  });

  it("tell the connections to the origin", async () => {
    const connections = async () => {
      const page = readPrometheusText(await textOf(edge.operator));
      return ["active", "idle"].map((state) =>
        sampleValue(page, "edgecache_edge_origin_connections", { site: "default", state }),
      );
    };
    origin.answer("/held", { body: "held" });
    const gate = origin.hold("/held", "fields");
    const held = get(edge.url, "/held");
    await origin.received("/held");
    expect(await connections()).to.deep.equal([1, 0]);
    gate.open();
    await held;
    expect(await connections()).to.deep.equal([0, 1]);
  });

  it("tell the connections of clients by protocol, also of an edge with several threads", async () => {
    const threads = await startTestEdge(origin.url, { workers: 2, h2c: true });
    for (const [program, front, operator] of [
      ["edge", edge.url, edge.operator],
      ["router", router.base, router.admin],
      ["edge", threads.url, threads.operator],
    ] as const) {
      const open = async (protocol: string) =>
        sampleValue(readPrometheusText(await textOf(operator)), `edgecache_${program}_client_connections`, {
          protocol,
        }) ?? Number.NaN;
      const before = await open("HTTP/1.1");
      const clients = [await RawConnection.open(front), await RawConnection.open(front)];
      await until(
        "both are counted",
        async () => (await open("HTTP/1.1")) + (await open("none")) >= before + 2,
      );
      for (const client of clients) client.destroy();
      await until("both are gone", async () => (await open("HTTP/1.1")) + (await open("none")) <= before);
      expect(await open("HTTP/2")).to.equal(0);
    }
    const client = connect(threads.url);
    await once(client, "connect");
    const page = async () => readPrometheusText(await textOf(threads.operator));
    await until(
      "it is counted",
      async () =>
        sampleValue(await page(), "edgecache_edge_client_connections", { protocol: "HTTP/2" }) === 1,
    );
    client.destroy();
    await threads.stop();
  });

  it("tell how much is held for clients that are slow", async () => {
    const body = Buffer.alloc(8 * 2 ** 20);
    origin.answer("/large", { fields: [["Cache-Control", "no-store"]], body });
    const held = async () =>
      sampleValue(readPrometheusText(await textOf(edge.operator)), "edgecache_edge_held_bytes") ?? Number.NaN;
    expect(await held()).to.equal(0);
    const slow = await RawConnection.open(edge.url);
    slow.socket.pause();
    slow.send("GET /large HTTP/1.1\r\nHost: a.example\r\n\r\n");
    await until("something is held", async () => (await held()) >= 2 ** 20);
    slow.destroy();
    await until("nothing is held", async () => (await held()) === 0);
  });

  it("are text of which promtool has nothing to say", async function () {
    if (spawnSync("promtool", ["--version"]).status !== 0) this.skip();
    for (const base of [edge.operator, router.admin]) {
      const { stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
        input: await textOf(base),
        encoding: "utf8",
      });
      expect([stdout, stderr]).to.deep.equal(["", ""]);
    }
  });

  it("keep Prometheus' conventions of names", async () => {
    for (const base of [edge.operator, router.admin])
      expect(conventionsBroken(readPrometheusText(await textOf(base)))).to.deep.equal([]);
  });

  it("tell how long the router's answers and Pings took", async () => {
    await get(router.base, "/");
    await get(router.base, "/#x");
    const page = readPrometheusText(await textOf(router.admin));
    const count = (outcome: string) =>
      sampleValue(page, "edgecache_router_response_seconds_count", { outcome });
    // A request that is refused before it is whole took no time.
    expect([count("relayed"), count("refused")]).to.deep.equal([1, undefined]);
    expect(
      sampleValue(page, "edgecache_router_edge_ping_seconds_count", { edge: "routed" }),
    ).to.be.greaterThan(0);
  });

  it("have no Pings of an edge that has another name now", async () => {
    const edges = async () => (await textOf(router.admin)).match(/(?<=edge_ping_seconds_count\{edge=")\w+/g);
    expect(await edges()).to.deep.equal(["routed"]);
    routed.does.ping = { edge: "renamed" };
    await until("the new name is known", async () => (await edges())?.includes("renamed") === true);
    expect(await edges()).to.deep.equal(["renamed"]);
    routed.does.ping = {};
    await until("the old name is known", async () => (await edges())?.includes("routed") === true);
  });

  it("are text that can be read strictly", async () => {
    for (const base of [edge.operator, router.admin]) {
      const page = readPrometheusText(await textOf(base));
      expect(sampleValue(page, "edgecache_build_info", { node: process.versions.node })).to.equal(1);
    }
  });
});
