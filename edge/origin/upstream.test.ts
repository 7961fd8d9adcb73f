import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { expect } from "chai";
import { failureOf, get, never, textOf } from "../../test/rig/fetching.ts";
import { Gate } from "../../test/rig/gate.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import type { RawOrigin, RawReply } from "../../test/rig/raw-origin.ts";
import { upstreams } from "../../test/rig/upstreams.ts";
import type { Origin } from "./origin.ts";
import type { UpstreamOptions } from "./upstream.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe("UpstreamOrigin", () => {
  const { upstream, http, raw } = upstreams();

  describe("with an origin that behaves", () => {
    it("gives the fields in their order with every line of them, and the bytes as they are", async () => {
      const server = await http({
        "/a": {
          fields: [
            ["Set-Cookie", "a=1"],
            ["X-First", "1"],
            ["Content-Encoding", "gzip"],
            ["Set-Cookie", "b=2"],
            ["Connection", "X-Hop"],
            ["X-Hop", "1"],
            ["Date", "Sun, 06 Nov 1994 08:49:37 GMT"],
          ],
          body: "not really gzip",
        },
      });
      const response = await upstream(server.url).fetch(get("/a"), never);
      expect(response.status).to.equal(200);
      expect([...response.fields]).to.deep.equal([
        ["Set-Cookie", "a=1"],
        ["X-First", "1"],
        ["Content-Encoding", "gzip"],
        ["Set-Cookie", "b=2"],
        ["Date", "Sun, 06 Nov 1994 08:49:37 GMT"],
        ["Content-Length", "15"],
      ]);
      expect(await textOf(response)).to.equal("not really gzip");
    });

    it("sends its own Host, Via and CDN-Loop, and what the caller gives, without what is for one connection", async () => {
      const server = await http({ "/a": {} });
      const fields: [string, string][] = [
        ["Host", "evil.example"],
        ["Via", "1.0 fred"],
        ["cdn-loop", "other"],
        ["Connection", "x-hop"],
        ["X-Hop", "1"],
        ["TE", "trailers"],
        ["Expect", "100-continue"],
        ["Content-Length", "7"],
        ["Accept", "text/html"],
        ["Accept", "text/plain"],
      ];
      await upstream(server.url).fetch(get("/a?b=%20", fields), never);
      const [seen] = server.requests();
      expect(seen?.target).to.equal("/a?b=%20");
      expect(seen?.rawHeaders).to.deep.equal([
        ...["host", server.url.host, "connection", "keep-alive"],
        ...["Via", "1.0 fred, 1.1 edge-1", "CDN-Loop", "other, edge-1"],
        ...["Accept", "text/html", "Accept", "text/plain"],
      ]);
    });

    it("sends nothing of a request that an origin could take for two", async () => {
      const server = await raw(OK);
      const fetching = upstream(server.url).fetch(get("/a", [["X-A", "b\r\n\r\nGET /evil HTTP/1.1"]]), never);
      expect((await failureOf(fetching)).code).to.equal("proxy_internal_error");
      expect(server.connections).to.equal(0);
    });

    it("puts the path of its base before every target, and takes a target for bytes", async () => {
      const server = await http({ "/base//evil/../x": { body: "literal" } });
      const response = await upstream(new URL("/base/", server.url)).fetch(get("//evil/../x"), never);
      expect(await textOf(response)).to.equal("literal");
    });

    it("passes a redirect on and does not follow it", async () => {
      const server = await http({ "/a": { status: 302, fields: [["Location", "/b"]] }, "/b": {} });
      const response = await upstream(server.url).fetch(get("/a"), never);
      expect(response.status).to.equal(302);
      expect(response.fields.get("location")).to.equal("/b");
      expect(server.count("/b")).to.equal(0);
    });

    it("reports a 304 to a request without conditions as it is", async () => {
      const server = await http({ "/a": { status: 304 } });
      const response = await upstream(server.url).fetch(get("/a"), never);
      expect(response.status).to.equal(304);
      expect(await textOf(response)).to.equal("");
    });

    it("frees the connection of a response without content that nobody reads", async () => {
      const server = await http({ "/304": { status: 304 }, "/204": { status: 204 }, "/empty": {} });
      const origin = upstream(server.url, { connections: 1 });
      for (const path of ["/304", "/204", "/empty", "/304"]) await origin.fetch(get(path), never);
      const head = await origin.fetch({ ...get("/empty"), method: "HEAD" }, never);
      expect(head.fields.get("content-length")).to.equal("0");
      await origin.fetch(get("/empty"), never);
      expect(server.count()).to.equal(6);
    });

    it("keeps one connection for one request after another", async () => {
      const server = await raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      const origin = upstream(server.url, { connections: 1 });
      for (let i = 0; i < 5; i++) expect(await textOf(await origin.fetch(get("/a"), never))).to.equal("ok");
      expect(server.connections).to.equal(1);
    });

    it("skips interim responses, on every use of a connection", async () => {
      const hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n";
      const interim = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Go on\r\nX-A: 1\r\n\r\n${hints}`;
      const server = await raw(`${interim}HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Final: 1\r\n\r\nok`);
      const origin = upstream(server.url, { connections: 1 });
      for (let i = 0; i < 3; i++) {
        const response = await origin.fetch(get("/a"), never);
        expect([...response.fields]).to.deep.equal([
          ["Content-Length", "2"],
          ["X-Final", "1"],
        ]);
        expect(await textOf(response)).to.equal("ok");
      }
      expect(server.connections).to.equal(1);
    });

    it("takes a body without length to end with the connection", async () => {
      const server = await raw("HTTP/1.1 200 OK\r\n\r\nto the end", "end");
      expect(await textOf(await upstream(server.url).fetch(get("/a"), never))).to.equal("to the end");
    });

    it("reaches an origin on an IPv6 address", async function () {
      const ipv6 = Object.values(networkInterfaces()).some((all) =>
        all?.some(({ address }) => address === "::1"),
      );
      if (!ipv6) this.skip();
      const server = await http({ "/a": ({ header }) => ({ body: header("host") ?? "" }) }, "::1");
      const origin = upstream(server.url);
      expect(await textOf(await origin.fetch(get("/a"), never))).to.equal(server.url.host);
      await origin.probe();
    });
  });

  describe("when a kept connection is closed under a request", () => {
    const closing: RawReply = (socket, count) => {
      if (count === 2) socket.destroy();
      else socket.write(OK);
    };
    const targets = ({ heads }: RawOrigin) => heads.map((head) => head.split(" ")[1]);

    it("asks once more, on a new connection", async () => {
      const server = await raw(closing);
      const origin = upstream(server.url, { connections: 1 });
      await textOf(await origin.fetch(get("/a"), never));
      expect(await textOf(await origin.fetch(get("/b"), never))).to.equal("ok");
      expect(targets(server)).to.deep.equal(["/a", "/b", "/b"]);
      expect(server.connections).to.equal(2);
    });

    it("asks once more on a connection that was never used, though others are kept", async () => {
      const both = new Gate();
      const server = await raw((socket, count) => {
        if (count === 2) both.open();
        if (count <= 2) void both.passed.then(() => socket.write(OK));
        else if (server.connections > 2) socket.write(OK);
        else socket.destroy();
      });
      const origin = upstream(server.url);
      await Promise.all(["/a", "/b"].map(async (path) => textOf(await origin.fetch(get(path), never))));
      expect(await textOf(await origin.fetch(get("/c"), never))).to.equal("ok");
      expect([targets(server).slice(2), server.connections]).to.deep.equal([["/c", "/c"], 3]);
    });

    it("asks no third time", async () => {
      const server = await raw((socket, count) => (count === 1 ? socket.write(OK) : socket.destroy()));
      const origin = upstream(server.url, { connections: 1 });
      await textOf(await origin.fetch(get("/a"), never));
      const failure = await failureOf(origin.fetch(get("/b"), never));
      expect(failure.code).to.equal("connection_terminated");
      expect(targets(server)).to.deep.equal(["/a", "/b", "/b"]);
    });

    for (const method of ["HEAD", "OPTIONS", "PUT", "DELETE"]) {
      it(`repeats a ${method} without a body`, async () => {
        const server = await raw(closing);
        const origin = upstream(server.url, { connections: 1 });
        await textOf(await origin.fetch(get("/a"), never));
        expect((await origin.fetch({ ...get("/b"), method }, never)).status).to.equal(200);
        expect(targets(server)).to.deep.equal(["/a", "/b", "/b"]);
      });
    }

    async function* body() {
      yield Buffer.from("x");
    }

    it("repeats a QUERY whose content is in memory, with its content", async () => {
      let count = 0;
      const server = createServer(async (request, response) => {
        count += 1;
        const got = Buffer.concat(await request.toArray()).toString();
        if (count === 2) request.socket.destroy();
        else response.end(`${request.method} ${got}`);
      });
      await once(server.listen(0, "127.0.0.1"), "listening");
      const origin = upstream(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), {
        connections: 1,
      });
      await textOf(await origin.fetch(get("/a"), never));
      const held = { [Symbol.asyncIterator]: body };
      const asked = {
        ...get("/b", [["Content-Length", "1"]]),
        method: "QUERY",
        body: held,
        isBodyHeld: true,
      };
      expect([await textOf(await origin.fetch(asked, never)), count]).to.deep.equal(["QUERY x", 3]);
      server.closeAllConnections();
      server.close();
    });

    for (const [name, request] of [
      ["a POST", { ...get("/b"), method: "POST" }],
      ["a PATCH", { ...get("/b"), method: "PATCH" }],
      [
        "a POST whose content is in memory",
        { ...get("/b", [["Content-Length", "1"]]), method: "POST", body: body(), isBodyHeld: true },
      ],
      ["a PUT with a body", { ...get("/b", [["Content-Length", "1"]]), method: "PUT", body: body() }],
    ] as const) {
      it(`does not repeat ${name}`, async () => {
        const server = await raw(closing);
        const origin = upstream(server.url, { connections: 1 });
        await textOf(await origin.fetch(get("/a"), never));
        const failure = await failureOf(origin.fetch(request, never));
        expect(failure.code).to.equal("connection_terminated");
        expect(targets(server)).to.deep.equal(["/a", "/b"]);
      });
    }

    for (const begun of [
      "H",
      "HTTP/1.1 100 Continue\r\n\r\n",
      "HTTP/1.1 103 Early Hints\r\n\r\n",
      "HTTP/1.1 200 OK\r\n",
    ]) {
      it(`does not repeat what got ${JSON.stringify(begun)}`, async () => {
        const server = await raw((socket, count) => (count === 1 ? socket.write(OK) : socket.end(begun)));
        const origin = upstream(server.url, { connections: 1 });
        await textOf(await origin.fetch(get("/a"), never));
        const failure = await failureOf(origin.fetch(get("/b"), never));
        expect(failure.code).to.equal("http_response_incomplete");
        expect(targets(server)).to.deep.equal(["/a", "/b"]);
      });
    }

    it("does not repeat what failed on a new connection", async () => {
      for (const nothing of ["", "HTTP/1.1 100 Continue\r\n\r\n"]) {
        const server = await raw(nothing, "end");
        await failureOf(upstream(server.url).fetch(get("/a"), never));
        expect(server.heads.length).to.equal(1);
      }
    });

    it("does not repeat what timed out", async () => {
      const clock = new ManualClock();
      const second = new Gate();
      const server = await raw((socket, count) => (count === 1 ? socket.write(OK) : second.open()));
      const origin = upstream(server.url, { connections: 1, clock });
      await textOf(await origin.fetch(get("/a"), never));
      const failing = failureOf(origin.fetch(get("/b"), never));
      await second.passed;
      clock.advance(30_000);
      expect((await failing).code).to.equal("http_response_timeout");
      expect(server.heads.length).to.equal(2);
    });
  });

  describe("with an origin that can not be reached", () => {
    async function reasons(base: URL, options: Partial<UpstreamOptions> = {}): Promise<string[]> {
      const origin: Origin = upstream(base, options);
      const [fetched, probed] = await Promise.all([
        failureOf(origin.fetch(get("/a"), never)),
        failureOf(origin.probe()),
      ]);
      return [fetched.code, probed.code];
    }

    it("names a refused connection", async () => {
      const server = await raw("");
      await server.stop();
      expect(await reasons(server.url)).to.deep.equal(["connection_refused", "connection_refused"]);
    });

    it("names a host that does not exist", async () => {
      expect(await reasons(new URL("http://no-such-host.invalid"))).to.deep.equal(["dns_error", "dns_error"]);
    });

    it("names a connection that is not established in time", async () => {
      const silent = await raw("");
      const base = new URL(`https://127.0.0.1:${silent.url.port}`);
      const codes = await reasons(base, { connectTimeoutMs: 50 });
      expect(codes).to.deep.equal(["connection_timeout", "connection_timeout"]);
    });

    it("gives a request up that allows less time for a connection, and no other", async () => {
      const silent = await raw("");
      const origin = await upstream(new URL(`https://127.0.0.1:${silent.url.port}`));
      const patient = failureOf(origin.fetch(get("/a"), never));
      const hasty = await failureOf(origin.fetch({ ...get("/b"), timeouts: { connectMs: 50 } }, never));
      expect([hasty.code, hasty.message]).to.deep.equal([
        "connection_timeout",
        `GET https://127.0.0.1:${silent.url.port}/b failed: connection_timeout: no connection was made within 50 ms`,
      ]);
      await silent.stop();
      expect((await patient).code).to.not.equal("connection_timeout");
    });

    it("names a peer that does not speak TLS", async () => {
      const server = await raw("");
      server.greeting = "220 mail.example ESMTP\r\n";
      const codes = await reasons(new URL(`https://127.0.0.1:${server.url.port}`));
      expect(codes).to.deep.equal(["tls_protocol_error", "tls_protocol_error"]);
    });

    it("finds nothing wrong with one that listens", async () => {
      const server = await raw("");
      await upstream(server.url).probe();
    });

    it("ends a tunnel when it is closed", async () => {
      const server = await raw(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
      );
      const origin = upstream(server.url);
      const { status } = await origin.fetch({ ...get("/a"), upgrade: "websocket" }, never);
      expect([status, origin.connections.active]).to.deep.equal([101, 1]);
      const closed = server.closed();
      await origin.close();
      await closed;
      expect(origin.connections).to.deep.equal({ active: 0, idle: 0, waiting: 0 });
    });

    it("refuses to fetch once it is closed, and ends what is under way", async () => {
      const server = await raw("");
      const origin = upstream(server.url);
      const waiting = failureOf(origin.fetch(get("/a"), never));
      await origin.close();
      expect((await waiting).code).to.equal("destination_unavailable");
      const failure = await failureOf(origin.fetch(get("/a"), never));
      expect(failure.code).to.equal("destination_unavailable");
    });
  });
});
