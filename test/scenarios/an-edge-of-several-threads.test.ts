import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { expect } from "chai";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { hangThread } from "../rig/hung-thread.ts";
import { readPrometheusText, sampleValue } from "../rig/prometheus-text.ts";
import { purge, stats } from "../rig/purge.ts";
import { RawConnection, type RawReply } from "../rig/raw-connection.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

const THREADS = 3;
// Each has a connection that stays open, which the kernel gives to some thread.
const CLIENTS = 12;
const HOST = { Host: "edge.example" };
const STATUS_OF: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  edgecache_edge_responses_total: { site: "default", status: "2xx" },
  edgecache_edge_response_seconds_count: {},
  edgecache_edge_response_bytes_total: { site: "default" },
};
const LARGE = Buffer.alloc(3_000_001, "0123456789abcdef");

describe("an edge whose data port is served by several threads", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;
  let version: number;
  let threads: Worker[];
  let connections: RawConnection[];
  const noteThread = (worker: Worker) => threads.push(worker);

  beforeEach(async () => {
    version = 1;
    threads = [];
    process.on("worker", noteThread);
    const page = () => ({
      fields: [
        ["Cache-Control", "max-age=600"],
        ["Surrogate-Key", "page"],
      ] as const,
      body: `version ${version}`,
    });
    origin = await HttpOrigin.start({
      "/page": page,
      "/other": page,
      "/large": { fields: [["Cache-Control", "max-age=600"]], body: LARGE },
      "/echo": async (request) => ({ fields: [["Cache-Control", "no-store"]], body: await request.body() }),
    });
    edge = await startTestEdge(origin.url, { workers: THREADS });
    connections = await Promise.all(Array.from({ length: CLIENTS }, () => RawConnection.open(edge.url)));
  });

  afterEach(async () => {
    process.off("worker", noteThread);
    for (const { socket } of connections) socket.destroy();
    await edge.stop();
    await origin.stop();
  });

  const clients = (path: string): Promise<RawReply[]> =>
    Promise.all(
      connections.map((connection) =>
        connection.send(`GET ${path} HTTP/1.1\r\nHost: ${HOST.Host}\r\n\r\n`).reply(),
      ),
    );

  const first = (): Worker => {
    const [thread] = threads;
    if (thread === undefined) throw new Error("no thread was seen");
    return thread;
  };

  const texts = (replies: readonly RawReply[]): Set<string> => new Set(replies.map(({ body }) => body));

  it("asks the origin once for what all of them want at once, and hits from then on", async () => {
    const gate = origin.hold("/page", "fields");
    const first = clients("/page");
    await until("all wait", async () => (await stats(edge.control)).collapsed >= CLIENTS - 1);
    gate.open();
    expect(texts(await first)).to.deep.equal(new Set(["version 1"]));
    for (let round = 0; round < 3; round += 1) {
      const kinds = (await clients("/page")).map((reply) => reply.header("X-Cache"));
      expect(new Set(kinds)).to.deep.equal(new Set(["HIT"]));
    }
    expect(origin.count("/page")).to.equal(1);
  });

  it("tells the sum of what the threads have answered", async () => {
    for (let round = 0; round < 3; round += 1) await clients("/page");
    const page = readPrometheusText((await get(edge.operator, "/metrics")).text);
    const sum = (name: string) =>
      ["hit", "miss"].reduce(
        (all, outcome) => all + (sampleValue(page, name, { outcome, ...STATUS_OF[name] }) ?? 0),
        0,
      );
    expect(Object.keys(STATUS_OF).map(sum)).to.deep.equal([
      3 * CLIENTS,
      3 * CLIENTS,
      3 * CLIENTS * "version 1".length,
    ]);
    expect(sampleValue(page, "edgecache_edge_origin_seconds_count")).to.be.greaterThan(0);
  });

  for (const [kind, target] of [
    ["a URL", { $case: "url", url: "/page" }],
    ["a tag", { $case: "tag", tag: "page" }],
    ["a prefix", { $case: "prefix", prefix: "/" }],
    ["everything", { $case: "everything", everything: true }],
  ] as const) {
    it(`never answers with what a purge of ${kind} covered, once its receipts are there`, async () => {
      for (let round = 0; round < 15; round += 1) {
        // Several times, so that the threads answer by themselves.
        for (let warm = 0; warm < 3; warm += 1) await clients("/page");
        version += 1;
        const { outcome } = await purge(edge.control, target);
        expect(outcome).to.equal("applied");
        expect(texts(await clients("/page"))).to.deep.equal(new Set([`version ${version}`]));
      }
    });
  }

  it("finds nothing fresh at any thread that was purged softly", async () => {
    for (let warm = 0; warm < 3; warm += 1) await clients("/page");
    version = 2;
    await purge(edge.control, { $case: "everything", everything: true }, { soft: true });
    const hits = (await clients("/page")).filter((reply) => reply.header("X-Cache") === "HIT");
    expect(texts(hits)).not.to.include("version 1");
  });

  it("takes what a request has changed out of use at every thread before its answer comes", async () => {
    origin.answer("/page", ({ method }) => ({
      fields: [["Cache-Control", "max-age=600"]],
      body: method === "POST" ? "done" : `version ${version}`,
    }));
    for (let round = 0; round < 10; round += 1) {
      for (let warm = 0; warm < 3; warm += 1) await clients("/page");
      version += 1;
      await get(edge.url, "/page", { method: "POST", body: "new", headers: HOST });
      expect(texts(await clients("/page"))).to.deep.equal(new Set([`version ${version}`]));
    }
  });

  it("passes bodies both ways whole, larger ones in parts", async () => {
    for (const reply of [...(await clients("/large")), ...(await clients("/large"))])
      expect(reply.body === LARGE.toString()).to.equal(true);
    const sent = "abc".repeat(200_000);
    const echoed = await get(edge.url, "/echo", { method: "POST", body: sent });
    expect(echoed.text === sent).to.equal(true);
  });

  it("counts each request once, whichever thread answered it", async () => {
    for (let round = 0; round < 4; round += 1) await clients("/page");
    const { requests, hits, misses } = await stats(edge.control);
    expect(requests).to.equal(4 * CLIENTS);
    expect(hits + misses).to.equal(4 * CLIENTS);
  });

  it("goes on when a thread ends, and puts another in its place", async () => {
    await clients("/page");
    const replaced = once(process, "worker");
    await first().terminate();
    await replaced;
    for (let n = 0; n < CLIENTS; n += 1)
      expect((await get(edge.url, "/page", { headers: HOST })).text).to.equal("version 1");
    expect(origin.count("/page")).to.equal(1);
  });

  it("applies a purge while a thread hangs, which answers with nothing of it when it goes on", async () => {
    for (let warm = 0; warm < 3; warm += 1) await clients("/page");
    const goOn = await hangThread(first());
    version = 2;
    expect((await purge(edge.control, { $case: "url", url: "/page" })).outcome).to.equal("applied");
    const replies = clients("/page");
    await until("the others have answered", () => origin.count("/page") === 2);
    goOn();
    expect(texts(await replies)).to.deep.equal(new Set(["version 2"]));
  });

  it("puts another thread in the place of one that hangs, and fails no request of the others", async () => {
    await clients("/page");
    const goOn = await hangThread(first());
    const ended = once(first(), "exit");
    const ask = (connection: RawConnection): Promise<string> =>
      connection
        .send(`GET /page HTTP/1.1\r\nHost: ${HOST.Host}\r\n\r\n`)
        .reply()
        .then(({ body }) => body, String);
    let hangs = true;
    const bodies = connections.map(async (connection) => {
      const given: string[] = [];
      while (hangs && !connection.socket.destroyed) given.push(await ask(connection));
      return given;
    });
    await ended;
    hangs = false;
    goOn();
    // Those of the thread had no answer at all.
    const answered = (await Promise.all(bodies)).filter(([body]) => body?.startsWith("version") === true);
    expect(answered.length).to.be.above(0);
    expect(new Set(answered.flat())).to.deep.equal(new Set(["version 1"]));
    await until("another one takes its place", () => threads.length === THREADS + 1);
    for (let n = 0; n < CLIENTS; n += 1)
      expect((await get(edge.url, "/page", { headers: HOST })).text).to.equal("version 1");
  }).timeout(60_000);

  it("refuses a port that another edge's threads share", async () => {
    const { port } = new URL(edge.url);
    const thrown = await startTestEdge(origin.url, { workers: 2, port: Number(port) }).catch(String);
    expect(thrown).to.match(/is in use; stop the program/);
  });
});
