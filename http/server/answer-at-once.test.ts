import { once } from "node:events";
import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { Gate } from "../../test/rig/gate.ts";
import { RawConnection } from "../../test/rig/raw-connection.ts";
import { startTestServer, type TestServer } from "../../test/rig/test-server.ts";
import { until } from "../../test/rig/until.ts";
import type { RequestHead } from "../message/request-head.ts";
import type { AnswerAtOnce, LentAnswer } from "./answer-at-once.ts";
import type { Exchange } from "./exchange.ts";

const HOST = "Host: a\r\n\r\n";

function ready(text: string, waits: (exchange: Exchange) => void = () => undefined): AnswerAtOnce {
  return {
    head: `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n`,
    body: Buffer.from(text),
    waits,
  };
}

describe("an answer that is ready at once", () => {
  let server: TestServer;
  let client: RawConnection;
  const taken: Exchange[] = [];
  /** By path; every other request is taken. */
  let atHand: (request: RequestHead) => AnswerAtOnce | undefined;

  function answer(exchange: Exchange): void {
    exchange.begin(
      `HTTP/1.1 200 OK\r\nContent-Length: 5\r\n${exchange.closes ? "Connection: close\r\n" : ""}\r\n`,
    );
    exchange.send("", undefined, "taken");
    exchange.finish();
  }

  /** Asked first, about every request. */
  let lent: (request: RequestHead) => LentAnswer | undefined;

  beforeEach(async () => {
    taken.length = 0;
    lent = () => undefined;
    atHand = ({ path }) => (path.startsWith("/at-hand") ? ready(path) : undefined);
    server = await startTestServer(
      (exchange) => {
        taken.push(exchange);
        answer(exchange);
      },
      {},
      systemClock,
      () => ({ find: (request) => atHand(request), findLent: (request) => lent(request) }),
    );
    client = await RawConnection.open(server.url);
  });

  afterEach(async () => {
    client.destroy();
    await server.server.close(0);
    expect(server.faults).to.deep.equal([]);
  });

  it("is given in the order of the requests, whatever stands between them", async () => {
    const paths = ["/at-hand/1", "/at-hand/2", "/x", "/at-hand/3", "/y", "/at-hand/4"];
    client.send(paths.map((path) => `GET ${path} HTTP/1.1\r\n${HOST}`).join(""));
    for (const path of paths) {
      expect((await client.reply()).body).to.equal(path.startsWith("/at-hand") ? path : "taken");
    }
    expect(taken.map(({ request }) => request.path)).to.deep.equal(["/x", "/y"]);
  });

  it("is the same when the requests come byte by byte", async () => {
    const text = `GET /at-hand/1 HTTP/1.1\r\n${HOST}GET /x HTTP/1.1\r\n${HOST}GET /at-hand/2 HTTP/1.1\r\n${HOST}`;
    client.socket.setNoDelay(true);
    for (const byte of text) await new Promise<void>((sent) => client.socket.write(byte, () => sent()));
    expect((await client.reply()).body).to.equal("/at-hand/1");
    expect((await client.reply()).body).to.equal("taken");
    expect((await client.reply()).body).to.equal("/at-hand/2");
  });

  it("is not looked for when the connection is to end, in HTTP/1.0, and for a request with a body", async () => {
    client.send(`POST /at-hand HTTP/1.1\r\nContent-Length: 3\r\n${HOST}abc`);
    expect((await client.reply()).body).to.equal("taken");
    client.send(`GET /at-hand HTTP/1.1\r\nConnection: close\r\n${HOST}`);
    expect((await client.reply()).body).to.equal("taken");
    await client.closed;
    const old = await RawConnection.open(server.url);
    expect((await old.send(`GET /at-hand HTTP/1.0\r\n${HOST}`).reply()).body).to.equal("taken");
    await old.closed;
  });

  it("goes out before the refusal of what follows it", async () => {
    client.send(`GET /at-hand/1 HTTP/1.1\r\n${HOST}\0\r\n`);
    expect((await client.reply()).body).to.equal("/at-hand/1");
    expect((await client.reply()).status).to.equal(400);
    await client.closed;
  });

  it("keeps the next request waiting until its client has taken it, and counts as in flight until then", async () => {
    const large = "x".repeat(8 * 2 ** 20);
    const waiting = new Gate();
    const ended = new Gate();
    atHand = ({ path }) =>
      path === "/large"
        ? ready(large, (exchange) => {
            exchange.onEnd = () => ended.open();
            waiting.open();
          })
        : ready(path);
    client.socket.pause();
    client.send(`GET /large HTTP/1.1\r\n${HOST}GET /after HTTP/1.1\r\n${HOST}`);
    await waiting.passed;
    expect(server.server.load.inFlight).to.equal(1);
    client.socket.resume();
    expect((await client.reply()).body).to.equal(large);
    expect((await client.reply()).body).to.equal("/after");
    await ended.passed;
    expect(server.server.load.inFlight).to.equal(0);
  });

  it("may be lent: its memory is used again for the next one, however slowly the client takes it", async () => {
    const line = "Content-Length: 9000\r\n";
    const [bodyAt, bodyEnd] = [line.length, line.length + 9_000];
    const memory = Buffer.alloc(bodyEnd);
    const waiting: Exchange[] = [];
    const begin = "HTTP/1.1 200 OK\r\n";
    const answer = {
      ...{ begin, behindLines: "\r\n", memory, linesAt: 0, linesEnd: line.length, bodyAt, bodyEnd },
      copied: () => true,
      waits: (exchange: Exchange) => void waiting.push(exchange),
    };
    const bodyOf = (path: string) => path.repeat(9_000).slice(0, 9_000);
    lent = ({ path }) => {
      if (!path.startsWith("/lent")) return undefined;
      memory.write(line + bodyOf(path));
      return answer;
    };
    // More than the kernel takes.
    const paths = Array.from({ length: 1_500 }, (_, at) => (at % 3 === 1 ? `/at-hand/${at}` : `/lent/${at}`));
    client.socket.pause();
    client.send(paths.map((path) => `GET ${path} HTTP/1.1\r\n${HOST}`).join(""));
    await until("the client is waited for", () => waiting.length > 0);
    client.socket.resume();
    for (const path of paths)
      expect((await client.reply()).body === (path.startsWith("/lent") ? bodyOf(path) : path), path).to.equal(
        true,
      );
    expect(taken).to.deep.equal([]);
  });

  it("is looked for otherwise when its memory has changed while it was copied", async () => {
    const memory = Buffer.from("Content-Length: 5\r\ntorn?");
    let isGood = false;
    lent = () => ({
      ...{ begin: "HTTP/1.1 200 OK\r\n", behindLines: "\r\n", memory, linesAt: 0, linesEnd: 19, bodyAt: 19 },
      bodyEnd: 24,
      copied: () => {
        isGood = !isGood;
        return !isGood;
      },
      waits: () => undefined,
    });
    client.send(
      ["/at-hand/1", "/at-hand/2", "/x", "/y"].map((path) => `GET ${path} HTTP/1.1\r\n${HOST}`).join(""),
    );
    const bodies: string[] = [];
    for (let n = 0; n < 4; n += 1) bodies.push((await client.reply()).body);
    expect(bodies).to.deep.equal(["/at-hand/1", "torn?", "taken", "torn?"]);
  });

  it("gives way to the program when looking for it throws, which is logged", async () => {
    atHand = () => {
      throw new Error("broken on purpose");
    };
    expect((await client.send(`GET /at-hand HTTP/1.1\r\n${HOST}`).reply()).body).to.equal("taken");
    expect(server.faults).to.have.length(1);
    (server.faults as unknown[]).length = 0;
  });

  it("is the last of its connection when the server stops taking requests", async () => {
    await client.send(`GET /at-hand/1 HTTP/1.1\r\n${HOST}`).reply();
    server.server.windDown();
    expect((await client.send(`GET /at-hand/2 HTTP/1.1\r\n${HOST}`).reply()).body).to.equal("taken");
    expect(taken).to.have.length(1);
  });

  it("lets the other clients have their turn after sixteen answers to one client", async () => {
    let answered = 0;
    const inOneTurn = Promise.withResolvers<number>();
    atHand = ({ path }) => {
      if (answered === 0) setImmediate(() => inOneTurn.resolve(answered));
      answered += 1;
      return ready(path);
    };
    const paths = Array.from({ length: 500 }, (_, at) => `/${at}`);
    client.send(paths.map((path) => `GET ${path} HTTP/1.1\r\n${HOST}`).join(""));
    expect(await inOneTurn.promise).to.equal(16);
    for (const path of paths) expect((await client.reply()).body).to.equal(path);
  });

  it("answers everything that a client sent before it closed its sending half", async () => {
    const paths = Array.from({ length: 500 }, (_, at) => (at % 7 === 3 ? `/taken/${at}` : `/at-hand/${at}`));
    client.socket.end(paths.map((path) => `GET ${path} HTTP/1.1\r\n${HOST}`).join(""));
    for (const path of paths)
      expect((await client.reply()).body).to.equal(path.startsWith("/at-hand") ? path : "taken");
    await client.closed;
  });

  it("answers a client that has closed its sending half", async () => {
    client.socket.end(`GET /at-hand/1 HTTP/1.1\r\n${HOST}`);
    expect((await client.reply()).body).to.equal("/at-hand/1");
    await once(client.socket, "close");
  });
});
