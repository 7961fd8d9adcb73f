import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "chai";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { ReflectionClient } from "../rig/reflection-client.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

const SERVICE = "edgecache.v1.EdgeService";

describe("the control plane, for a client that has no proto file of ours", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;

  beforeEach(async () => {
    const page = { fields: [["Cache-Control", "max-age=60"]], body: "page" } as const;
    origin = await HttpOrigin.start({ "/page": page });
    edge = await startTestEdge(origin.url);
    await get(edge.url, "/page");
  });

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
  });

  for (const version of ["v1", "v1alpha"] as const) {
    describe(`by reflection ${version}`, () => {
      let client: ReflectionClient;

      beforeEach(() => {
        client = new ReflectionClient(edge.control, version);
      });

      afterEach(() => client.close());

      it("lists what can be called", async () => {
        expect(await client.services()).to.include.members([SERVICE, "grpc.health.v1.Health"]);
      });

      it("measures the edge, reads it, asks it why, and purges it", async () => {
        const ping = await client.call(SERVICE, "Ping", {});
        expect(ping).to.include({ edge: "edge-1", state: "serving", http_port: edge.http.port });
        const { stats } = await client.call(SERVICE, "Stats", {});
        expect(stats).to.include({ edge: "edge-1", requests: 1, misses: 1, objects: 1 });
        const why = await client.call(SERVICE, "Explain", { url: "/page" });
        expect(why.next).to.match(/^hit; ttl=(60|59)$/);
        const purged = await client.call(SERVICE, "Purge", { purge_id: "p-1", targets: [{ url: "/page" }] });
        expect(purged).to.include({ purge_id: "p-1", outcome: "applied" });
        expect(purged.edges).to.have.length(1);
        expect((purged.edges as object[])[0]).to.include({ edge: "edge-1", state: "applied", objects: 1 });
        expect((await get(edge.url, "/page")).header("x-cache")).to.equal("MISS");
      });

      it("watches the edge", async () => {
        const period = { seconds: 0, nanos: 100_000_000 };
        let reports = 0;
        for await (const { stats } of client.stream(SERVICE, "WatchStats", { period })) {
          expect(stats).to.include({ edge: "edge-1", requests: 1 });
          reports += 1;
          if (reports === 2) break;
        }
      });

      it("checks the edge's health", async () => {
        const health = await client.call("grpc.health.v1.Health", "Check", { service: SERVICE });
        expect(health.status).to.equal("SERVING");
      });
    });
  }

  describe("with grpcurl, where it is on PATH", () => {
    const run = promisify(execFile);

    before(async function () {
      // Built with `go install github.com/fullstorydev/grpcurl/cmd/grpcurl`; the tests above need nothing.
      await run("grpcurl", ["-version"]).catch(() => this.skip());
    });

    async function grpcurl(...args: readonly string[]): Promise<string> {
      return (await run("grpcurl", ["-plaintext", ...args])).stdout;
    }

    it("lists and describes the service", async () => {
      expect((await grpcurl(edge.control, "list")).split("\n")).to.include.members([
        SERVICE,
        "grpc.health.v1.Health",
      ]);
      expect(await grpcurl(edge.control, "describe", SERVICE)).to.contain("rpc Purge");
    });

    it("pings, reads, explains and purges", async () => {
      const call = async (method: string, request: object, service = SERVICE) =>
        JSON.parse(await grpcurl("-d", JSON.stringify(request), edge.control, `${service}/${method}`));
      expect(await call("Ping", {})).to.include({ edge: "edge-1", state: "serving" });
      expect((await call("Stats", {})).stats).to.include({ requests: "1", objects: "1" });
      const why = await call("Explain", { url: "/page", fields: { "Accept-Encoding": "br" } });
      expect(why.next).to.match(/^hit/);
      const purged = await call("Purge", { targets: [{ url: "/page" }], wait: "2s" });
      expect([purged.outcome, purged.edges[0].objects]).to.deep.equal(["applied", 1]);
      expect(await call("Check", {}, "grpc.health.v1.Health")).to.deep.equal({ status: "SERVING" });
    });

    it("is told by field, rule and value what is wrong with a purge", async () => {
      const failed = await grpcurl("-d", "{}", edge.control, `${SERVICE}/Purge`).catch(
        (thrown: { stderr: string }) => thrown.stderr,
      );
      expect(failed).to.contain("InvalidArgument").and.contain('targets: must be 1 to 1000: got "0"');
    });
  });
});
