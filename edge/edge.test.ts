import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { type Clock, systemClock } from "../process/clock.ts";
import { MemoryPurgeLog } from "../purge-log/memory-purge-log.ts";
import { get } from "../test/rig/http-client.ts";
import { HttpOrigin } from "../test/rig/http-origin.ts";
import { stats } from "../test/rig/purge.ts";
import { RawConnection } from "../test/rig/raw-connection.ts";
import { startTestEdge, type TestEdge } from "../test/rig/test-edge.ts";

const GET = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

describe("an edge that drains, or that has lost its origin", () => {
  let origin: HttpOrigin;
  let purgeLog: MemoryPurgeLog;
  let edge: TestEdge;
  /** The waits that the edge has begun, in milliseconds. */
  const waits: number[] = [];
  const clock: Clock = {
    ...systemClock,
    wait: (ms, signal) => {
      waits.push(ms);
      return systemClock.wait(ms, signal);
    },
  };
  const start = async (drain: number) => {
    edge = await startTestEdge(origin.url, { purgeLog, drain, clock });
  };
  const members = async () => (await purgeLog.members()).map((member) => member.edge);

  beforeEach(async () => {
    purgeLog = new MemoryPurgeLog(systemClock);
    origin = await HttpOrigin.start({ "/a": { fields: [["Cache-Control", "max-age=60"]], body: "whole" } });
  });
  afterEach(async () => {
    await edge.stop();
    await origin.stop();
    await purgeLog.close();
  });

  it("reports draining at once, and still accepts requests for a second", async () => {
    await start(10_000);
    const kept = (await RawConnection.open(edge.url)).send(GET);
    expect((await kept.reply()).header("Connection")).to.equal("keep-alive");
    waits.length = 0;
    const drained = edge.drain();
    expect(waits).to.deep.equal([1_000]);
    expect((await stats(edge.control)).state).to.equal("draining");
    const readiness = await get(edge.operator, "/readyz");
    expect([readiness.status, readiness.text]).to.deep.equal([503, '{"ready":false,"reasons":["draining"]}']);
    const fresh = (await RawConnection.open(edge.url)).send(GET);
    for (const connection of [fresh, kept.send(GET)]) {
      const reply = await connection.reply();
      expect([reply.body, reply.header("Connection")]).to.deep.equal(["whole", "close"]);
      await connection.closed;
    }
    await drained;
  });

  it("is ready while its origin is down and it has hits to serve, and names no address", async () => {
    await start(0);
    await get(edge.url, "/a");
    await origin.stop();
    const warned = await get(edge.operator, "/readyz");
    expect([warned.status, warned.text]).to.deep.equal([
      200,
      '{"ready":true,"reasons":[],"warnings":["origin of site default cannot be reached"]}',
    ]);
    expect((await get(edge.url, "/a")).header("x-cache")).to.equal("HIT");
  });

  it("is not ready while its origin is down and it holds nothing", async () => {
    await start(0);
    await origin.stop();
    const reply = await get(edge.operator, "/readyz");
    expect([reply.status, reply.text]).to.deep.equal([
      503,
      '{"ready":false,"reasons":["origin of site default cannot be reached"]}',
    ]);
  });

  it("says whether it is ready while its origin takes a connection and never answers", async () => {
    const silent = createServer((socket) => socket.resume());
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    // Ours: a server of TCP has an address with a port.
    const { port } = silent.address() as AddressInfo;
    const connected = once(silent, "connection");
    edge = await startTestEdge(new URL(`https://127.0.0.1:${port}`), { purgeLog, drain: 0, clock });
    const reply = await get(edge.operator, "/readyz");
    const [socket]: Socket[] = await connected;
    // The end of a connection that was given up, after 5 s, would have come before this answer.
    await get(edge.operator, "/healthz");
    expect(socket?.destroyed).to.equal(false);
    expect(reply.text).to.equal('{"ready":false,"reasons":["origin of site default cannot be reached"]}');
    socket?.destroy();
    silent.close();
  });

  it("leaves the heartbeat table only when its last answer is written", async () => {
    await start(10_000);
    const half = origin.hold("/a", "body");
    const answer = get(edge.url, "/a");
    await origin.received("/a");
    const stopped = edge.stop();
    await stats(edge.control);
    expect(await members()).to.deep.equal(["edge-1"]);
    half.open();
    expect((await answer).text).to.equal("whole");
    await stopped;
    expect(await members()).to.deep.equal([]);
  });

  it("cuts a response that is still running at the end of --drain, so that the client notices", async () => {
    await start(100);
    const half = origin.hold("/a", "body");
    const answer = get(edge.url, "/a").then(
      ({ text }) => text,
      (thrown: NodeJS.ErrnoException) => thrown.code,
    );
    await origin.received("/a");
    const began = performance.now();
    await edge.stop();
    expect(performance.now() - began).to.be.at.least(90);
    expect(await answer).to.equal("ECONNRESET");
    half.open();
  });

  it("stops when the reload under way is over, and reloads no more", async () => {
    await start(0);
    const sites = Array.from({ length: 1_000 }, (_, at) => ({
      name: `s${at}`,
      hosts: [`s${at}.example`],
      origin: { kind: "directory", path: "." } as const,
    }));
    const ended: string[] = [];
    const reloaded = edge.reload({ sites }).then(() => ended.push("reload"));
    await turn();
    await Promise.all([reloaded, edge.stop().then(() => ended.push("edge"))]);
    expect(ended).to.deep.equal(["reload", "edge"]);
    const late = edge.reload({ sites }).then(
      () => "reloaded",
      (thrown: Error) => thrown.message,
    );
    expect(await late).to.equal("the edge stops: nothing is reloaded");
  });

  it("does not wait for routers to notice when --drain is 0", async () => {
    await start(0);
    waits.length = 0;
    const drained = edge.drain();
    expect(waits).to.deep.equal([]);
    await drained;
  });
});
