import { once } from "node:events";
import { connect } from "node:net";
import { expect } from "chai";
import { type Clock, systemClock } from "../../process/clock.ts";
import { Gate } from "../../test/rig/gate.ts";
import { RawConnection } from "../../test/rig/raw-connection.ts";
import { startTestServer, type TestServer } from "../../test/rig/test-server.ts";
import { until } from "../../test/rig/until.ts";
import type { Exchange } from "./exchange.ts";
import { ExchangeStreams } from "./exchange-streams.ts";

const get = (path: string, ...lines: readonly string[]) =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`;

describe("a client's connection", () => {
  let skippedMs: number;
  let port: TestServer;
  const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + skippedMs };

  beforeEach(() => {
    skippedMs = 0;
  });

  afterEach(() => port.server.close(0));

  /** A server with this program, and a client that is connected to it. */
  async function connected(take: (exchange: Exchange) => void): Promise<RawConnection> {
    port = await startTestServer(take, { checkMs: 10 }, clock);
    return await RawConnection.open(port.url);
  }

  function answer(exchange: Exchange, content: string): void {
    const streams = new ExchangeStreams(exchange, clock, () => undefined);
    streams.begin(`HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\n`, content.length);
    streams.finish(Buffer.from(content));
  }

  const answerPath = (exchange: Exchange) => answer(exchange, exchange.request.path);

  it("answers a thousand pipelined requests, each with its own answer, in their order", async () => {
    const client = await connected(answerPath);
    const paths = Array.from({ length: 1000 }, (_, at) => `/${at}`);
    client.send(paths.map((path) => get(path)).join(""));
    for (const path of paths) expect((await client.reply()).body).to.equal(path);
    client.destroy();
  });

  it("gives a slow client that has closed its sending half the time of every slow client", async () => {
    const content = "x".repeat(16 * 2 ** 20);
    const client = await connected((exchange) => {
      if (exchange.request.path === "/large") answer(exchange, content);
    });
    client.socket.pause();
    client.socket.end(get("/large"));
    await until("the client is waited for", () => port.server.load.inFlight === 1);
    const waiting = await RawConnection.open(port.url);
    waiting.socket.end(get("/silent"));
    await until("both are under way", () => port.server.load.inFlight === 2);
    // A check that finds that one of them has left has looked at the other one before.
    await until(
      "the silent one has left",
      () => waiting.socket.destroyed,
      () => {
        skippedMs = Math.min(skippedMs + 1_000, 25_000);
        return clock.wait(10);
      },
    );
    client.socket.resume();
    expect((await client.reply()).body.length).to.equal(content.length);
  });

  it("reads no further ahead of the program with each answer", async () => {
    let most = 0;
    let asked = 0;
    const client = await connected((exchange) => {
      asked += 1;
      most = Math.max(most, exchange.sentAhead);
      setImmediate(() => answer(exchange, "x"));
    });
    client.send(get("/").repeat(100_000));
    await until("a part of the requests is answered", () => asked > 400);
    client.destroy();
    // What is held until the socket pauses, and one read more.
    expect(most).to.be.within(64 * 1024, 128 * 1024);
  });

  it("gives the program one request at a time, the next one after the response to the one before", async () => {
    const [first, asked] = [new Gate(), [] as string[]];
    const client = await connected((exchange) => {
      const { path } = exchange.request;
      asked.push(path);
      if (path === "/1") void first.passed.then(() => answerPath(exchange));
      else answerPath(exchange);
    });
    client.send(get("/1") + get("/2"));
    await until("the first request is asked", () => asked.length > 0);
    first.open();
    expect([(await client.reply()).body, (await client.reply()).body]).to.deep.equal(["/1", "/2"]);
    expect(asked).to.deep.equal(["/1", "/2"]);
    client.destroy();
  });

  it("reads requests in whatever pieces they come, bodies among them", async () => {
    const client = await connected((exchange) => {
      const { body = [] } = new ExchangeStreams(exchange, clock, () => undefined);
      void Array.fromAsync(body).then((pieces) => answer(exchange, Buffer.concat(pieces).toString()));
    });
    client.socket.setNoDelay(true);
    const request =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n";
    for (const byte of request + get("/")) {
      client.send(byte);
      await new Promise(setImmediate);
    }
    expect([(await client.reply()).body, (await client.reply()).body]).to.deep.equal(["abcde", ""]);
    client.destroy();
  });

  it("reads no further than 64 KiB ahead of the request that is under way", async () => {
    const [asked, held] = [new Gate(), new Gate()];
    const client = await connected((exchange) => {
      asked.open();
      void held.passed.then(() => answer(exchange, "ok"));
    });
    client.send(get("/"));
    await asked.passed;
    // More than two sockets hold. It fits only if the server reads it.
    const ahead = get("/", `X: ${"x".repeat(8000)}`).repeat(4000);
    client.send(ahead);
    for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate);
    expect(client.socket.writableLength).to.be.above(ahead.length / 2);
    held.open();
    expect((await client.reply()).body).to.equal("ok");
    client.destroy();
  });

  it("ends the exchange when the client resets the connection, and drops the requests behind it", async () => {
    const [asked, ended] = [new Gate(), new Gate()];
    let [count, end] = [0, ""];
    const client = await connected((exchange) => {
      count += 1;
      exchange.onEnd = (how) => {
        end = how;
        ended.open();
      };
      const streams = new ExchangeStreams(exchange, clock, () => streams.cut());
      asked.open();
    });
    client.send(get("/").repeat(10));
    await asked.passed;
    client.socket.resetAndDestroy();
    await ended.passed;
    expect([count, end, port.server.load.inFlight]).to.deep.equal([1, "client-left", 0]);
  });

  it("closes after 65 s without a request, and sends nothing", async () => {
    const client = (await connected(answerPath)).send(get("/"));
    await client.reply();
    skippedMs = 60_000;
    expect((await client.send(get("/")).reply()).status).to.equal(200);
    skippedMs += 65_100;
    expect(await client.rest()).to.equal("");
  });

  it("refuses a request after 10 s whose fields trickle in, however they trickle", async () => {
    const client = (await connected(answerPath)).send(get("/"));
    await client.reply();
    client.send("GET / HTTP/1.1\r\nX: ");
    const late = client.reply();
    const trickle = setInterval(() => {
      skippedMs += 5000;
      if (client.socket.writable) client.send("x");
    }, 20);
    const reply = await late.finally(() => clearInterval(trickle));
    expect([reply.header("X-Refused"), reply.header("Connection")]).to.deep.equal([
      "request-too-slow",
      "close",
    ]);
    await client.closed;
  });

  it("lets a refused client read why although it goes on sending, then closes", async () => {
    (await connected(answerPath)).destroy();
    const { hostname, port: number } = new URL(port.url);
    const socket = connect({ host: hostname, port: Number(number), allowHalfOpen: true }).setEncoding(
      "latin1",
    );
    let received = "";
    socket.on("data", (text: string) => {
      received += text;
    });
    socket.write(`GET / HTTP/1.1\r\nHost: a b\r\n\r\n${"x".repeat(200_000)}`);
    await once(socket, "end");
    expect(received).to.match(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(socket.writable).to.equal(true);
    const closed = new Promise((resolve) => {
      socket.on("error", () => undefined).on("close", resolve);
    });
    skippedMs = 1100;
    // Only a client that sends more notices that the connection is closed.
    const sending = setInterval(() => socket.write("x"), 20);
    await closed.finally(() => clearInterval(sending));
  });

  it("holds no more of a response than its socket takes while the client reads nothing", async () => {
    let given = 0;
    const piece = Buffer.alloc(64 * 1024, "x");
    const first = await connected((exchange) => {
      const streams = new ExchangeStreams(exchange, clock, () => undefined);
      streams.begin(`HTTP/1.1 200 OK\r\nContent-Length: ${2 ** 40}\r\n`, 2 ** 40);
      const fill = async (): Promise<void> => {
        for (;;) {
          given += piece.length;
          await streams.send(piece);
        }
      };
      // It ends with the connection.
      fill().catch(() => undefined);
    });
    const others = await Promise.all(Array.from({ length: 19 }, () => RawConnection.open(port.url)));
    const clients = [first, ...others];
    for (const client of clients) client.send(get("/")).socket.pause();
    let before = -1;
    while (before !== given) {
      before = given;
      for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate);
    }
    // The two sockets of a connection hold this much in the kernel. Without back-pressure the server would take all.
    expect(given)
      .to.be.above(0)
      .and.below(20 * 16 * 2 ** 20);
    for (const client of clients) client.destroy();
  });
});
