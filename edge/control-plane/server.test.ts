import { once } from "node:events";
import {
  type ClientReadableStream,
  connectivityState,
  credentials,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { Failure } from "../../process/failure.ts";
import {
  EdgeServiceClient,
  type PurgeRequest,
  type PurgeResponse,
  type StatsResponse,
  type WatchStatsResponse,
} from "../../proto/gen/edgecache/v1/edge.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { get } from "../../test/rig/http-client.ts";
import { HttpOrigin } from "../../test/rig/http-origin.ts";
import { RawConnection } from "../../test/rig/raw-connection.ts";
import { ReflectionClient } from "../../test/rig/reflection-client.ts";
import { startTestEdge, type TestEdge } from "../../test/rig/test-edge.ts";

const EMPTY: PurgeRequest = {
  purgeId: "",
  targets: [],
  soft: false,
  wait: undefined,
  dryRun: false,
  rebound: undefined,
  pace: 0,
};
const SOON = { seconds: 0, nanos: 100_000_000 };

function urls(...texts: readonly string[]): PurgeRequest["targets"] {
  return texts.map((url) => ({ target: { $case: "url", url }, site: "" }));
}

/** The error of a call that must fail. */
async function errorOf(call: Promise<unknown>): Promise<ServiceError> {
  const outcome = await call.then(
    () => undefined,
    (error: ServiceError) => error,
  );
  if (outcome === undefined) throw new Error("the call did not fail");
  return outcome;
}

describe("the control plane", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;
  let client: EdgeServiceClient;

  beforeEach(async () => {
    origin = await HttpOrigin.start({ "/a": { fields: [["Cache-Control", "max-age=60"]], body: "a" } });
    edge = await startTestEdge(origin.url);
    client = new EdgeServiceClient(edge.control, credentials.createInsecure());
  });

  afterEach(async () => {
    client.close();
    await edge.stop();
    await origin.stop();
  });

  function purge(request: Partial<PurgeRequest>): Promise<PurgeResponse> {
    return new Promise((resolve, reject) => {
      client.purge({ ...EMPTY, ...request }, (error, reply) =>
        error === null ? resolve(reply) : reject(error),
      );
    });
  }

  function stats(): Promise<StatsResponse> {
    return new Promise((resolve, reject) => {
      client.stats({}, (error, reply) => (error === null ? resolve(reply) : reject(error)));
    });
  }

  /** A call of any bytes. */
  function callRaw(method: string, bytes: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        `/edgecache.v1.EdgeService/${method}`,
        (raw: Uint8Array) => Buffer.from(raw),
        (raw: Buffer) => raw,
        bytes,
        (error: ServiceError | null, reply?: Buffer) =>
          error === null && reply !== undefined ? resolve(reply) : reject(error),
      );
    });
  }

  describe("refuses with INVALID_ARGUMENT, by field and rule,", () => {
    const tooMany = urls(...Array.from({ length: 1_001 }, () => "/a"));
    const tooLarge = urls(...Array.from({ length: 1_000 }, (_, i) => `/${i}${"x".repeat(80)}`));
    const rows: readonly (readonly [what: string, Partial<PurgeRequest>, problem: string])[] = [
      ["an empty purge", {}, "targets: must be 1 to 1000"],
      ["a bad URL", { targets: urls("nonsense") }, "targets[0].url: must be a path"],
      ["control characters", { targets: urls("/a", "/\r\n") }, "targets[1].url: must be a path"],
      ["over 1,000 targets", { targets: tooMany }, "targets: must be 1 to 1000"],
      [
        "over 64 KiB",
        { targets: tooLarge },
        "targets: must be small enough for a request of at most 65536 bytes",
      ],
      ["over 2 MB", { targets: urls(`/${"x".repeat(2_000_000)}`) }, "targets: must be small enough"],
    ];
    for (const [what, request, problem] of rows) {
      it(`${what}, and goes on`, async () => {
        const error = await errorOf(purge(request));
        expect(error.code).to.equal(status.INVALID_ARGUMENT);
        expect(error.details.startsWith(problem), error.details).to.equal(true);
        expect(error.details.length).to.be.lessThan(500);
        expect((await purge({ targets: urls("/a") })).outcome).to.equal("applied");
      });
    }

    it("bytes that are not UTF-8, not a message, or name two things at once", async () => {
      for (const [bytes, problem] of [
        [[0x12, 5, 0x0a, 3, 0x2f, 0xff, 0xfe], "targets[0].url: "],
        [[0x12, 5, 0x1a, 3, 0x61, 0xc3, 0x28], "targets[0].tag: "],
        [[0x0a, 2, 0x61, 0xff], "purge_id: "],
        [[0xff, 0xff, 0xff], "request: must be a message that can be decoded"],
        [[0x12, 100, 1], "request: must be a message that can be decoded"],
        [[0x12, 5, 0x0a, 1, 0x2f, 0x20, 1], "request: must be a message that can be decoded"],
      ] as const) {
        const error = await errorOf(callRaw("Purge", Uint8Array.from(bytes)));
        expect(error.code).to.equal(status.INVALID_ARGUMENT);
        expect(error.details.startsWith(problem), error.details).to.equal(true);
      }
    });

    it("a period that is too short, too long or negative", async () => {
      for (const period of [
        { seconds: 0, nanos: 99_000_000 },
        { seconds: 61, nanos: 0 },
        { seconds: -1, nanos: 0 },
      ]) {
        const stream = client.watchStats({ period });
        const [error] = (await once(stream, "error")) as [ServiceError];
        expect(error.code).to.equal(status.INVALID_ARGUMENT);
        expect(error.details).to.match(/^period: must be 0.1s to 60s: got /);
      }
    });
  });

  it("refuses what is larger than any message that it reads, without reading it", async () => {
    const error = await errorOf(callRaw("Purge", new Uint8Array(5_000_000)));
    expect(error.code).to.equal(status.RESOURCE_EXHAUSTED);
    expect((await purge({ targets: urls("/a") })).outcome).to.equal("applied");
  });

  describe("purges", () => {
    it("once for each purge_id, and answers the same position again", async () => {
      await get(edge.url, "/a");
      const first = await purge({ purgeId: "p-1", targets: urls("/a") });
      expect(first).to.include({ purgeId: "p-1", outcome: "applied" });
      expect(first.edges.map(({ edge, state, objects }) => [edge, state, objects])).to.deep.equal([
        ["edge-1", "applied", 1],
      ]);
      await get(edge.url, "/a");
      const second = await purge({ purgeId: "p-1", targets: urls("/a") });
      expect(second.position).to.equal(first.position);
      expect((await get(edge.url, "/a")).header("x-cache")).to.equal("HIT");
      expect((await stats()).stats?.purges).to.equal(1);
    });

    it("nothing when it is a dry run, and says what would go", async () => {
      await get(edge.url, "/a");
      const dry = await purge({ targets: urls("/a"), dryRun: true });
      expect(dry).to.include({ position: "" });
      expect(dry.edges[0]).to.include({ edge: "edge-1", objects: 1 });
      expect((await get(edge.url, "/a")).header("x-cache")).to.equal("HIT");
    });

    it("with a name of its own making when it is given none", async () => {
      const ids = [await purge({ targets: urls("/a") }), await purge({ targets: urls("/a") })];
      expect(new Set(ids.map(({ purgeId }) => purgeId)).size).to.equal(2);
      for (const { purgeId } of ids) expect(purgeId).to.match(/^[A-Za-z0-9._-]{1,64}$/);
    });
  });

  describe("lets callers watch", () => {
    async function next(stream: ClientReadableStream<WatchStatsResponse>): Promise<number | undefined> {
      const [report] = (await once(stream, "data")) as [WatchStatsResponse];
      return report.stats?.requests;
    }

    it("the stats, now and each period, until they leave", async () => {
      const stream = client.watchStats({ period: SOON });
      expect(await next(stream)).to.equal(0);
      await get(edge.url, "/a");
      expect(await next(stream)).to.equal(1);
      stream.cancel();
      const [error] = (await once(stream, "error")) as [ServiceError];
      expect(error.code).to.equal(status.CANCELLED);
      expect((await stats()).stats?.requests).to.equal(1);
    });

    it("in a hundred streams at once, and refuses one more until one of them ends", async () => {
      const streams = Array.from({ length: 100 }, () => client.watchStats({ period: SOON }));
      for (const stream of streams) stream.on("error", () => stream.destroy());
      await Promise.all(streams.map(next));
      await Promise.all(streams.map(next));
      const error = await errorOf(next(client.watchStats({ period: SOON })));
      expect(error.code).to.equal(status.RESOURCE_EXHAUSTED);
      expect(error.details).to.equal(
        "watch_stats: must be at most 100 streams at a time at edge-1; try again later",
      );
      for (const stream of streams) stream.cancel();
      expect((await get(edge.url, "/a")).text).to.equal("a");
    });

    it("until the edge stops, which does not wait for them", async () => {
      const stream = client.watchStats({ period: { seconds: 60, nanos: 0 } });
      await next(stream);
      const ended = once(stream, "end");
      await edge.stop();
      stream.resume();
      await ended;
      edge = await startTestEdge(origin.url);
    });
  });

  describe("tells its health", () => {
    const HEALTH = "grpc.health.v1.Health";
    let probe: ReflectionClient;

    beforeEach(() => {
      probe = new ReflectionClient(edge.control, "v1");
    });

    afterEach(() => probe.close());

    it("for the server and for the service, and knows no other", async () => {
      for (const service of ["", "edgecache.v1.EdgeService"]) {
        expect((await probe.call(HEALTH, "Check", { service })).status).to.equal("SERVING");
      }
      const error = await errorOf(probe.call(HEALTH, "Check", { service: "other" }));
      expect(error.code).to.equal(status.NOT_FOUND);
    });

    it("sends NOT_SERVING to watchers as soon as the edge drains, while responses in flight go on", async () => {
      const reports = probe.stream(HEALTH, "Watch", { service: "edgecache.v1.EdgeService" });
      expect((await reports.next()).value).to.deep.equal({ status: "SERVING" });
      const fields = origin.hold("/a", "fields");
      const answer = get(edge.url, "/a");
      await origin.received("/a");
      const stopping = edge.stop();
      expect((await reports.next()).value).to.deep.equal({ status: "NOT_SERVING" });
      expect((await stats()).stats?.state).to.equal("draining");
      await reports.return(undefined);
      fields.open();
      expect((await answer).text).to.equal("a");
      await stopping;
      edge = await startTestEdge(origin.url);
    });

    it("does not keep the edge from stopping when a client's watch never ends", async () => {
      const reports = probe.stream(HEALTH, "Watch", { service: "" });
      await reports.next();
      const cut = errorOf(reports.next().then(() => reports.next()));
      await edge.stop();
      expect((await cut).code).to.be.oneOf([status.UNAVAILABLE, status.CANCELLED]);
      edge = await startTestEdge(origin.url);
    });
  });

  it("closes a connection that speaks HTTP/1.1 or nonsense, and no other", async () => {
    await stats();
    for (const bytes of [
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "\x00".repeat(1_000),
      "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
    ]) {
      const stranger = await RawConnection.open(`http://${edge.control}`);
      stranger.send(bytes);
      await stranger.closed;
    }
    expect(client.getChannel().getConnectivityState(false)).to.equal(connectivityState.READY);
    expect((await stats()).stats?.edge).to.equal("edge-1");
  });

  it("survives callers that reset their connections in every state", async () => {
    const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    for (const bytes of ["", "PRI", preface, `${preface}\x00\x00\x00\x04\x00\x00\x00\x00\x00`]) {
      const stranger = (await RawConnection.open(`http://${edge.control}`)).send(bytes);
      stranger.socket.resetAndDestroy();
      await stranger.closed;
    }
    expect((await stats()).stats?.edge).to.equal("edge-1");
  });

  it("names a port that is in use in one sentence", async () => {
    const { port } = edge.grpc;
    const failed = await startTestEdge(origin.url, { id: "edge-2", grpcPort: port }).catch(
      (thrown: unknown) => thrown,
    );
    expect(failed).to.be.instanceOf(Failure).with.property("code", "port-in-use");
    expect(failed)
      .to.have.property("message")
      .that.matches(new RegExp(`^edge-2 gRPC port: 127.0.0.1:${port} is in use; [^\n]+$`));
  });

  it("answers UNAVAILABLE, and goes on, when something behind it fails", async () => {
    await edge.stop();
    const log = new (class extends MemoryPurgeLog {
      override append(): never {
        throw new Error("a defect");
      }
    })(systemClock);
    edge = await startTestEdge(origin.url, { purgeLog: log });
    client.close();
    client = new EdgeServiceClient(edge.control, credentials.createInsecure());
    const error = await errorOf(purge({ targets: urls("/a") }));
    expect(error.code).to.equal(status.UNAVAILABLE);
    expect((await stats()).stats?.edge).to.equal("edge-1");
  });
});
