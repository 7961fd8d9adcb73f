import { once } from "node:events";
import { expect } from "chai";
import { WebSocket } from "ws";
import { SAFE_RULES } from "../../edge/rules/site-rules.ts";
import { EdgeProcess } from "../rig/edge-process.ts";
import { get } from "../rig/http-client.ts";
import { readPrometheusText, sampleValue } from "../rig/prometheus-text.ts";
import { RawConnection } from "../rig/raw-connection.ts";
import { isServing, RouterProcess } from "../rig/router-process.ts";
import { startTestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";
import { WebSocketOrigin } from "../rig/web-socket-origin.ts";

const REQUESTS = 60;
const PAGE = "/hello.txt";

describe("a router whose port is served by several threads", () => {
  const parts = new AsyncDisposableStack();
  const edges: EdgeProcess[] = [];
  let router: RouterProcess;

  before(async () => {
    for (const id of ["edge-1", "edge-2"])
      edges.push(
        parts.adopt(await EdgeProcess.start({ id, origin: "assets" }), (edge) =>
          edge.runs ? edge.kill() : Promise.resolve(),
        ),
      );
    const flags = ["--edges", edges.map(({ control }) => control).join(), "--workers", "3"];
    router = parts.adopt(await RouterProcess.start(flags), (it) => it.close());
  });
  after(() => parts.disposeAsync());

  /** Each on a connection of its own, which the kernel gives to some thread. */
  const ask = async (): Promise<ReadonlySet<number>> =>
    new Set(
      await Promise.all(Array.from({ length: REQUESTS }, async () => (await get(router.base, PAGE)).status)),
    );

  it("answers at each of them, and tells the sum of what they have done", async () => {
    expect(await ask()).to.deep.equal(new Set([200]));
    const page = readPrometheusText(await router.metrics());
    const relayed = (name: string) => sampleValue(page, name, { outcome: "relayed" });
    expect(relayed("edgecache_router_requests_total")).to.equal(REQUESTS);
    expect(relayed("edgecache_router_response_seconds_count")).to.equal(REQUESTS);
  });

  it("carries tunnels in each of them, and tells their sum", async () => {
    const origin = await WebSocketOrigin.start();
    parts.defer(() => origin.stop());
    const rules = { ...SAFE_RULES, upgrades: ["websocket"] };
    const edge = parts.adopt(await startTestEdge(origin.url, { rules }), (it) => it.stop());
    const flags = ["--edges", edge.control, "--workers", "3"];
    const tunnels = parts.adopt(await RouterProcess.start(flags), (it) => it.close());
    const sockets = Array.from({ length: 12 }, () => new WebSocket(tunnels.base.replace("http", "ws")));
    await Promise.all(sockets.map((socket) => once(socket, "open")));
    expect(await tunnels.metrics()).to.match(/^edgecache_router_tunnels_open 12$/m);
    for (const socket of sockets) {
      socket.send("hello");
      expect(String((await once(socket, "message"))[0])).to.equal("hello");
      socket.close();
    }
    await until("all have ended", async () =>
      /^edgecache_router_tunnels_open 0$/m.test(await tunnels.metrics()),
    );
    expect(await tunnels.metrics()).to.match(/^edgecache_router_tunnels_total\{outcome="opened"\} 12$/m);
  });

  it("says in each of them that its answers are the last, while it has notice to stop", async () => {
    const flags = ["--edges", edges.map(({ control }) => control).join(), "--workers", "3", "--notice", "1h"];
    const leaving = parts.adopt(await RouterProcess.start(flags), (it) => it.close());
    const kept = await Promise.all(Array.from({ length: 12 }, () => RawConnection.open(leaving.base)));
    const ask = (connection: RawConnection) =>
      connection.send(`GET ${PAGE} HTTP/1.1\r\nHost: a.example\r\n\r\n`).reply();
    for (const connection of kept) expect((await ask(connection)).header("Connection")).to.equal(undefined);
    process.kill(leaving.pid, "SIGTERM");
    // A thread answers as before until it has heard of it.
    for (const connection of kept)
      await until(
        "its answer is the last",
        async () => (await ask(connection)).header("Connection") === "close",
      );
    expect((await get(leaving.base, PAGE)).status).to.equal(200);
  });

  it("loses no request when an edge ends, whichever thread has it", async () => {
    // At each thread fewer than the hundred that a router which has just started may send a second time.
    const asked = Array.from({ length: 3 }, () => ask());
    await edges[0]?.kill();
    for (const statuses of await Promise.all(asked)) expect(statuses).to.deep.equal(new Set([200]));
    await router.until("edge-1 is gone", (rows) => !isServing(rows, "edge-1"));
    expect(await ask()).to.deep.equal(new Set([200]));
  });
});
