import { once } from "node:events";
import { connect } from "node:net";
import { expect } from "chai";
import { type Clock, systemClock } from "../../process/clock.ts";
import { Gate } from "../../test/rig/gate.ts";
import { RawConnection } from "../../test/rig/raw-connection.ts";
import { routing } from "../../test/rig/routing.ts";
import { until } from "../../test/rig/until.ts";

const get = (path: string, ...lines: readonly string[]) =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`;

describe("a client's connection", () => {
  const { edge, rawEdge, router } = routing();
  let skippedMs: number;
  const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + skippedMs };

  beforeEach(() => {
    skippedMs = 0;
  });

  it("answers a thousand pipelined requests, each with its own answer, in their order", async () => {
    const only = await edge("only", {
      answer: ({ url }, response) => void response.end(url),
    });
    const { base } = await router([only]);
    const client = await RawConnection.open(base);
    const paths = Array.from({ length: 1000 }, (_, at) => `/${at}`);
    client.send(paths.map((path) => get(path)).join(""));
    for (const path of paths) expect((await client.reply()).body).to.equal(path);
    client.destroy();
  });

  it("asks for the next of several requests when the answer before has left", async () => {
    const [first, asked] = [new Gate(), [] as string[]];
    const only = await edge("only", {
      answer: async ({ url = "" }, response) => {
        asked.push(url);
        if (url === "/1") await first.passed;
        response.end(url);
      },
    });
    const { base } = await router([only]);
    const client = (await RawConnection.open(base)).send(get("/1") + get("/2"));
    await until("the first request is asked", () => asked.length > 0);
    first.open();
    expect([(await client.reply()).body, (await client.reply()).body]).to.deep.equal(["/1", "/2"]);
    expect(asked).to.deep.equal(["/1", "/2"]);
    client.destroy();
  });

  it("reads requests in whatever pieces they come, bodies among them", async () => {
    const only = await edge("only", {
      answer: async (request, response) => void response.end(Buffer.concat(await Array.fromAsync(request))),
    });
    const { base } = await router([only]);
    const client = await RawConnection.open(base);
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
    const [asked, answer] = [new Gate(), new Gate()];
    const only = await edge("only", {
      answer: async (_request, response) => {
        asked.open();
        await answer.passed;
        response.end("ok");
      },
    });
    const { base } = await router([only]);
    const client = await RawConnection.open(base);
    client.send(get("/"));
    await asked.passed;
    // More than two sockets hold; it fits only when the router takes it.
    const ahead = get("/", `X: ${"x".repeat(8000)}`).repeat(4000);
    client.send(ahead);
    for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate);
    expect(client.socket.writableLength).to.be.above(ahead.length / 2);
    answer.open();
    expect((await client.reply()).body).to.equal("ok");
    client.destroy();
  });

  it("frees the edge when the client has left while requests wait behind the one under way", async () => {
    const [asked, aborted] = [new Gate(), new Gate()];
    const only = await edge("only", {
      answer: (_request, response) => {
        response.on("close", () => aborted.open());
        asked.open();
      },
    });
    const { base, admin } = await router([only]);
    const client = (await RawConnection.open(base)).send(get("/").repeat(10));
    await asked.passed;
    client.destroy();
    await aborted.passed;
    const metrics = await fetch(`${admin}/metrics`).then((response) => response.text());
    expect(metrics).to.contain('edgecache_router_requests_total{outcome="client-left"} 1\n');
    expect(metrics).to.contain("edgecache_router_in_flight 0\n");
  });

  it("closes after 65 s without a request, without a word", async () => {
    const { base } = await router([await edge("only")], {}, { clock });
    const client = (await RawConnection.open(base)).send(get("/"));
    await client.reply();
    skippedMs = 64_000;
    expect((await client.send(get("/")).reply()).status).to.equal(200);
    skippedMs += 65_100;
    expect(await client.rest()).to.equal("");
  });

  it("answers 408 after 10 s to a request whose fields trickle in, however they trickle", async () => {
    const { base } = await router([await edge("only")], {}, { clock });
    const client = (await RawConnection.open(base)).send(get("/"));
    await client.reply();
    client.send("GET / HTTP/1.1\r\nX: ");
    const late = client.reply();
    const trickle = setInterval(() => {
      skippedMs += 5000;
      if (client.socket.writable) client.send("x");
    }, 20);
    const reply = await late.finally(() => clearInterval(trickle));
    expect([reply.status, reply.header("Connection")]).to.deep.equal([408, "close"]);
    await client.closed;
  });

  it("lets a refused client read why although it goes on sending, then closes", async () => {
    const { base } = await router([await edge("only")], {}, { clock });
    const { hostname, port } = new URL(base);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true }).setEncoding("latin1");
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
    // Only who sends on learns that nobody listens.
    const sending = setInterval(() => socket.write("x"), 20);
    await closed.finally(() => clearInterval(sending));
  });

  it("sends no content to HEAD when the answer is the router's own, and goes on", async () => {
    const gone = await edge("gone");
    const { base, logged } = await router([gone]);
    await gone.stop();
    await logged("edge unreachable");
    const client = await RawConnection.open(base);
    for (const method of ["HEAD", "GET"]) {
      const reply = await client.send(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`).reply(method);
      expect(reply.status).to.equal(503);
      expect(Number(reply.header("Content-Length"))).to.be.above(20);
      expect(Date.parse(reply.header("Date") ?? "")).to.be.closeTo(Date.now(), 5000);
      expect(reply.header("Connection")).to.equal(undefined);
    }
    client.destroy();
  });

  it("holds no more of an answer than its socket takes while the client reads nothing", async () => {
    let given = 0;
    const piece = Buffer.alloc(64 * 1024, "x");
    const { edge: only } = await rawEdge("only", (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${2 ** 40}\r\n\r\n`);
      const fill = () => {
        do given += piece.length;
        while (socket.write(piece));
      };
      socket.on("drain", fill);
      fill();
    });
    const { base } = await router([only]);
    const clients = await Promise.all(Array.from({ length: 20 }, () => RawConnection.open(base)));
    for (const client of clients) client.send(get("/")).socket.pause();
    let before = -1;
    while (before !== given) {
      before = given;
      for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate);
    }
    // What four sockets a client hold in the kernel; a router without back-pressure takes all there is.
    expect(given).to.be.below(20 * 16 * 2 ** 20);
    for (const client of clients) client.destroy();
  });
});
