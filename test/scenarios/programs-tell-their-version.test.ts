import { once } from "node:events";
import { connect } from "node:http2";
import { expect } from "chai";
import manifest from "../../package.json" with { type: "json" };
import { parseAddress } from "../../process/address.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { RawConnection } from "../rig/raw-connection.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { startTestRouter, type TestRouter } from "../rig/test-router.ts";

const TOLD = `edge-1/${manifest.version}`;

describe("the version of a program in its answers", () => {
  let origin: HttpOrigin;
  let edges: TestEdge[];
  let router: TestRouter | undefined;

  before(async () => {
    const fields = [
      ["Cache-Control", "max-age=60"],
      ["Server", "someone else"],
    ] as const;
    origin = await HttpOrigin.start({ "/a": { fields, body: "a" } });
  });
  after(() => origin.stop());
  beforeEach(() => {
    edges = [];
  });
  afterEach(async () => {
    await router?.running.stop();
    router = undefined;
    for (const edge of edges) await edge.stop();
  });

  async function edgeThat(tells: boolean, workers = 1): Promise<TestEdge> {
    const edge = await startTestEdge(origin.url, { id: "edge-1", tellVersion: tells, workers, h2c: true });
    edges.push(edge);
    return edge;
  }

  /** Of a few answers on one connection: stored, straight from the store, a part, an error of the program's own. */
  async function told(base: string): Promise<readonly string[]> {
    const connection = await RawConnection.open(base);
    const answers: string[] = [];
    for (const asks of ["GET /a", "GET /a", "GET /a", "HEAD /a", "PRI /a"]) {
      connection.send(`${asks} HTTP/1.1\r\nHost: a.example\r\n\r\n`);
      const { header } = await connection.reply(asks.split(" ")[0]);
      answers.push(header("EdgeCache-Version") ?? "nothing");
    }
    connection.destroy();
    return answers;
  }

  for (const workers of [1, 2]) {
    it(`is in every answer of an edge of ${workers} threads that tells it`, async () => {
      const { url } = await edgeThat(true, workers);
      expect(await told(url)).to.deep.equal(Array(5).fill(TOLD));
    });
  }

  it("is in answers by HTTP/2", async () => {
    const session = connect((await edgeThat(true)).url);
    const stream = session.request({ ":path": "/a" });
    const [headers] = await once(stream, "response");
    expect(headers["edgecache-version"]).to.equal(TOLD);
    expect(headers.server).to.equal("someone else");
    session.close();
  });

  it("is in none of a program that does not tell it, which is usual", async () => {
    expect(await told((await edgeThat(false)).url)).to.deep.equal(Array(5).fill("nothing"));
  });

  it("is that of the router and of the edge behind it, each where it tells it", async () => {
    for (const [routerTells, edgeTells] of [
      [true, true],
      [true, false],
      [false, true],
    ] as const) {
      const edge = await edgeThat(edgeTells);
      const address = parseAddress(edge.control);
      const listed = { kind: "listed", grpcAddresses: [`${address?.host}:${address?.port}`] } as const;
      router = await startTestRouter([], { tellVersion: routerTells, edges: listed });
      const response = await fetch(`${router.base}/a`);
      await response.arrayBuffer();
      const members = [
        ...(routerTells ? [`edgecache-router/${manifest.version}`] : []),
        ...(edgeTells ? [TOLD] : []),
      ];
      expect(response.headers.get("edgecache-version")).to.equal(members.join(", "));
      await router.running.stop();
      router = undefined;
      await edge.stop();
      edges = [];
    }
  });
});
