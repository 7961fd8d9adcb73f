import { expect } from "chai";
import { HttpOrigin } from "../rig/http-origin.ts";
import { RawConnection } from "../rig/raw-connection.ts";
import { RouterProcess } from "../rig/router-process.ts";
import { type SeenSpan, SpanReceiver } from "../rig/span-receiver.ts";
import { startTestEdge, type TestEdge, type TestEdgeOptions } from "../rig/test-edge.ts";
import { startTestRouter, type TestRouter } from "../rig/test-router.ts";
import { until } from "../rig/until.ts";

const [TRACE, PARENT] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];
const fresh = [["Cache-Control", "max-age=60"]] as const;

/** The span with this name and these attributes. */
function one(spans: readonly SeenSpan[], name: string, attributes: Record<string, unknown> = {}): SeenSpan {
  const found = spans.filter(
    (span) =>
      span.name === name &&
      Object.entries(attributes).every(([key, value]) => span.attributes[key] === value),
  );
  expect(found, `${name} ${JSON.stringify(attributes)}`).to.have.length(1);
  const [span] = found;
  if (span === undefined) throw new Error("just counted");
  return span;
}

describe("traces", function () {
  this.timeout(60_000);

  let receiver: SpanReceiver;
  let origin: HttpOrigin;
  let edge: TestEdge;
  let router: TestRouter | undefined;
  beforeEach(async () => {
    receiver = await SpanReceiver.start();
    origin = await HttpOrigin.start({ "/page": { fields: fresh, body: "page" } });
  });
  afterEach(async () => {
    await router?.running.stop();
    router = undefined;
    await edge.stop();
    await origin.stop();
    await receiver.stop();
  });

  const all = () => ({ traces: receiver.endpoint, traceSample: 1 });
  async function start(options: TestEdgeOptions = all()): Promise<string> {
    edge = await startTestEdge(origin.url, options);
    return edge.url;
  }
  async function startBoth(): Promise<string> {
    await start();
    const edges = { kind: "listed", grpcAddresses: [edge.control] } as const;
    router = await startTestRouter([], { ...all(), edges });
    return router.base;
  }
  async function get(front: string, target: string, fields = ""): Promise<void> {
    const client = await RawConnection.open(front);
    client.send(`GET ${target} HTTP/1.1\r\nHost: a.example:8080\r\n${fields}\r\n`);
    await client.reply();
    client.destroy();
  }

  it("lead from the router over the edge to the origin, each span below the one that caused it", async () => {
    const front = await startBoth();
    await get(front, "/page?secret=1", "User-Agent: test/1\r\n");
    const spans = await receiver.named("GET", "GET", "GET", "GET", "route", "lookup", "fill");
    const [byRouter, byEdge] = ["edgecache-router", "edgecache-edge"];
    const of = (service: string, kind: string) => {
      const found = spans.find(
        (span) => span.service === service && span.kind === kind && span.name === "GET",
      );
      if (found === undefined) throw new Error(`no ${kind} span of ${service}`);
      return found;
    };
    const [request, tried] = [of(byRouter, "SERVER"), of(byRouter, "CLIENT")];
    const [served, asked] = [of(byEdge, "SERVER"), of(byEdge, "CLIENT")];
    const [route, lookup, fill] = [one(spans, "route"), one(spans, "lookup"), one(spans, "fill")];
    expect(new Set(spans.map(({ traceId }) => traceId)).size).to.equal(1);
    expect(request.parentSpanId).to.equal("");
    for (const [child, parent] of [
      [route, request],
      [tried, request],
      [served, tried],
      [lookup, served],
      [fill, served],
      [asked, fill],
    ] as const) {
      expect(child.parentSpanId, child.name).to.equal(parent.spanId);
      expect(child.endTimeUnixNano >= child.startTimeUnixNano, child.name).to.equal(true);
    }
    expect(request.attributes).to.deep.include({
      "http.request.method": "GET",
      "http.response.status_code": 200,
      "url.scheme": "http",
      "url.path": "/page",
      "server.address": "a.example",
      "server.port": 8080,
      "client.address": "127.0.0.1",
      "network.protocol.version": "1.1",
      "user_agent.original": "test/1",
      "edgecache.outcome": "relayed",
    });
    expect(route.attributes).to.deep.equal({ "edgecache.edge": "edge-1", "edgecache.choice": "only" });
    expect(tried.attributes).to.deep.include({
      "server.port": edge.http.port,
      "http.response.status_code": 200,
      "edgecache.edge": "edge-1",
    });
    expect(served.attributes).to.deep.include({
      "edgecache.site": "default",
      "edgecache.outcome": "miss",
      "edgecache.fwd": "uri-miss",
      "edgecache.stored": true,
      "http.response.body.size": 4,
    });
    expect(lookup.attributes).to.deep.equal({ "edgecache.verdict": "absent", "edgecache.fwd": "uri-miss" });
    expect(asked.attributes).to.deep.include({
      "server.address": "127.0.0.1",
      "server.port": Number(origin.url.port),
      "http.response.status_code": 200,
    });
    expect(origin.requests("/page")[0]?.header("traceparent")).to.equal(
      `00-${asked.traceId}-${asked.spanId}-01`,
    );
    expect(
      JSON.stringify(spans, (_, value) => (typeof value === "bigint" ? String(value) : value)),
    ).to.not.contain("secret");
  });

  it("have a span for a hit", async () => {
    const front = await start();
    await get(front, "/page");
    await get(front, "/page");
    const spans = await receiver.named("GET", "GET", "GET");
    const hit = one(spans, "GET", { "edgecache.outcome": "hit" });
    expect(hit.attributes).to.deep.include({
      "http.response.status_code": 200,
      "http.response.body.size": 4,
      "url.path": "/page",
      "edgecache.edge": "edge-1",
    });
    expect(hit.kind).to.equal("SERVER");
  });

  it("last until a slow client has taken a hit, or has left", async () => {
    const front = await start();
    origin.answer("/long", { fields: fresh, body: "x".repeat(100_000) });
    await get(front, "/long");
    const slow = await RawConnection.open(front);
    slow.socket.pause();
    // More than the buffers between the two take.
    slow.send("GET /long HTTP/1.1\r\nHost: a.example\r\n\r\n".repeat(400));
    await receiver.named("GET", "GET", "GET");
    slow.socket.resetAndDestroy();
    const left = () => receiver.spans.filter(({ attributes }) => attributes["error.type"] === "client-left");
    await until("the client has left", () => left().length > 0);
    expect(left().map(({ attributes }) => attributes["edgecache.outcome"])).to.deep.equal(["hit"]);
  });

  it("show which fill a collapsed request has waited for", async () => {
    const front = await start();
    const gate = origin.hold("/page", "fields");
    const first = get(front, "/page");
    await origin.received("/page");
    const second = get(front, "/page");
    // The second one has joined when it is counted.
    const collapsed = async () =>
      (await (await fetch(`${edge.operator}/metrics`)).text()).match(/collapsed_total.* 1$/m);
    while ((await collapsed()) === null);
    gate.open();
    await Promise.all([first, second]);
    const spans = await receiver.named("wait for a fill", "fill", "GET", "GET", "GET");
    const [wait, fill] = [one(spans, "wait for a fill"), one(spans, "fill")];
    expect(wait.links).to.deep.equal([{ traceId: fill.traceId, spanId: fill.spanId }]);
    const joined = one(spans, "GET", { "edgecache.collapsed": true });
    expect(wait.parentSpanId).to.equal(joined.spanId);
    expect(fill.traceId).to.not.equal(joined.traceId);
  });

  it("tell a validation from a fill", async () => {
    origin.answer("/page", ({ header }) =>
      header("if-none-match") === '"1"'
        ? { status: 304 }
        : {
            fields: [
              ["Cache-Control", "no-cache"],
              ["ETag", '"1"'],
            ],
            body: "page",
          },
    );
    const front = await start();
    await get(front, "/page");
    await get(front, "/page");
    const spans = await receiver.named("validation", "fill", "lookup", "lookup");
    const validation = one(spans, "validation");
    const served = one(spans, "GET", { "edgecache.outcome": "revalidated" });
    expect(validation.parentSpanId).to.equal(served.spanId);
    expect(one(spans, "GET", { "http.response.status_code": 304 }).parentSpanId).to.equal(validation.spanId);
    one(spans, "lookup", { "edgecache.verdict": "must-validate", "edgecache.fwd": "stale" });
  });

  it("have no names that clients make up", async () => {
    const front = await startBoth();
    const client = await RawConnection.open(front);
    client.send("MAKE-UP /page HTTP/1.1\r\nHost: a.example\r\n\r\n");
    await client.reply();
    client.destroy();
    for (const span of await receiver.named("HTTP", "HTTP", "HTTP", "HTTP"))
      expect(span.name, JSON.stringify(span.attributes)).to.match(/^(?:HTTP|route|lookup|fill)$/);
  });

  it("tell why the origin failed", async () => {
    const front = await start();
    await origin.stop();
    await get(front, "/page");
    const spans = await receiver.named("GET", "GET", "fill");
    origin = await HttpOrigin.start();
    for (const [name, kind, error] of [
      ["GET", "CLIENT", "connection_refused"],
      ["fill", "INTERNAL", "connection_refused"],
      ["GET", "SERVER", "502"],
    ]) {
      const span = spans.find((each) => each.name === name && each.kind === kind);
      expect([span?.attributes["error.type"], span?.status], kind).to.deep.equal([error, "ERROR"]);
    }
  });

  it("go on in the trace of a trusted proxy, and in that of nobody else", async () => {
    for (const [trustedProxies, isTrusted] of [
      [["127.0.0.0/8"], true],
      [[], false],
    ] as const) {
      const front = await start({ ...all(), trustedProxies });
      receiver.spans.length = 0;
      await get(front, "/page", `traceparent: 00-${TRACE}-${PARENT}-01\r\ntracestate: a=b\r\n`);
      const spans = await receiver.named("GET", "GET");
      const served = spans.find(({ kind }) => kind === "SERVER");
      expect([served?.traceId === TRACE, served?.parentSpanId === PARENT]).to.deep.equal([
        isTrusted,
        isTrusted,
      ]);
      const sent = origin.requests("/page").at(-1);
      expect(sent?.header("traceparent")?.slice(3, 35)).to.equal(served?.traceId);
      expect(sent?.header("tracestate")).to.equal(isTrusted ? "a=b" : undefined);
      if (isTrusted) await edge.stop();
    }
  });

  it("are sampled: of none there are no spans, and nobody further on is to record them", async () => {
    const front = await start({ ...all(), traceSample: 0, trustedProxies: ["127.0.0.0/8"] });
    await get(front, "/page");
    expect(origin.requests("/page")[0]?.header("traceparent")).to.match(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    await get(front, "/page");
    // A proxy that records asks for it.
    await get(front, "/page", `traceparent: 00-${TRACE}-${PARENT}-01\r\n`);
    const spans = await receiver.named("GET");
    expect(spans.map(({ traceId }) => traceId)).to.deep.equal([TRACE]);
  });

  it("leave out what the access log leaves out", async () => {
    const front = await start({ ...all(), accessLogOmit: ["client", "user_agent", "target", "host"] });
    await get(front, "/page", "User-Agent: test/1\r\n");
    const spans = await receiver.named("GET", "GET", "lookup", "fill");
    for (const { attributes } of spans) {
      for (const name of ["client.address", "user_agent.original", "url.path"])
        expect(attributes, name).to.not.have.property(name);
      expect(Object.values(attributes)).to.not.include("a.example");
    }
  });

  it("come from serving threads too", async () => {
    const front = await start({ ...all(), workers: 2 });
    await get(front, "/page");
    await get(front, "/page");
    const spans = await receiver.named("GET", "GET", "GET", "lookup", "fill");
    const miss = one(spans, "GET", { "edgecache.outcome": "miss" });
    expect(one(spans, "fill").parentSpanId).to.equal(miss.spanId);
    one(spans, "GET", { "edgecache.outcome": "hit" });
    expect(new Set(spans.map(({ instance }) => instance))).to.deep.equal(new Set(["edge-1"]));
  });

  it("come from all threads of a router", async () => {
    await start();
    const flags = ["--edges", edge.control, "--workers", "2", "--traces", receiver.endpoint.href];
    const threads = await RouterProcess.start([...flags, "--trace-sample", "1"]);
    const count = 30;
    await Promise.all(Array.from({ length: count }, () => get(threads.base, "/page")));
    const own = (kind: string) =>
      receiver.spans.filter((span) => span.kind === kind && span.service === "edgecache-router").length;
    await until("all spans are there", () => own("SERVER") === count && own("CLIENT") === count);
    await threads.close();
  });
});
