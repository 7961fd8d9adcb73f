import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { get } from "../rig/http-client.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

const STREAMS = {
  "/events": { "Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache" },
  "/shared-events": { "Content-Type": "text/event-stream", "Cache-Control": "max-age=60" },
  "/lines": { "Content-Type": "application/x-ndjson", "Cache-Control": "max-age=60" },
  "/pictures": { "Content-Type": "multipart/x-mixed-replace; boundary=b" },
};

describe("a stream without end", () => {
  let origin: Server;
  let edge: TestEdge;
  let open: number;
  let opened: number;

  beforeEach(async () => {
    [open, opened] = [0, 0];
    origin = createServer((asked, response) => {
      const fields = STREAMS[asked.url as keyof typeof STREAMS];
      open += 1;
      opened += 1;
      response.on("close", () => {
        open -= 1;
      });
      // One piece, and then silence: nothing tells the edge that its client is gone.
      response.writeHead(200, fields).write(`data: ${opened}\n\n`);
    });
    origin.listen(0, "127.0.0.1");
    await once(origin, "listening");
    const { port } = origin.address() as AddressInfo;
    edge = await startTestEdge(new URL(`http://127.0.0.1:${port}`));
  });

  afterEach(async () => {
    await edge.stop();
    origin.closeAllConnections();
    origin.close();
  });

  /** The first piece of the stream, and how to leave it. */
  async function follow(path: string): Promise<{ first: string; leave: () => void }> {
    const asked = request(`${edge.url}${path}`);
    // The client breaks it off itself.
    asked.on("error", () => undefined);
    asked.end();
    const [response] = await once(asked, "response");
    const [first] = await once(response, "data");
    return { first: String(first), leave: () => asked.destroy() };
  }

  for (const path of Object.keys(STREAMS)) {
    it(`ends at the origin after the last client of ${path} has left`, async () => {
      const clients = [await follow(path), await follow(path)];
      expect(open).to.be.greaterThan(0);
      for (const { leave } of clients) leave();
      await until("the origin's side of the stream ends", () => open === 0);
    });
  }

  it("of events belongs to one client, and is never stored", async () => {
    const clients = [await follow("/shared-events"), await follow("/shared-events")];
    expect(clients.map(({ first }) => first)).to.deep.equal(["data: 1\n\n", "data: 2\n\n"]);
    for (const { leave } of clients) leave();
    const { text } = await get(edge.operator, "/metrics");
    expect(text).to.match(/not_stored_total\{[^}]*reason="event-stream"[^}]*\} 2/);
  });

  it("goes on for one client when another leaves", async () => {
    const first = await follow("/lines");
    const second = await follow("/lines");
    first.leave();
    // The edge has noticed that when it answers this.
    await get(edge.operator, "/healthz");
    expect([open, opened]).to.deep.equal([1, 1]);
    second.leave();
    await until("the origin's side of the stream ends", () => open === 0);
  });
});
