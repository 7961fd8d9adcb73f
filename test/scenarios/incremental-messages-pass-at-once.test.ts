import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import { type ClientHttp2Stream, connect } from "node:http2";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { expect } from "chai";
import { get } from "../rig/http-client.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { startTestRouter, type TestRouter } from "../rig/test-router.ts";
import { until } from "../rig/until.ts";

/** What a client says, and what it gets, piece by piece. */
interface Conversation {
  say(piece: string): void;
  end(): void;
  /** Resolves when so much has come. */
  hears(text: string): Promise<void>;
  leave(): void;
}

describe("a message with Incremental", () => {
  let origin: Server;
  let edge: TestEdge;
  let router: TestRouter;
  /** Requests that are open at the origin. */
  let open: number;
  let asked: { method: string | undefined; incremental: unknown }[];

  // The origin answers each piece while the next one is still to come.
  beforeEach(async () => {
    [open, asked] = [0, []];
    origin = createServer((message, response) => {
      open += 1;
      asked.push({ method: message.method, incremental: message.headers.incremental });
      response.on("close", () => {
        open -= 1;
      });
      response.writeHead(200, { Incremental: "?1", "Cache-Control": "max-age=60" });
      response.write("begin;");
      message.on("data", (piece) => response.write(`${piece};`));
      message.on("end", () => {
        if (message.method !== "GET") response.end("end");
      });
    });
    origin.listen(0, "127.0.0.1");
    await once(origin, "listening");
    const { port } = origin.address() as AddressInfo;
    edge = await startTestEdge(new URL(`http://127.0.0.1:${port}`), { h2c: true });
    router = await startTestRouter([], { edges: { kind: "listed", grpcAddresses: [edge.control] } });
    await until("the router knows the edge", async () => {
      const { port: at } = router.running.addresses.http;
      return (await get(`http://127.0.0.1:${at}`, "/ready", { method: "OPTIONS" })).status === 200;
    });
    asked = [];
  });

  afterEach(async () => {
    await router.running.stop();
    await edge.stop();
    origin.closeAllConnections();
    origin.close();
  });

  const listened = (): { heard: () => string; take: (from: IncomingMessage | ClientHttp2Stream) => void } => {
    let heard = "";
    const take = (from: IncomingMessage | ClientHttp2Stream) => {
      from.setEncoding("utf8");
      from.on("data", (piece: string) => {
        heard += piece;
      });
      from.on("error", () => undefined);
    };
    return { heard: () => heard, take };
  };

  const conversation = (to: Duplex | ReturnType<typeof request>, heard: () => string): Conversation => {
    to.on("error", () => undefined);
    return {
      say: (piece) => void to.write(piece),
      end: () => void to.end(),
      hears: (text) => until(`the client hears ${text}`, () => heard() === text),
      leave: () => void to.destroy(),
    };
  };

  const byHttp1 = (base: string, method: string): Conversation => {
    const { hostname, port } = new URL(base);
    const headers = { Incremental: "?1", "Content-Type": "text/plain" };
    const sent = request({ hostname, port, path: "/talk", method, headers });
    const { heard, take } = listened();
    sent.on("response", take);
    if (method === "GET") sent.end();
    else sent.flushHeaders();
    return conversation(sent, heard);
  };

  const byHttp2 = (base: string, method: string): Conversation => {
    const session = connect(base);
    session.on("error", () => undefined);
    const head = { ":path": "/talk", ":method": method, incremental: "?1", "content-type": "text/plain" };
    const stream = session.request(head, { endStream: method === "GET" });
    const { heard, take } = listened();
    take(stream);
    stream.on("close", () => session.close());
    return conversation(stream, heard);
  };

  const routerUrl = () => `http://127.0.0.1:${router.running.addresses.http.port}`;

  for (const [front, talk] of [
    ["an edge", (method: string) => byHttp1(edge.url, method)],
    ["an edge by HTTP/2", (method: string) => byHttp2(edge.url, method)],
    ["a router", (method: string) => byHttp1(routerUrl(), method)],
  ] as const) {
    for (const method of ["POST", "QUERY"]) {
      it(`passes ${front} piece by piece in both directions, by ${method}`, async () => {
        const talking = talk(method);
        talking.say("a");
        await talking.hears("begin;a;");
        talking.say("b");
        await talking.hears("begin;a;b;");
        talking.end();
        await talking.hears("begin;a;b;end");
        expect(asked).to.deep.equal([{ method, incremental: "?1" }]);
      });
    }

    it(`passes ${front} as it comes, for each of several clients, and ends with the last of them`, async () => {
      const talking = [talk("GET"), talk("GET")];
      for (const each of talking) await each.hears("begin;");
      talking[0]?.leave();
      await get(edge.operator, "/healthz");
      expect(open).to.be.greaterThan(0);
      talking[1]?.leave();
      await until("the origin's side ends", () => open === 0);
    });
  }

  it("ends at the origin when its client leaves in the middle of it", async () => {
    const talking = byHttp1(edge.url, "POST");
    talking.say("a");
    await talking.hears("begin;a;");
    talking.leave();
    await until("the origin's side ends", () => open === 0);
  });
});
