import { once } from "node:events";
import { connect } from "node:net";
import { expect } from "chai";
import { get } from "../test/rig/http-client.ts";
import { sendBytes } from "../test/rig/raw-client.ts";
import { RawConnection } from "../test/rig/raw-connection.ts";
import { RoutedEdge } from "../test/rig/routed-edge.ts";
import { routing } from "../test/rig/routing.ts";
import { startTestRouter, type TestRouter } from "../test/rig/test-router.ts";

describe("the router's port for clients", () => {
  let edge: RoutedEdge;
  let router: TestRouter;
  let asked: string[];

  before(async () => {
    edge = await RoutedEdge.start("only", {
      answer: (request, response) => {
        asked.push(`${request.method} ${request.url}`);
        let body = "";
        request.on("data", (chunk) => {
          body += chunk;
        });
        request.on("end", () => response.end(`<${body}>`));
      },
    });
    router = await startTestRouter([edge]);
  });

  after(async () => {
    await router.running.stop();
    await edge.stop();
  });

  beforeEach(() => {
    asked = [];
  });

  const rows: Record<string, { send: string; status: number }> = {
    "two Host fields": { send: "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", status: 400 },
    "no Host": { send: "GET / HTTP/1.1\r\n\r\n", status: 400 },
    "a malformed Host": { send: "GET / HTTP/1.1\r\nHost: a@evil\r\n\r\n", status: 400 },
    "an absolute target for another Host": { send: "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", status: 400 },
    "a fragment": { send: "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", status: 400 },
    "a backslash": { send: "GET /\\x HTTP/1.1\r\nHost: a\r\n\r\n", status: 400 },
    "raw UTF-8": { send: "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", status: 400 },
    "a space": { send: "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", status: 400 },
    "%00": { send: "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", status: 400 },
    "HTTP/2.0": { send: "GET / HTTP/2.0\r\nHost: a\r\n\r\n", status: 505 },
    "HTTP/1.0 with Transfer-Encoding": {
      send: "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      status: 400,
    },
    "two transfer codings": {
      send: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      status: 501,
    },
    "a length and a transfer coding": {
      send: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      status: 400,
    },
    "a signed length": { send: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", status: 400 },
    "a TRACE": { send: "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", status: 405 },
    "a PURGE": { send: "PURGE / HTTP/1.1\r\nHost: a\r\n\r\n", status: 405 },
    "a BAN": { send: "BAN / HTTP/1.1\r\nHost: a\r\n\r\n", status: 405 },
    "a CONNECT": { send: "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", status: 405 },
    "another expectation": { send: "GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n", status: 417 },
    "more than 8 KiB of fields": {
      send: `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(9000)}\r\n\r\n`,
      status: 431,
    },
    "more than 100 fields": {
      send: `GET / HTTP/1.1\r\nHost: a\r\n${"X: y\r\n".repeat(101)}\r\n`,
      status: 431,
    },
    "more fields than anybody reads": {
      send: `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(70_000)}\r\n\r\n`,
      status: 431,
    },
    "a TLS handshake": { send: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", status: 400 },
  };
  for (const [what, { send, status }] of Object.entries(rows)) {
    it(`answers ${status} to ${what}, closes, and asks no edge`, async () => {
      const answer = await sendBytes(router.base, send);
      expect(answer).to.match(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(answer.toLowerCase()).to.contain("\r\nconnection: close\r\n");
      expect(answer).to.contain("\r\nProxy-Status: edgecache-router; error=http_request_error\r\n");
      expect(answer).to.match(/error id: [0-9a-f-]{36}\n$/);
      if (status === 405) expect(answer).to.contain("\r\nAllow: GET, HEAD");
      expect(asked).to.deep.equal([]);
    });
  }

  it("answers 400 and closes when the chunks of a body make no sense", async () => {
    const answer = await sendBytes(
      router.base,
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nZZ\r\n",
    );
    expect(answer).to.match(/^HTTP\/1\.1 400 /);
  });

  it("answers pipelined requests in order, one with a body in GET among them", async () => {
    const answer = await sendBytes(
      router.base,
      "GET /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab" +
        "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n" +
        "GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    expect(answer.match(/<.*>/g)).to.deep.equal(["<ab>", "<>", "<>"]);
    expect(asked.toSorted()).to.deep.equal(["GET /1", "GET /2", "GET /3"]);
  });

  it("serves an HTTP/1.0 client, and closes", async () => {
    const answer = await sendBytes(router.base, "GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    expect(answer).to.match(/^HTTP\/1\.1 200 /);
    expect(answer).not.to.contain("Transfer-Encoding");
  });

  it("cuts an absolute target down to what an origin server takes", async () => {
    await sendBytes(router.base, "GET http://a?x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect(asked).to.deep.equal(["GET /?x"]);
  });

  it("keeps a path that begins with two slashes a path", async () => {
    await get(router.base, "//evil/x");
    expect(asked).to.deep.equal(["GET //evil/x"]);
  });

  it("invites a body that waits for 100 (Continue)", async () => {
    const { hostname, port } = new URL(router.base);
    const socket = connect(Number(port), hostname).setEncoding("latin1");
    socket.write(
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n",
    );
    const [invitation] = await once(socket, "data");
    expect(invitation).to.equal("HTTP/1.1 100 Continue\r\n\r\n");
    socket.write("ab");
    const [answer] = await once(socket, "data");
    expect(answer).to.contain("<ab>");
    socket.destroy();
  });

  it("answers 408 to a client that takes too long over its fields", async () => {
    const hasty = await startTestRouter([edge], {}, { limits: { fieldsMs: 200 } });
    const answer = await sendBytes(hasty.base, "GET / HTTP/1.1\r\nHost: a\r\n");
    await hasty.running.stop();
    expect(answer).to.match(/^HTTP\/1\.1 408 /);
  });

  it("lets the connection that has been idle longest go when there are too many", async () => {
    const small = await startTestRouter([edge], {}, { limits: { connections: 3 } });
    const { hostname, port } = new URL(small.base);
    const opened = async () => {
      const socket = connect(Number(port), hostname).resume();
      await once(socket, "connect");
      return socket;
    };
    const [first, second, third] = [await opened(), await opened(), await opened()];
    const closed = once(first, "close");
    expect((await get(small.base, "/")).status).to.equal(200);
    await closed;
    expect([second.closed, third.closed]).to.deep.equal([false, false]);
    second.destroy();
    third.destroy();
    await small.running.stop();
  });
});

describe("a response of the router itself", () => {
  const { edge, router } = routing();

  it("has no content for HEAD, and the connection goes on", async () => {
    const gone = await edge("gone");
    const { base, logged } = await router([gone]);
    await gone.stop();
    await logged("edge unreachable");
    const client = await RawConnection.open(base);
    for (const method of ["HEAD", "GET"]) {
      const began = Math.floor(Date.now() / 1_000) * 1_000;
      const reply = await client.send(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`).reply(method);
      expect(reply.status).to.equal(503);
      expect(Number(reply.header("Content-Length"))).to.be.above(20);
      expect(Date.parse(reply.header("Date") ?? "")).to.be.within(began, Date.now());
      expect(reply.header("Connection")).to.equal(undefined);
    }
    client.destroy();
  });
});
