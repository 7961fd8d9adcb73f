import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { expect } from "chai";
import { EdgeProcess } from "../rig/edge-process.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { stats } from "../rig/purge.ts";
import { RawConnection } from "../rig/raw-connection.ts";
import { RouterProcess } from "../rig/router-process.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

// So many that the kernel hardly ever gives all of them to one thread.
const MOST = 12;
// No trusted proxy.
const CLIENT = "127.0.0.2";
const OTHER_CLIENT = "127.0.0.3";
const REQUEST = "GET /page HTTP/1.1\r\nHost: edge.example\r\n\r\n";

describe("limits of a client", () => {
  const open: RawConnection[] = [];
  afterEach(() => {
    for (const connection of open.splice(0)) connection.destroy();
  });

  async function connect(base: string, from = CLIENT): Promise<RawConnection> {
    const connection = await RawConnection.open(base, from);
    open.push(connection);
    return connection;
  }

  /** Whether a connection is taken, and answers. */
  async function isTaken(base: string, from?: string): Promise<boolean> {
    const connection = await connect(base, from);
    const answer = connection.send(REQUEST).reply();
    return await answer.then(
      () => true,
      () => false,
    );
  }

  describe("at an edge of two threads", () => {
    let origin: HttpOrigin;
    let edge: TestEdge;
    const threads: Worker[] = [];
    const noteThread = (worker: Worker) => threads.push(worker);

    beforeEach(async () => {
      process.on("worker", noteThread);
      origin = await HttpOrigin.start({
        "/page": { fields: [["Cache-Control", "max-age=600"]], body: "page" },
      });
      edge = await startTestEdge(origin.url, {
        workers: 2,
        clientConnections: MOST,
        clientRequests: MOST - 1,
        trustedProxies: [],
      });
    });

    afterEach(async () => {
      process.off("worker", noteThread);
      threads.length = 0;
      await edge.stop();
      await origin.stop();
    });

    it("let as many connections through as one thread does, and a thread that ends gives its own back", async () => {
      for (let n = 0; n < MOST; n += 1) expect(await isTaken(edge.url)).to.equal(true);
      expect([await isTaken(edge.url), await isTaken(edge.url, OTHER_CLIENT)]).to.deep.equal([false, true]);
      const [first] = threads;
      if (first === undefined) throw new Error("no thread was seen");
      const cut = Promise.race(open.slice(0, MOST).map(({ closed }) => closed));
      const replaced = once(process, "worker");
      await first.terminate();
      await cut;
      await replaced;
      const left = open.filter(({ socket }) => !socket.destroyed && socket.localAddress === CLIENT).length;
      expect(left).to.be.below(MOST);
      for (let n = left; n < MOST; n += 1) expect(await isTaken(edge.url)).to.equal(true);
      expect(await isTaken(edge.url)).to.equal(false);
    });

    it("let as many requests be under way as one thread does", async () => {
      const gate = origin.hold("/page", "fields");
      const asked = await Promise.all(Array.from({ length: MOST - 1 }, () => connect(edge.url)));
      for (const connection of asked) connection.send(REQUEST);
      await until("all are under way", async () => (await stats(edge.control)).collapsed >= MOST - 2);
      expect((await (await connect(edge.url)).send(REQUEST).reply()).status).to.equal(429);
      gate.open();
      for (const connection of asked) expect((await connection.reply()).status).to.equal(200);
      const [first] = asked;
      expect((await first?.send(REQUEST).reply())?.status).to.equal(200);
    });
  });

  it("at a router of two threads let as many connections through as one thread does", async () => {
    await using parts = new AsyncDisposableStack();
    const edge = parts.adopt(await EdgeProcess.start({ id: "edge-1", origin: "assets" }), (it) => it.kill());
    const flags = ["--edges", edge.control, "--workers", "2", "--client-connections", `${MOST}`];
    const router = parts.adopt(await RouterProcess.start(flags), (it) => it.close());
    for (let n = 0; n < MOST; n += 1) expect(await isTaken(router.base)).to.equal(true);
    expect([await isTaken(router.base), await isTaken(router.base, OTHER_CLIENT)]).to.deep.equal([
      false,
      true,
    ]);
  });
});
