import { once } from "node:events";
import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type InformationEvent,
} from "node:http";
import { expect } from "chai";
import { type Clock, systemClock } from "../../process/clock.ts";
import { Gate } from "../../test/rig/gate.ts";
import { ask, get } from "../../test/rig/http-client.ts";
import { RawConnection } from "../../test/rig/raw-connection.ts";
import { routing } from "../../test/rig/routing.ts";
import { until } from "../../test/rig/until.ts";

const LARGE = 96 * 2 ** 20;
const CHUNK = Buffer.alloc(2 ** 18, "x");
// What four sockets, their streams and the kernel hold between them; far less than LARGE.
const MOST_HELD = 32 * 2 ** 20;

describe("an attempt at an edge", () => {
  const { edge, rawEdge, router } = routing();

  it("sends method, target, Host and fields on as they came", async () => {
    const only = await edge("only", {
      answer: ({ method, url, rawHeaders }, response) =>
        void response.end(JSON.stringify({ method, url, rawHeaders })),
    });
    const { base } = await router([only]);
    const headers = {
      Host: "www.example",
      "X-Case": "Kept",
      "X-Forwarded-For": "203.0.113.9",
      TE: "gzip",
    };
    const reply = await get(base, "/a%20b?x=1&x=2", { method: "DELETE", headers });
    const seen = JSON.parse(reply.text);
    expect(seen).to.include({ method: "DELETE", url: "/a%20b?x=1&x=2" });
    expect(seen.rawHeaders).to.include.members(["Host", "www.example", "X-Case", "Kept"]);
    expect(seen.rawHeaders).to.include.members(["X-Forwarded-For", "127.0.0.1", "X-Forwarded-Host", "Via"]);
    expect(seen.rawHeaders).not.to.include.members(["203.0.113.9"]);
    expect(seen.rawHeaders).not.to.include.members(["TE"]);
  });

  it("passes an answer on unchanged: encoded content, redirects, duplicates", async () => {
    const only = await edge("only", {
      answer: (_request, response) => {
        const fields = [
          "Location",
          "/x",
          "Content-Encoding",
          "gzip",
          "Set-Cookie",
          "a=1",
          "Set-Cookie",
          "b=2",
          "Age",
          "7",
        ];
        response.writeHead(302, fields).end("not really gzip");
      },
    });
    const { base } = await router([only]);
    const arriving = await ask(base, "/");
    expect(arriving.message.headersDistinct["set-cookie"]).to.deep.equal(["a=1", "b=2"]);
    const reply = await arriving.finish();
    expect(reply).to.include({ status: 302, text: "not really gzip" });
    expect(reply.header("Content-Encoding")).to.equal("gzip");
    expect(reply.header("Age")).to.equal("7");
  });

  it("hands on fields at once and content as it comes", async () => {
    const rest = new Gate();
    const only = await edge("only", {
      answer: async (_request, response) => {
        response.flushHeaders();
        response.write("first");
        await rest.passed;
        response.end("second");
      },
    });
    const { base } = await router([only]);
    const { message, finish } = await ask(base, "/");
    const [first] = await once(message, "data");
    expect(String(first)).to.equal("first");
    rest.open();
    expect((await finish()).text).to.equal("second");
  });

  it("hands on fields that have no content yet", async () => {
    const rest = new Gate();
    const only = await edge("only", {
      answer: async (_request, response) => {
        response.flushHeaders();
        await rest.passed;
        response.end("content");
      },
    });
    const { base } = await router([only]);
    const { message, finish } = await ask(base, "/");
    expect(message.statusCode).to.equal(200);
    rest.open();
    expect((await finish()).text).to.equal("content");
  });

  it("ejects no edge whose answers break off: their origin may have done it", async () => {
    const { edge: only, data } = await rawEdge("only", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    const { base, admin } = await router([only]);
    const clients = await Promise.all(Array.from({ length: 4 }, () => RawConnection.open(base)));
    for (const client of clients) client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    await until("all are being answered", () => data.heads.length === 4);
    await Promise.all(clients.map(({ socket }) => socket.bytesRead > 0 || once(socket, "data")));
    data.reset();
    for (const client of clients) await client.closed;
    expect((await get(admin, "/metrics")).text).to.contain('edgecache_router_ejections_total{edge="only"} 0');
  });

  it("hands the request's body on as it comes", async () => {
    const got: string[] = [];
    const first = new Gate();
    const only = await edge("only", {
      answer: (request, response) => {
        request.on("data", (chunk) => {
          got.push(String(chunk));
          first.open();
        });
        request.on("end", () => response.end("done"));
      },
    });
    const { base } = await router([only]);
    const upload = beginUpload(base);
    upload.write("first");
    await first.passed;
    expect(got).to.deep.equal(["first"]);
    upload.end("second");
    const [message] = await once(upload, "response");
    expect(await textOf(message)).to.equal("done");
    expect(got.join("")).to.equal("firstsecond");
  });

  it("holds a large answer back when the client is slow", async () => {
    let sent = 0;
    let received = 0;
    let mostHeld = 0;
    const only = await edge("only", {
      answer: async (_request, response) => {
        for (; sent < LARGE; sent += CHUNK.byteLength) {
          mostHeld = Math.max(mostHeld, sent - received);
          if (!response.write(CHUNK)) await once(response, "drain");
        }
        response.end();
      },
    });
    const { base } = await router([only]);
    const { message } = await ask(base, "/");
    for await (const chunk of message) {
      received += chunk.length;
      // Slower than the edge: other work gets its turn after every piece.
      await new Promise(setImmediate);
    }
    expect(received).to.equal(LARGE);
    expect(mostHeld).to.be.below(MOST_HELD);
  });

  it("holds a large request back when the edge is slow", async () => {
    let sent = 0;
    let received = 0;
    let mostHeld = 0;
    const only = await edge("only", {
      answer: async (request, response) => {
        for await (const chunk of request) {
          received += chunk.length;
          await new Promise(setImmediate);
        }
        response.end("done");
      },
    });
    const { base } = await router([only]);
    const upload = httpRequest(base, { method: "PUT", headers: { "Content-Length": LARGE } });
    for (; sent < LARGE; sent += CHUNK.byteLength) {
      mostHeld = Math.max(mostHeld, sent - received);
      if (!upload.write(CHUNK)) await once(upload, "drain");
    }
    upload.end();
    const [message] = await once(upload, "response");
    expect(await textOf(message)).to.equal("done");
    expect(received).to.equal(LARGE);
    expect(mostHeld).to.be.below(MOST_HELD);
  });

  it("answers HEAD with the fields of the edge and keeps the connection to it", async () => {
    const sockets = new Set<unknown>();
    const only = await edge("only", {
      answer: (request, response) => {
        sockets.add(request.socket);
        response.writeHead(200, { "Content-Length": "5" }).end();
      },
    });
    const { base } = await router([only]);
    for (const _ of [1, 2, 3]) {
      const reply = await get(base, "/", { method: "HEAD" });
      expect(reply.header("Content-Length")).to.equal("5");
    }
    expect(sockets.size).to.equal(1);
  });

  it("aborts the request at the edge when the client leaves", async () => {
    const [asked, aborted] = [new Gate(), new Gate()];
    const only = await edge("only", {
      answer: (_request, response) => {
        response.on("close", () => aborted.open());
        asked.open();
      },
    });
    const { base } = await router([only]);
    const leaving = httpRequest(base).on("error", () => undefined);
    leaving.end();
    await asked.passed;
    leaving.destroy();
    await aborted.passed;
  });

  it("aborts the answer at the edge when the client leaves in the middle of it", async () => {
    const aborted = new Gate();
    const only = await edge("only", {
      answer: (_request, response) => {
        response.on("close", () => aborted.open());
        response.write("some");
      },
    });
    const { base } = await router([only]);
    const { message } = await ask(base, "/");
    message.on("error", () => undefined).destroy();
    await aborted.passed;
  });

  it("closes the client's connection when the answer breaks off after its first byte", async () => {
    const { edge: only, data } = await rawEdge("only", (socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome");
    });
    const { base, logged } = await router([only]);
    const { message } = await ask(base, "/");
    await once(message, "data");
    const ended = once(message, "error");
    await data.stop();
    expect(String(await ended)).to.contain("aborted");
    expect((await logged("response cut")).edge).to.equal("only");
  });

  it("lets a 404 and a 500 of the edge be the answer", async () => {
    for (const status of [404, 500, 503]) {
      const only = await edge("only", {
        answer: (_request, response) => void response.writeHead(status).end("edge"),
      });
      const { base } = await router([only]);
      expect(await get(base, "/")).to.include({ status, text: "edge" });
    }
  });

  it("passes on interim responses as they come, without the fields of their connection", async () => {
    const seen = new Gate();
    const { edge: only } = await rawEdge("only", (socket) => {
      seen.passed.then(() => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nedge"));
      socket.write("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nKeep-Alive: x\r\n\r\n");
    });
    const { base } = await router([only]);
    const asking = httpRequest(base);
    asking.end();
    const [interim] = (await once(asking, "information")) as [InformationEvent];
    expect([interim.statusCode, interim.rawHeaders]).to.deep.equal([103, ["Link", "</a.css>; rel=preload"]]);
    const response = once(asking, "response");
    seen.open();
    const [message] = (await response) as [IncomingMessage];
    expect([message.statusCode, await textOf(message)]).to.deep.equal([200, "edge"]);
  });

  it("passes no interim response to a client of HTTP/1.0", async () => {
    const { edge: only } = await rawEdge("only", (socket) => {
      socket.write("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nedge");
    });
    const { base } = await router([only]);
    const client = (await RawConnection.open(base)).send("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    expect(await client.rest()).to.match(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it("bounds the interim responses that an edge may send", async () => {
    const { edge: only } = await rawEdge("only", (socket) => {
      socket.write("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100));
    });
    const { base } = await router([only]);
    const reply = await get(base, "/");
    expect(reply.status).to.equal(502);
    expect(reply.header("Proxy-Status")).to.equal("edgecache-router; error=http_protocol_error");
  });

  it("hands trailers on with the chunks that they follow", async () => {
    const chunks = "5;ext=1\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n";
    const { edge: only } = await rawEdge(
      "only",
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    );
    const { base } = await router([only]);
    const client = (await RawConnection.open(base)).send(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    const received = await client.rest();
    expect(received).to.contain("\r\nTransfer-Encoding: chunked\r\n");
    expect(received.endsWith(`\r\n\r\n${chunks}`)).to.equal(true);
  });

  it("takes the chunks away for a client of HTTP/1.0, and closes", async () => {
    const answer =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nX-Sum: 5\r\n\r\n";
    const { edge: only } = await rawEdge("only", answer);
    const { base } = await router([only]);
    const client = (await RawConnection.open(base)).send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const received = await client.rest();
    expect(received).to.contain("\r\nConnection: close\r\n").and.not.to.contain("Transfer-Encoding");
    expect(received.endsWith("\r\n\r\nhello")).to.equal(true);
  });

  it("puts a body in chunks that ends with the edge's connection, so that the client's goes on", async () => {
    const { edge: only } = await rawEdge("only", (socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nhello"));
    const { base } = await router([only]);
    const client = await RawConnection.open(base);
    for (const _ of [1, 2]) {
      const reply = await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").reply();
      expect([reply.status, reply.body]).to.deep.equal([200, "hello"]);
    }
    client.destroy();
  });

  it("closes the client's connection after an answer that came before the whole body", async () => {
    const only = await edge("only", {
      answer: (_request, response) => void response.writeHead(413, { Connection: "close" }).end("too large"),
    });
    const { base } = await router([only]);
    const client = await RawConnection.open(base);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nsome");
    const reply = await client.reply();
    expect([reply.status, reply.header("Connection"), reply.body]).to.deep.equal([413, "close", "too large"]);
    await client.closed;
  });

  it("answers 400 when the client's chunks go wrong on the way, and the edge learns it", async () => {
    const [begun, aborted] = [new Gate(), new Gate()];
    const only = await edge("only", {
      answer: (request) => {
        request.on("data", () => begun.open()).on("error", () => aborted.open());
      },
    });
    const { base } = await router([only]);
    const client = await RawConnection.open(base);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    await begun.passed;
    client.send("ZZ\r\n");
    const reply = await client.reply();
    expect([reply.status, reply.header("Connection")]).to.deep.equal([400, "close"]);
    await Promise.all([aborted.passed, client.closed]);
  });

  const HEAD = "HTTP/1.1 200 OK\r\n";
  const broken: Readonly<Record<string, { head: string; rest: string; ends?: true }>> = {
    "a body shorter than its length": { head: `${HEAD}Content-Length: 9\r\n\r\nsome`, rest: "", ends: true },
    "a chunk without a size": {
      head: `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n`,
      rest: "ZZ\r\n",
    },
    "a chunk longer than its size": {
      head: `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n`,
      rest: "1\r\nab\r\n0\r\n\r\n",
    },
    "chunks without an end": {
      head: `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n`,
      rest: "",
      ends: true,
    },
    "trailers that are none": {
      head: `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n`,
      rest: "0\r\nno colon\r\n\r\n",
    },
  };
  for (const [what, { head, rest, ends }] of Object.entries(broken)) {
    it(`resets the client's connection and the edge's at ${what}`, async () => {
      const seen = new Gate();
      const { edge: only, data } = await rawEdge("only", (socket) => {
        socket.write(head);
        seen.passed.then(() => (ends ? socket.end(rest) : socket.write(rest)));
      });
      const { base, logged } = await router([only]);
      const { message } = await ask(base, "/");
      const [first] = await once(message, "data");
      expect(String(first)).to.equal("some");
      const failed = once(message, "error");
      const closed = data.closed();
      seen.open();
      await Promise.all([failed, closed]);
      expect((await logged("response cut")).edge).to.equal("only");
    });
  }

  it("gives the rest of an answer to a client that was slow, and uses the edge's connection for others", async () => {
    const body = "x".repeat(8 * 2 ** 20);
    const { edge: only, data } = await rawEdge(
      "only",
      `${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`,
    );
    const { base } = await router([only]);
    const slow = await RawConnection.open(base);
    slow.socket.pause();
    slow.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until("the edge has the request", () => data.heads.length > 0);
    expect((await get(base, "/")).text).to.equal(body);
    slow.socket.resume();
    expect((await slow.reply()).body).to.equal(body);
    slow.destroy();
  });

  describe("when time runs out", () => {
    let skippedMs: number;
    const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + skippedMs };

    beforeEach(() => {
      skippedMs = 0;
    });

    it("answers 504 when the edge has not begun its answer within 40 s", async () => {
      const [asked, aborted] = [new Gate(), new Gate()];
      const only = await edge("only", {
        answer: (_request, response) => {
          response.on("close", () => aborted.open());
          asked.open();
        },
      });
      const { base } = await router([only], {}, { clock });
      const reply = get(base, "/");
      await asked.passed;
      skippedMs = 40_100;
      const { status, header } = await reply;
      expect(status).to.equal(504);
      expect(header("Proxy-Status")).to.equal("edgecache-router; error=http_response_timeout");
      await aborted.passed;
    });

    it("waits as long as --first-byte and --between-bytes say", async () => {
      const [asked, begins] = [new Gate(), new Gate()];
      const only = await edge("only", {
        answer: async (_request, response) => {
          asked.open();
          await begins.passed;
          response.write("some");
        },
      });
      const { base } = await router([only], { firstByte: 20_000, betweenBytes: 30_000 }, { clock });
      const late = get(base, "/");
      await asked.passed;
      skippedMs = 20_100;
      expect((await late).status).to.equal(504);
      begins.open();
      const { message } = await ask(base, "/");
      await once(message, "data");
      const failed = once(message, "error");
      skippedMs += 30_100;
      await failed;
    });

    it("cuts an answer that stands still for 60 s, and not one that waits for its reader", async () => {
      const { edge: only, data } = await rawEdge("only", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome");
      const { base, logged } = await router([only], {}, { clock });
      const { message } = await ask(base, "/");
      await once(message, "data");
      const failed = once(message, "error");
      const closed = data.closed();
      skippedMs = 60_100;
      await Promise.all([failed, closed]);
      expect(await logged("response cut")).to.include({
        edge: "only",
        cause: "waited too long for the answer",
      });
    });

    it("answers 408 when the client does not send its body", async () => {
      const begun = new Gate();
      const only = await edge("only", { answer: (request) => void request.once("data", () => begun.open()) });
      const { base } = await router([only], {}, { clock });
      const upload = beginUpload(base);
      upload.write("some");
      await begun.passed;
      skippedMs = 31_000;
      const [message] = await once(upload, "response");
      expect(message.statusCode).to.equal(408);
      upload.destroy();
    });

    it("cuts a client that does not take its answer for 30 s", async () => {
      const only = await edge("only", {
        answer: (_request, response) => {
          const fill = () => {
            while (!response.destroyed && response.write(CHUNK));
          };
          response.on("drain", fill);
          fill();
        },
      });
      const { base, logged } = await router([only], {}, { clock });
      const { message } = await ask(base, "/");
      message.pause().on("error", () => undefined);
      // Whenever the last byte leaves, the next look at the clock finds 30 s gone since.
      const skipping = setInterval(() => {
        skippedMs += 30_100;
      }, 100);
      expect((await logged("response cut")).edge).to.equal("only");
      clearInterval(skipping);
    });

    it("keeps the edges alive: the clock jumped, they did not fall silent", async () => {
      const { base, log } = await router([await edge("only")], {}, { clock });
      skippedMs = 60_000;
      expect((await get(base, "/")).text).to.equal("only");
      expect(log.some(({ msg }) => msg === "edge unreachable")).to.equal(false);
    });
  });
});

function beginUpload(base: string): ClientRequest {
  const upload = httpRequest(base, { method: "POST" });
  upload.flushHeaders();
  return upload;
}

async function textOf(message: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of message) text += chunk;
  return text;
}
