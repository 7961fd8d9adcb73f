import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { HttpOrigin } from "../rig/http-origin.ts";
import { RawConnection } from "../rig/raw-connection.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { startTestRouter, type TestRouter } from "../rig/test-router.ts";
import { until } from "../rig/until.ts";

type Line = Readonly<Record<string, unknown>>;

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;

describe("the access logs of a router and its edge", function () {
  this.timeout(60_000);

  let folder: string;
  let origin: HttpOrigin;
  let edge: TestEdge;
  let router: TestRouter | undefined;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "edgecache-access-"));
    origin = await HttpOrigin.start({
      "/page": { fields: [["Cache-Control", "max-age=60"]], body: "page" },
      "/other": { fields: [["Cache-Control", "max-age=60"]], body: "other" },
    });
    edge = await startTestEdge(origin.url, { accessLog: { kind: "file", path: pathOf("edge") } });
  });
  afterEach(async () => {
    await router?.running.stop();
    router = undefined;
    await edge.stop();
    await origin.stop();
    rmSync(folder, { recursive: true });
  });

  const pathOf = (program: string) => join(folder, `${program}.log`);
  async function start(trustedProxies: readonly string[]): Promise<string> {
    const accessLog = { kind: "file", path: pathOf("router") } as const;
    const edges = { kind: "listed", grpcAddresses: [edge.control] } as const;
    router = await startTestRouter([], { accessLog, trustedProxies, edges });
    return router.base;
  }
  function lines(program: string): Line[] {
    const text = readFileSync(pathOf(program), "utf8");
    return text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  }
  async function logged(count: number): Promise<{ readonly router: Line[]; readonly edge: Line[] }> {
    await until(`there are ${count} lines`, () =>
      ["router", "edge"].every((program) => lines(program).length >= count),
    );
    return { router: lines("router"), edge: lines("edge") };
  }
  async function get(front: string, targets: readonly string[], fields = ""): Promise<void> {
    const client = await RawConnection.open(front);
    for (const target of targets) {
      client.send(`GET ${target} HTTP/1.1\r\nHost: a.example\r\n${fields}\r\n`);
      await client.reply();
    }
    client.destroy();
  }

  it("have the same identifier for a request, and the origin gets it", async () => {
    const front = await start([]);
    const forged = "X-Request-Id: forged\r\n";
    await get(front, ["/page", "/page", "/other"], `${forged}traceparent: ${TRACEPARENT}\r\n`);
    const all = await logged(3);
    const ids = all.router.map((line) => line.request_id);
    expect(all.edge.map((line) => line.request_id)).to.deep.equal(ids);
    expect(new Set(ids)).to.have.property("size", 3);
    for (const id of ids) expect(id).to.match(/^[0-9a-f]{32}$/);
    expect(origin.requests().map((request) => request.header("x-request-id"))).to.deep.equal([
      ids[0],
      ids[2],
    ]);
    expect(origin.requests("/page").map((request) => request.header("traceparent"))).to.deep.equal([
      TRACEPARENT,
    ]);
    expect(all.edge.map(({ outcome }) => outcome)).to.deep.equal(["miss", "hit", "miss"]);
    for (const line of all.router)
      expect(line).to.include({
        outcome: "relayed",
        edge: "edge-1",
        tries: 1,
        hedged: false,
        status: 200,
        end: "answered",
        host: "a.example",
        client: "127.0.0.1",
        trace_id: TRACE,
      });
    expect(all.router.map(({ bytes }) => bytes)).to.deep.equal([4, 4, 5]);
  });

  it("take the identifier of a trusted proxy", async () => {
    const front = await start(["127.0.0.0/8"]);
    await get(front, ["/page"], "X-Request-Id: from-the-balancer\r\n");
    const all = await logged(1);
    expect([all.router[0]?.request_id, all.edge[0]?.request_id]).to.deep.equal(
      Array(2).fill("from-the-balancer"),
    );
  });

  it("tell of a request that no edge could take", async () => {
    const front = await start([]);
    await edge.stop();
    await get(front, ["/page"]);
    await until("there is a line", () => lines("router").length === 1);
    const [line] = lines("router");
    expect(line).to.include({ outcome: "failed", target: "/page", end: "answered" });
    expect(line?.status).to.be.at.least(500);
    expect(line).to.not.have.property("edge");
  });
});
