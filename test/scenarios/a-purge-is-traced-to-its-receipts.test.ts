import { credentials, Metadata } from "@grpc/grpc-js";
import { expect } from "chai";
import { EdgeServiceClient, type PurgeRequest } from "../../proto/gen/edgecache/v1/edge.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { RedisLogs } from "../rig/redis-logs.ts";
import { type RedisServer, startRedisServer } from "../rig/redis-server.ts";
import { SpanReceiver } from "../rig/span-receiver.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

const [TRACE, PARENT] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];
const TRACEPARENT = `00-${TRACE}-${PARENT}-01`;

describe("the trace of a purge, on two edges and one Redis", function () {
  this.timeout(30_000);
  let receiver: SpanReceiver;
  let redis: RedisServer;
  let logs: RedisLogs;
  let origin: HttpOrigin;
  let edges: readonly [TestEdge, TestEdge];

  before(async () => {
    receiver = await SpanReceiver.start();
    redis = await startRedisServer();
    logs = new RedisLogs(redis.url);
    origin = await HttpOrigin.start({ "/page": { fields: [["Cache-Control", "max-age=60"]], body: "page" } });
    // No trace begins at them.
    const start = (id: string) =>
      startTestEdge(origin.url, { id, purgeLog: logs.open(), traces: receiver.endpoint, traceSample: 0 });
    edges = [await start("edge-1"), await start("edge-2")];
  });
  after(async () => {
    for (const edge of edges) await edge.stop();
    await logs.close();
    await redis.close();
    await origin.stop();
    await receiver.stop();
  });
  beforeEach(async () => {
    receiver.spans.length = 0;
    for (const { url } of edges) await get(url, "/page");
  });

  const byHttp = async () => {
    const response = await fetch(`${edges[0].operator}/purge`, {
      method: "POST",
      headers: { "Content-Type": "application/json", traceparent: TRACEPARENT },
      body: JSON.stringify({ urls: ["/page"] }),
    });
    return response.status;
  };
  const byGrpc = async () => {
    const client = new EdgeServiceClient(edges[0].control, credentials.createInsecure());
    const metadata = new Metadata({ waitForReady: true });
    metadata.set("traceparent", TRACEPARENT);
    const request: PurgeRequest = {
      purgeId: "",
      targets: [{ target: { $case: "url", url: "/page" }, site: "" }],
      soft: false,
      wait: undefined,
      dryRun: false,
      rebound: undefined,
      pace: 0,
    };
    return new Promise((resolve, reject) => {
      client.purge(request, metadata, (error) => (error === null ? resolve(200) : reject(error)));
    }).finally(() => client.close());
  };

  for (const [what, call] of [
    ["HTTP", byHttp],
    ["gRPC", byGrpc],
  ] as const) {
    it(`leads from a call by ${what} over the log to the receipts of both edges`, async () => {
      expect(await call()).to.equal(200);
      const spans = await receiver.named("purge", "append", "apply", "apply", "receipts");
      expect(spans).to.have.length(5);
      for (const { traceId } of spans) expect(traceId).to.equal(TRACE);
      const named = (name: string) => spans.filter((span) => span.name === name);
      const [purge, append, receipts] = ["purge", "append", "receipts"].map((name) => named(name)[0]);
      const applied = named("apply");
      expect(purge?.parentSpanId).to.equal(PARENT);
      expect(purge?.attributes).to.include({ "edgecache.purge.outcome": "applied" });
      expect([append?.parentSpanId, receipts?.parentSpanId]).to.deep.equal(Array(2).fill(purge?.spanId));
      expect(applied.map(({ parentSpanId }) => parentSpanId)).to.deep.equal(Array(2).fill(append?.spanId));
      expect(applied.map(({ instance }) => instance).sort()).to.deep.equal(["edge-1", "edge-2"]);
      for (const { attributes } of applied)
        expect(attributes).to.include({
          "edgecache.purge.id": purge?.attributes["edgecache.purge.id"],
          "edgecache.purge.position": append?.attributes["edgecache.purge.position"],
          "edgecache.purge.objects": 1,
        });
      const received = receipts?.events.map(({ attributes }) => attributes);
      expect(received).to.have.deep.members([
        { "edgecache.edge": "edge-1", "edgecache.receipt": "applied" },
        { "edgecache.edge": "edge-2", "edgecache.receipt": "applied" },
      ]);
    });
  }

  it("does not begin with a call that is in none", async () => {
    const response = await fetch(`${edges[0].operator}/purge`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ urls: ["/page"] }),
    });
    expect(response.status).to.equal(200);
    // Of a second call, whose spans come later.
    await byHttp();
    const spans = await receiver.named("purge", "append", "apply", "apply", "receipts");
    for (const { traceId } of spans) expect(traceId).to.equal(TRACE);
  });
});
