import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { expect } from "chai";
import { HttpOrigin } from "../rig/http-origin.ts";
import { hangThread } from "../rig/hung-thread.ts";
import { stats } from "../rig/purge.ts";
import { RawConnection } from "../rig/raw-connection.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

const REQUEST = "GET /page HTTP/1.1\r\nHost: edge.example\r\n\r\n";

describe("an edge whose data port is served by two threads, while it drains", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;
  let threads: Worker[];
  const noteThread = (worker: Worker) => threads.push(worker);

  beforeEach(async () => {
    threads = [];
    process.on("worker", noteThread);
    origin = await HttpOrigin.start({
      "/page": { fields: [["Cache-Control", "max-age=600"]], body: "page" },
    });
    // Nobody would wait so long for the end of the test.
    edge = await startTestEdge(origin.url, { workers: 2, drain: 3_600_000 });
  });

  afterEach(async () => {
    process.off("worker", noteThread);
    await edge.stop();
    await origin.stop();
  });

  it("has each answer of a thread that was replaced say that its connection ends", async () => {
    const draining = edge.drain();
    for (const thread of threads.splice(0)) {
      const replaced = once(process, "worker");
      await thread.terminate();
      await replaced;
    }
    const answer = async (): Promise<string | undefined> => {
      const connection = await RawConnection.open(edge.url);
      const reply = await connection.send(REQUEST).reply();
      connection.destroy();
      return reply.header("Connection");
    };
    let connection: string | undefined;
    await until("a thread listens", async () => {
      connection = await answer().catch(() => undefined);
      return connection !== undefined;
    });
    expect(connection).to.equal("close");
    await draining;
  });

  it("ends although a thread hangs, and the others give their answers first", async () => {
    const gate = origin.hold("/page", "fields");
    // The kernel hardly ever gives all of them to one thread.
    const asked = await Promise.all(Array.from({ length: 12 }, () => RawConnection.open(edge.url)));
    for (const connection of asked) connection.send(REQUEST);
    await until("all wait", async () => (await stats(edge.control)).collapsed >= asked.length - 1);
    const [first] = threads;
    if (first === undefined) throw new Error("no thread was seen");
    await hangThread(first);
    const stopped = edge.stop();
    gate.open();
    const replies = await Promise.allSettled(asked.map((connection) => connection.reply()));
    const bodies = replies.flatMap((reply) => (reply.status === "fulfilled" ? [reply.value.body] : []));
    await stopped;
    expect(bodies.length).to.be.above(0);
    expect(new Set(bodies)).to.deep.equal(new Set(["page"]));
  }).timeout(60_000);
});
