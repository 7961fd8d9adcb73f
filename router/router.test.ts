import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { expect } from "chai";
import { systemClock } from "../process/clock.ts";
import { Failure } from "../process/failure.ts";
import { Gate } from "../test/rig/gate.ts";
import { ask, get } from "../test/rig/http-client.ts";
import { RawConnection } from "../test/rig/raw-connection.ts";
import { RoutedEdge } from "../test/rig/routed-edge.ts";
import { startTestRouter, type TestRouter } from "../test/rig/test-router.ts";
import { until } from "../test/rig/until.ts";

describe("the router", () => {
  const cleanups: (() => Promise<unknown>)[] = [];

  async function edge(...args: Parameters<typeof RoutedEdge.start>): Promise<RoutedEdge> {
    const started = await RoutedEdge.start(...args);
    cleanups.push(() => started.stop());
    return started;
  }

  async function router(...args: Parameters<typeof startTestRouter>): Promise<TestRouter> {
    const started = await startTestRouter(...args);
    cleanups.push(() => started.running.stop());
    return started;
  }

  afterEach(async () => {
    while (cleanups.length > 0) await cleanups.pop()?.();
  });

  it("answers 503 at once when no edge is left, and recovers by itself", async () => {
    const only = await edge("only");
    const { base, admin, log, logged } = await router([only]);
    expect((await get(admin, "/readyz")).status).to.equal(200);
    await only.stop();
    await logged("edge unreachable");

    const reply = await get(base, "/");
    expect(reply.status).to.equal(503);
    expect(reply.header("Retry-After")).to.equal("1");
    expect(reply.header("Proxy-Status")).to.equal("edgecache-router; error=destination_unavailable");
    expect(reply.header("X-Served-By")).to.equal(undefined);
    const errorId = /error id: (\S+)\n/.exec(reply.text)?.[1];
    expect(errorId).to.be.a("string");
    expect(log.some((line) => line.errorId === errorId)).to.equal(true);
    expect(JSON.parse((await get(admin, "/readyz")).text)).to.deep.equal({
      ready: false,
      reasons: ["no edge answers"],
    });

    await only.startHttp();
    await only.startGrpc();
    const back = log.length;
    await until("the edge's state is logged", () => log.slice(back).some(({ msg }) => msg === "edge state"));
    expect((await get(base, "/")).text).to.equal("only");
  });

  for (const state of ["lapsed", "draining"])
    it(`uses a ${state} edge when no serving one is left, and may take traffic for it`, async () => {
      const { base, admin } = await router([await edge("only", { ping: { state } })]);
      expect((await get(base, "/")).text).to.equal("only");
      const reply = await get(admin, "/readyz");
      expect([reply.status, JSON.parse(reply.text)]).to.deep.equal([
        200,
        {
          ready: true,
          reasons: [],
          warnings: ["no edge is serving: lapsed or draining edges get the requests"],
        },
      ]);
    });

  it("follows an edge that comes nearer", async () => {
    const [a, b] = [await edge("a", { pingDelayMs: 5 }), await edge("b", { pingDelayMs: 60 })];
    const { base } = await router([a, b]);
    expect((await get(base, "/")).text).to.equal("a");
    a.does.pingDelayMs = 120;
    await until("b answers", async () => (await get(base, "/")).text === "b");
  });

  it("redirects to the nearest edge in redirect mode, for this time only", async () => {
    const near = await edge("near");
    const far = await edge("far", { pingDelayMs: 40 });
    const { base } = await router([far, near], { mode: "redirect" });
    const reply = await get(base, "/a?b=1", { method: "POST", body: "x" });
    expect(reply.status).to.equal(307);
    expect(reply.header("Location")).to.equal(`http://${near.httpAddress}/a?b=1`);
    expect(reply.header("Cache-Control")).to.equal("no-store");
  });

  it("redirects to an edge's public URL when it has one", async () => {
    const { base } = await router([await edge("only", { ping: { publicUrl: "https://cdn.example/e1" } })], {
      mode: "redirect",
    });
    expect((await get(base, "//evil/x")).header("Location")).to.equal("https://cdn.example/e1//evil/x");
  });

  it("answers 503 in redirect mode too when no edge is left", async () => {
    const gone = await edge("gone");
    await gone.stop();
    const { base } = await router([gone], { mode: "redirect" });
    expect((await get(base, "/")).status).to.equal(503);
  });

  it("shows every edge to operators, reachable or not", async () => {
    const gone = await edge("gone");
    await gone.stop();
    const there = await edge("there");
    const { admin } = await router([there, gone]);
    const [first, second] = JSON.parse((await get(admin, "/edges.json")).text);
    expect(first).to.include({
      edge: "there",
      state: "serving",
      httpAddress: there.httpAddress,
      position: "1-0",
    });
    expect(first.rttMs).to.be.a("number");
    expect(second).to.include({
      edge: null,
      grpcAddress: gone.grpcAddress,
      state: "unreachable",
      rttMs: null,
    });
    expect(second.why).to.contain("UNAVAILABLE");
  });

  it("counts what becomes of requests", async () => {
    const near = await edge("near");
    const { base, admin } = await router([await edge("far", { pingDelayMs: 40 }), near]);
    await get(base, "/");
    await near.stopHttp();
    await get(base, "/");
    await get(base, "/#x");
    const text = (await get(admin, "/metrics")).text;
    for (const line of [
      'edgecache_router_requests_total{outcome="relayed"} 2',
      'edgecache_router_requests_total{outcome="refused"} 1',
      'edgecache_router_forwards_total{edge="near"} 1',
      'edgecache_router_forwards_total{edge="far"} 1',
      'edgecache_router_retries_total{edge="near",reason="edge-unreachable"} 1',
      'edgecache_router_edge_serving{edge="near"} 1',
      "edgecache_router_no_edge_errors_total 0",
    ]) {
      expect(text).to.contain(line);
    }
    expect(text).to.match(/edgecache_router_edge_rtt_seconds\{edge="near"\} \d/);
  });

  it("refuses itself what an edge would refuse with the fields that the router adds", async () => {
    const only = await edge("only");
    const { base, admin } = await router([only]);
    const headers = Object.fromEntries(Array.from({ length: 96 }, (_, at) => [`X-${at}`, "1"]));
    expect((await get(base, "/", { headers })).status).to.equal(431);
    expect((await get(admin, "/metrics")).text).to.contain('requests_total{outcome="refused"} 1');
  });

  for (const [what, where, status] of [
    ["choosing an edge", "/pick-edge.ts", 500],
    ["ranking the edges", "#rankFor", 200],
    ["sending to an edge", "/attempt.ts", 500],
    ["relaying a response", "/relay.ts", 500],
  ] as const) {
    it(`goes on after a fault in ${what}`, async () => {
      let isFaulty = false;
      const failIn = <T>(value: T): T => {
        if (isFaulty && new Error("looks who calls").stack?.includes(where)) throw new Error("boom");
        return value;
      };
      const parts = {
        random: () => failIn(0.5),
        clock: { ...systemClock, monotonic: () => failIn(systemClock.monotonic()) },
      };
      const edges = [await edge("a"), await edge("b")];
      const { base, logged } = await router(edges, { policy: "balanced" }, parts);
      isFaulty = true;
      const reply = await get(base, "/");
      expect(reply.status).to.equal(status);
      expect(reply.header("Proxy-Status")).to.equal(
        status === 500 ? "edgecache-router; error=proxy_internal_error" : undefined,
      );
      expect((await logged("fault")).err).to.include({ message: "boom" });
      isFaulty = false;
      expect((await get(base, "/")).status).to.equal(200);
    });
  }

  it("counts from 0 with every label that can come, so that no first event is missed", async () => {
    const { admin } = await router([await edge("only")]);
    const text = (await get(admin, "/metrics")).text;
    for (const line of [
      'requests_total{outcome="failed"} 0',
      'forwards_total{edge="only"} 0',
      'retries_total{edge="only",reason="edge-broke-off"} 0',
      "retries_refused_total 0",
      'hedges_total{edge="only"} 0',
      'ejections_total{edge="only"} 0',
    ]) {
      expect(text).to.contain(`edgecache_router_${line}`);
    }
  });

  it("logs an edge that drains as draining, not as lapsed first", async () => {
    const leaving = await edge("leaving", { health: "SERVING" });
    const { base, logged, log } = await router([leaving, await edge("staying", { pingDelayMs: 40 })]);
    await until("the leaving edge answers", async () => (await get(base, "/")).text === "leaving");
    leaving.saysHealth("NOT_SERVING");
    await until("the other edge answers", async () => (await get(base, "/")).text === "staying");
    leaving.does.ping = { state: "draining" };
    const states = () => log.filter(({ msg, edge: id }) => msg === "edge state" && id === "leaving");
    await until("two states are logged", () => states().length >= 2);
    expect(states().map(({ state }) => state)).to.deep.equal(["serving", "draining"]);
    expect(await logged("edge state")).to.include({ before: "unmeasured" });
  });

  it("logs the path of a request that failed, without its query", async () => {
    const { base, logged, log } = await router([]);
    expect((await get(base, "/page?token=SECRET")).status).to.equal(503);
    expect((await logged("request failed")).target).to.equal("/page?…");
    expect(JSON.stringify(log)).not.to.contain("SECRET");
  });

  it("names its pages to whoever asks for another one", async () => {
    const { admin } = await router([await edge("only")]);
    const { status, text } = await get(admin, "/edges");
    expect(status).to.equal(404);
    expect(text).to.contain("/edges.json").and.contain("/route.json");
  });

  it("reports two edges that have one id", async () => {
    const { logged } = await router([await edge("twin"), await edge("twin")]);
    const { edge: id, addresses } = await logged("two edges have one id: give each its own --id");
    expect(id).to.equal("twin");
    expect(addresses).to.have.length(2);
  });

  it("lets a request under way end before it stops, and takes no more", async () => {
    const [asked, rest] = [new Gate(), new Gate()];
    const only = await edge("only", {
      answer: async (_request, response) => {
        response.write("first ");
        asked.open();
        await rest.passed;
        response.end("second");
      },
    });
    const { base, running } = await router([only]);
    const arriving = await ask(base, "/");
    await asked.passed;
    const stopped = running.stop();
    const refused = httpRequest(base);
    const [error] = await once(refused, "error");
    expect(error.code).to.equal("ECONNREFUSED");
    rest.open();
    expect((await arriving.finish()).text).to.equal("first second");
    await stopped;
  });

  it("takes requests during its notice, each as the last on its connection, and says that it is not ready", async () => {
    const { base, admin, running } = await router([await edge("only")], { notice: 3_600_000 });
    const connection = await RawConnection.open(base);
    const asks = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
    const first = await connection.send(asks).reply();
    expect([first.status, first.header("Connection")]).to.deep.equal([200, undefined]);
    const drained = running.drain();
    const last = await connection.send(asks).reply();
    expect([last.status, last.header("Connection")]).to.deep.equal([200, "close"]);
    await connection.closed;
    expect((await get(base, "/")).status).to.equal(200);
    const ready = await get(admin, "/readyz");
    expect(ready.status).to.equal(503);
    expect(ready.text).to.contain("stopping");
    await running.stop();
    await drained;
  });

  it("has no notice unless it is given one", async () => {
    const { running } = await router([await edge("only")]);
    await running.drain();
  });

  it("cuts requests that do not end within its patience", async () => {
    const only = await edge("only", { answer: (_request, response) => void response.write("never all") });
    const started = await router([only], {}, { limits: { stopMs: 50 } });
    const { message } = await ask(started.base, "/");
    const cut = once(message, "error");
    await Promise.all([started.running.stop(), cut]);
  });

  it("does not wait for connections on which nothing is under way", async () => {
    const { base, running } = await router([await edge("only")]);
    const { hostname, port } = new URL(base);
    const silent = connect(Number(port), hostname).resume();
    await once(silent, "connect");
    await get(base, "/");
    const closed = once(silent, "close");
    await running.stop();
    await closed;
  });

  it("refuses to start on a port that is taken, naming it", async () => {
    const only = await edge("only");
    const { running } = await router([only]);
    const { port } = running.addresses.http;
    const outcome = await startTestRouter([only], { port }).catch((thrown: unknown) => thrown);
    expect(outcome).to.be.instanceOf(Failure);
    expect(String(outcome)).to.contain(`router HTTP port: 127.0.0.1:${port} is in use`);
  });
});
