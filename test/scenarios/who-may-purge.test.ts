import { credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { expect } from "chai";
import { Token } from "../../process/control/tokens.ts";
import { EdgeServiceClient, type PurgeRequest } from "../../proto/gen/edgecache/v1/edge.ts";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { ReflectionClient } from "../rig/reflection-client.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

const PURGE: PurgeRequest = {
  purgeId: "p-1",
  targets: [{ target: { $case: "url", url: "/a" }, site: "" }],
  soft: false,
  wait: undefined,
  dryRun: false,
  rebound: undefined,
  pace: 0,
};

const TOKENS = { token: new Token("right"), readToken: new Token("reading") };

describe("an edge with a token", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;
  let client: EdgeServiceClient;

  before(async () => {
    origin = await HttpOrigin.start({ "/a": { fields: [], body: "a" } });
    edge = await startTestEdge(origin.url, { tokens: TOKENS });
    client = new EdgeServiceClient(edge.control, credentials.createInsecure());
  });

  after(async () => {
    client.close();
    await edge.stop();
    await origin.stop();
  });

  function metadataOf(authorization: string | undefined): Metadata {
    const metadata = new Metadata();
    if (authorization !== undefined) metadata.set("authorization", authorization);
    return metadata;
  }

  /** What became of a call: its status and its details. */
  function call(
    send: (metadata: Metadata, done: (error: ServiceError | null) => void) => void,
    authorization?: string,
  ): Promise<{ code: status; details: string }> {
    return new Promise((resolve) =>
      send(metadataOf(authorization), (error) =>
        resolve(error === null ? { code: status.OK, details: "" } : error),
      ),
    );
  }

  const purge = (authorization?: string, request = PURGE) =>
    call((metadata, done) => void client.purge(request, metadata, done), authorization);
  const forget = (authorization?: string) =>
    call((metadata, done) => void client.forget({ edge: "edge-9" }, metadata, done), authorization);

  it("lets only who has it change anything, and repeats nothing of what it was offered", async () => {
    const refused = [
      await purge(),
      await purge("Bearer wrong"),
      await purge("wrong"),
      await purge("Bearer wrong", { ...PURGE, dryRun: true }),
      await purge("Bearer wrong", { ...PURGE, targets: [] }),
      await forget(),
      await forget("Bearer wrong"),
    ];
    for (const { code, details } of refused) {
      expect(code).to.equal(status.UNAUTHENTICATED);
      expect(details).to.match(/^authorization: must be /);
      expect(details).not.to.contain("wrong");
    }
    expect((await purge("Bearer right")).code).to.equal(status.OK);
    expect((await forget("Bearer right")).code).to.equal(status.NOT_FOUND);
  });

  const readers = {
    stats: (metadata: Metadata, done: (error: ServiceError | null) => void) =>
      void client.stats({}, metadata, done),
    purges: (metadata: Metadata, done: (error: ServiceError | null) => void) =>
      void client.purges({ limit: 0 }, metadata, done),
    explain: (metadata: Metadata, done: (error: ServiceError | null) => void) =>
      void client.explain({ url: "/a", fields: {} }, metadata, done),
    watchStats: (metadata: Metadata, done: (error: ServiceError | null) => void) => {
      const stream = client.watchStats({ period: undefined }, metadata);
      stream.once("error", done);
      stream.once("data", () => {
        // A stream that is left says so as an error, which nobody waits for any more.
        stream.off("error", done).on("error", () => undefined);
        stream.cancel();
        done(null);
      });
    },
  };

  for (const [name, read] of Object.entries(readers)) {
    it(`lets only a caller with one of its tokens call ${name}`, async () => {
      for (const authorization of [undefined, "Bearer wrong", "reading"]) {
        const { code, details } = await call(read, authorization);
        expect(code).to.equal(status.UNAUTHENTICATED);
        expect(details).to.match(/^authorization: must be .*EDGECACHE_TOKEN or EDGECACHE_READ_TOKEN>`: got /);
        expect(details).not.to.contain("wrong");
      }
      expect((await call(read, "Bearer right")).code).to.equal(status.OK);
      expect((await call(read, "Bearer reading")).code).to.equal(status.OK);
    });
  }

  it("lets nobody change anything with the read token", async () => {
    for (const { code, details } of [await purge("Bearer reading"), await forget("Bearer reading")]) {
      expect(code).to.equal(status.UNAUTHENTICATED);
      expect(details).to.match(/: got the read token$/);
    }
  });

  it("answers Ping, health and reflection to everybody", async () => {
    expect((await call((metadata, done) => void client.ping({}, metadata, done))).code).to.equal(status.OK);
    const probe = new ReflectionClient(edge.control, "v1");
    expect(await probe.services()).to.include("edgecache.v1.EdgeService");
    const health = await probe.call("grpc.health.v1.Health", "Check", { service: "" });
    expect(health.status).to.equal("SERVING");
    expect(await probe.call("edgecache.v1.EdgeService", "Ping", {})).to.have.property("edge", "edge-1");
    probe.close();
  });

  it("answers RESOURCE_EXHAUSTED when too many purges come at once", async () => {
    const slow = await startTestEdge(origin.url, { id: "edge-2", purgeRate: 1 });
    const other = new EdgeServiceClient(slow.control, credentials.createInsecure());
    const codes = await Promise.all(
      ["a", "b", "c"].map((purgeId) =>
        call((metadata, done) => void other.purge({ ...PURGE, purgeId }, metadata, done)),
      ),
    );
    other.close();
    await slow.stop();
    expect(codes.map(({ code }) => code)).to.have.members([
      status.OK,
      status.RESOURCE_EXHAUSTED,
      status.RESOURCE_EXHAUSTED,
    ]);
    expect(codes.find(({ code }) => code !== status.OK)?.details).to.match(
      /^purge: must be at most 1 calls a second at edge-2; try again in \d+ ms/,
    );
  });
});

describe("an edge with an operator port of its own address", () => {
  it("answers operators there only, and for its own names only", async () => {
    const origin = await HttpOrigin.start({});
    const edge = await startTestEdge(origin.url, {
      host: "0.0.0.0",
      adminHost: "127.0.0.1",
      advertise: "edge-1.internal",
      adminAllowedHosts: ["metrics.internal"],
    });
    const { port } = edge.admin;
    expect(edge.admin.host).to.equal("127.0.0.1");
    // 127.0.0.2 is this machine, too.
    const elsewhere = await get(`http://127.0.0.2:${port}`, "/healthz").catch((thrown: unknown) => thrown);
    expect(elsewhere).to.have.property("code", "ECONNREFUSED");
    const statuses = ["127.0.0.1", "edge-1.internal", "metrics.internal", "evil.example"].map(
      async (host) => (await get(edge.operator, "/metrics", { headers: { Host: host } })).status,
    );
    expect(await Promise.all(statuses)).to.deep.equal([200, 200, 200, 421]);
    await edge.stop();
    await origin.stop();
  });
});

describe("an edge without a token", () => {
  it("takes calls on loopback only, wherever its other ports listen", async () => {
    const origin = await HttpOrigin.start({});
    const open = await startTestEdge(origin.url, { host: "0.0.0.0" });
    const closed = await startTestEdge(origin.url, {
      host: "0.0.0.0",
      id: "edge-2",
      tokens: TOKENS,
    });
    expect([open.http.host, open.grpc.host, open.admin.host]).to.deep.equal([
      "0.0.0.0",
      "127.0.0.1",
      "127.0.0.1",
    ]);
    expect([closed.grpc.host, closed.admin.host]).to.deep.equal(["0.0.0.0", "0.0.0.0"]);
    // 127.0.0.2 is this machine, too, and is not the address that the first of them listens on.
    const reached = await Promise.all(
      [open, closed].map(async ({ grpc }) => {
        const client = new EdgeServiceClient(`127.0.0.2:${grpc.port}`, credentials.createInsecure());
        const error = await new Promise<ServiceError | null>((resolve) => {
          client.ping({}, resolve);
        });
        client.close();
        return error === null;
      }),
    );
    expect(reached).to.deep.equal([false, true]);
    await open.stop();
    await closed.stop();
    await origin.stop();
  });
});
