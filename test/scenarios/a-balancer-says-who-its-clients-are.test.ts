import { expect } from "chai";
import { EdgeProcess } from "../rig/edge-process.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { NodeProgram } from "../rig/node-program.ts";
import { RawConnection } from "../rig/raw-connection.ts";

const LISTENS = /"port":(\d+),.*"adminPort":(\d+).*"router listening"/;
const BALANCER = ["--proxy-protocol", "127.0.0.1"];

describe("a load balancer says by the PROXY protocol who its clients are", function () {
  this.timeout(60_000);
  let origin: HttpOrigin;

  before(async () => {
    origin = await HttpOrigin.start({});
  });
  after(() => origin.stop());

  /** What the origin was told of the client of a request for `path`, sent to `port` behind a preamble. */
  async function forwardedFor(port: number, path: string): Promise<string | undefined> {
    const client = await RawConnection.open(`http://127.0.0.1:${port}`);
    const request = `GET ${path} HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n`;
    await client.send(`PROXY TCP4 192.0.2.7 10.0.0.1 56324 80\r\n${request}`).reply();
    client.destroy();
    return origin.requests(path).at(-1)?.header("x-forwarded-for");
  }

  for (const workers of ["1", "2"]) {
    it(`to an edge with ${workers} serving threads`, async () => {
      const flags = [...BALANCER, "--workers", workers];
      const edge = await EdgeProcess.start({ id: "edge-1", origin: new URL(origin.url), flags });
      expect(await forwardedFor(edge.httpPort, `/edge-${workers}`)).to.equal("192.0.2.7");
      const bare = await RawConnection.open(`http://127.0.0.1:${edge.httpPort}`);
      expect(await bare.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").rest()).to.equal("");
      const metrics = await (await fetch(`http://127.0.0.1:${edge.adminPort}/metrics`)).text();
      expect(metrics).to.match(/^edgecache_edge_preambles_refused_total\{[^}]*reason="missing"[^}]*\} 1$/m);
      await edge.close();
    });
  }

  it("to a router, which tells its edges", async () => {
    const edge = await EdgeProcess.start({ id: "edge-1", origin: new URL(origin.url) });
    const { program, match } = await NodeProgram.start({
      name: "router",
      command: ["router/main.ts", "--port", "0", "--admin-port", "0", "--edges", edge.control, ...BALANCER],
      ready: LISTENS,
    });
    expect(await forwardedFor(Number(match[1]), "/router")).to.equal("192.0.2.7, 127.0.0.1");
    await program.end("SIGTERM");
    await edge.close();
  });
});
