import { expect } from "chai";
import { get } from "../../test/rig/http-client.ts";
import { HttpOrigin } from "../../test/rig/http-origin.ts";
import { stats } from "../../test/rig/purge.ts";
import { RawConnection, type RawReply } from "../../test/rig/raw-connection.ts";
import { startTestEdge, type TestEdge } from "../../test/rig/test-edge.ts";
import { until } from "../../test/rig/until.ts";

const HOST = "Host: site.example\r\n";
const FRESH = [["Cache-Control", "max-age=60"]] as const;

/** A whole request, its fields one a line. */
function request(line: string, fields = "", content = ""): string {
  return `${line} HTTP/1.1\r\n${HOST}${fields}\r\n${content}`;
}

function fieldLine(name: string, length: number): string {
  return `${name}: ${"v".repeat(length)}\r\n`;
}

describe("the data port", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;
  const open: RawConnection[] = [];

  before(async () => {
    origin = await HttpOrigin.start({ "/healthy": { fields: FRESH, body: "healthy" } });
    edge = await startTestEdge(origin.url);
  });

  after(async () => {
    await edge.stop();
    await origin.stop();
  });

  afterEach("serves others, and counts every request once", async () => {
    for (const connection of open.splice(0)) connection.destroy();
    expect((await get(edge.url, "/healthy")).text).to.equal("healthy");
    const { requests, hits, misses, stale, revalidated, bypass, errors } = await stats(edge.control);
    expect(requests).to.equal(hits + misses + stale + revalidated + bypass + errors);
  });

  async function connection(): Promise<RawConnection> {
    const opened = await RawConnection.open(edge.url);
    open.push(opened);
    return opened;
  }

  async function send(bytes: string): Promise<RawConnection> {
    return (await connection()).send(bytes);
  }

  function expectRefusal(reply: RawReply, status: number, detail: string): void {
    expect(reply.status).to.equal(status);
    expect(reply.header("Cache-Status")).to.equal(`edge-1; fwd=bypass; detail=${detail}`);
    expect(reply.header("X-Cache")).to.equal("BYPASS");
    expect(reply.header("Proxy-Status")).to.equal("edge-1; error=http_request_error");
    expect(reply.header("Connection")).to.equal("close");
    expect(reply.header("Date")).to.match(/ GMT$/);
  }

  describe("refuses, closes the connection, and asks nothing of the origin", () => {
    const POST = "POST /a";
    const CHUNKED = "Transfer-Encoding: chunked\r\n";
    const rows: readonly (readonly [what: string, bytes: string, status: number, detail: string])[] = [
      ["two Host fields", request("GET /a", "Host: site.example\r\n"), 400, "two-host-fields"],
      ["no Host", "GET /a HTTP/1.1\r\n\r\n", 400, "no-host"],
      ["an empty Host", "GET /a HTTP/1.1\r\nHost:\r\n\r\n", 400, "malformed-host"],
      ["user information in Host", "GET /a HTTP/1.1\r\nHost: a@evil\r\n\r\n", 400, "malformed-host"],
      ["a path in Host", "GET /a HTTP/1.1\r\nHost: a/x?y\r\n\r\n", 400, "malformed-host"],
      ["a port over 65535", "GET /a HTTP/1.1\r\nHost: a:99999\r\n\r\n", 400, "malformed-host"],
      ["half an IPv6 address", "GET /a HTTP/1.1\r\nHost: [::\r\n\r\n", 400, "malformed-host"],
      ["a target with another authority than Host", request("GET http://evil/a"), 400, "host-mismatch"],
      ["a target with another port than Host", request("GET http://site.example:81/a"), 400, "host-mismatch"],
      ["user information in the target", request("GET http://site.example@evil/a"), 400, "target-authority"],
      ["a fragment", request("GET /a#b"), 400, "target-fragment"],
      ["a backslash", request("GET /a\\b"), 400, "target-character"],
      ["raw UTF-8", request("GET /\xc3\xa9"), 400, "target-character"],
      ["a space in the target", request("GET /a b"), 400, "malformed-request-line"],
      ["%00", request("GET /a%00"), 400, "target-control"],
      ["%0a", request("GET /a%0a"), 400, "target-control"],
      ["%0D", request("GET /a%0D"), 400, "target-control"],
      ["a broken escape", request("GET /a%zz"), 400, "target-percent"],
      ["a target that is no path", request("GET a"), 400, "target-form"],
      ["OPTIONS *", request("OPTIONS *"), 501, "asterisk-form"],
      ["a target over 8 KiB", request(`GET /${"a".repeat(8192)}`), 414, "target-too-long"],
      ["HTTP/2.0", `GET /a HTTP/2.0\r\n${HOST}\r\n`, 505, "http-version"],
      ["HTTP/1.2", `GET /a HTTP/1.2\r\n${HOST}\r\n`, 505, "http-version"],
      ["an HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "http-version"],
      ["HTTP/0.9", "GET /a\r\n\r\n", 400, "malformed-request-line"],
      [
        "HTTP/1.0 with Transfer-Encoding",
        `POST /a HTTP/1.0\r\n${HOST}${CHUNKED}\r\n0\r\n\r\n`,
        400,
        "transfer-encoding-in-http-1.0",
      ],
      [
        "gzip before chunked",
        request(POST, "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
        501,
        "unknown-transfer-coding",
      ],
      ["chunked before gzip", request(POST, "Transfer-Encoding: chunked, gzip\r\n"), 400, "not-chunked"],
      [
        "Transfer-Encoding and Content-Length",
        request(POST, `${CHUNKED}Content-Length: 5\r\n`, "0\r\n\r\n"),
        400,
        "length-and-transfer-encoding",
      ],
      [
        "Content-Length and Transfer-Encoding",
        request(POST, `Content-Length: 5\r\n${CHUNKED}`, "0\r\n\r\n"),
        400,
        "length-and-transfer-encoding",
      ],
      [
        "two Content-Lengths",
        request(POST, "Content-Length: 1\r\nContent-Length: 1\r\n", "a"),
        400,
        "two-content-lengths",
      ],
      [
        "a list of Content-Lengths",
        request(POST, "Content-Length: 1, 1\r\n", "a"),
        400,
        "malformed-content-length",
      ],
      [
        "a signed Content-Length",
        request(POST, "Content-Length: +1\r\n", "a"),
        400,
        "malformed-content-length",
      ],
      [
        "a negative Content-Length",
        request(POST, "Content-Length: -1\r\n", "a"),
        400,
        "malformed-content-length",
      ],
      [
        "a hex Content-Length",
        request(POST, "Content-Length: 0x1\r\n", "a"),
        400,
        "malformed-content-length",
      ],
      [
        "a Content-Length over 2^64",
        request(POST, `Content-Length: ${"9".repeat(20)}\r\n`),
        400,
        "malformed-content-length",
      ],
      ["a space before a colon", request("GET /a", "X : 1\r\n"), 400, "space-before-colon"],
      ["a folded field line", request("GET /a", "X: 1\r\n 2\r\n"), 400, "folded-field"],
      ["a NUL in a field", request("GET /a", "X: 1\x002\r\n"), 400, "malformed-field"],
      ["bare line feeds", "GET /a HTTP/1.1\nHost: site.example\n\n", 400, "malformed-request-line"],
      ["several spaces in the request line", request("GET  /a"), 400, "malformed-request-line"],
      ["a bare line feed before the request", `\n${request("GET /a")}`, 400, "malformed-method"],
      [
        "more than one empty line before the request",
        `\r\n\r\n${request("GET /a")}`,
        400,
        "malformed-method",
      ],
      ["a version that is none", `GET /a HTTP/1.x\r\n${HOST}\r\n`, 400, "malformed-request-line"],
      ["no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "malformed-method"],
      ["PURGE", request("PURGE /healthy"), 405, "method-not-allowed"],
      ["BAN", request("BAN /healthy"), 405, "method-not-allowed"],
      ["TRACE", request("TRACE /a"), 405, "method-not-allowed"],
      ["CONNECT", "CONNECT evil:443 HTTP/1.1\r\nHost: evil:443\r\n\r\n", 405, "method-not-allowed"],
      ["an unknown Expect", request("GET /a", "Expect: the-unexpected\r\n"), 417, "expectation"],
      ["over 8 KiB of fields", request("GET /a", fieldLine("X", 8192)), 431, "fields-too-large"],
      ["over 64 KiB of fields", request("GET /a", fieldLine("X", 65_536)), 431, "fields-too-large"],
      ["over 100 fields", request("GET /a", fieldLine("X", 1).repeat(100)), 431, "too-many-fields"],
      ["over 2000 fields", request("GET /a", fieldLine("X", 1).repeat(2001)), 431, "too-many-fields"],
    ];

    for (const [what, bytes, status, detail] of rows) {
      it(`${what}: ${status}`, async () => {
        const before = { origin: origin.count(), errors: (await stats(edge.control)).errors };
        const client = await send(bytes);
        const reply = await client.reply();
        expectRefusal(reply, status, detail);
        expect(reply.header("Allow") === undefined).to.equal(status !== 405);
        expect(reply.body).to.match(new RegExp(`^${status} .*: ${detail}\nerror id: [0-9a-f-]{36}\n$`));
        expect(await client.rest()).to.equal("");
        expect(origin.count()).to.equal(before.origin);
        expect((await stats(edge.control)).errors).to.equal(before.errors + 1);
      });
    }

    it("a HEAD request, without content", async () => {
      const client = await send(request("HEAD /a#b"));
      expectRefusal(await client.reply("HEAD"), 400, "target-fragment");
      expect(await client.rest()).to.equal("");
    });

    it("whatever follows a refused request, however good it looks", async () => {
      const client = await send(
        `${request("GET /a#b")}${request("POST /smuggled", "Content-Length: 0\r\n")}`,
      );
      expectRefusal(await client.reply(), 400, "target-fragment");
      client.send(request("GET /smuggled"));
      expect(await client.rest()).to.equal("");
      expect(origin.count("/smuggled")).to.equal(0);
    });

    it("a client that is still sending, which gets to read why", async () => {
      const client = await send(request("POST /a#b", "Content-Length: 8000000\r\n"));
      for (let i = 0; i < 80; i += 1) client.send("x".repeat(100_000));
      expectRefusal(await client.reply(), 400, "target-fragment");
    });
  });

  describe("when the content of a request is broken", () => {
    for (const [what, content] of [
      ["a size that is no number", "zz\r\n"],
      ["a negative size", "-1\r\n"],
      ["a size over 2^64", `${"f".repeat(17)}\r\n`],
      ["a chunk that is longer than it says", "1\r\nab\r\n0\r\n\r\n"],
      ["an endless extension", `1;${"e".repeat(20_000)}\r\na\r\n0\r\n\r\n`],
    ] as const) {
      it(`answers 400 to chunks with ${what}, and the origin never gets a whole request`, async () => {
        const seen: string[] = [];
        origin.answer("/form", async (message) => {
          seen.push(await message.body());
          return { body: "stored" };
        });
        const client = await send(request("POST /form", "Transfer-Encoding: chunked\r\n", content));
        expectRefusal(await client.reply(), 400, "malformed-body");
        expect(await client.rest()).to.equal("");
        expect(seen).to.deep.equal([]);
      });
    }

    it("closes the connection of a request that is answered already", async () => {
      const client = await send(request("GET /healthy", "Transfer-Encoding: chunked\r\n"));
      expect((await client.reply()).body).to.equal("healthy");
      client.send("zz\r\n");
      expect(await client.rest()).to.equal("");
    });

    it("closes the connection when it cuts off an answer under way", async () => {
      origin.answer("/half", { body: "first-half.last-half." });
      const body = origin.hold("/half", "body");
      const client = await send(request("POST /half", "Transfer-Encoding: chunked\r\n", "1\r\na\r\n"));
      await origin.received("/half");
      client.send("zz\r\n");
      const [head = ""] = (await client.rest()).split("\r\n");
      expect(head).to.be.oneOf(["HTTP/1.1 200 OK", "HTTP/1.1 400 Bad Request"]);
      body.open();
    });
  });

  describe("on one connection", () => {
    it("answers pipelined requests in order, whichever is ready first", async () => {
      origin.answer("/slow", { fields: FRESH, body: "slow" });
      const fields = origin.hold("/slow", "fields");
      const client = await send(request("GET /slow") + request("GET /healthy") + request("HEAD /healthy"));
      await origin.received("/slow");
      fields.open();
      expect((await client.reply()).body).to.equal("slow");
      expect((await client.reply()).body).to.equal("healthy");
      expect((await client.reply("HEAD")).header("Content-Length")).to.equal("7");
    });

    it("asks the origin for one pipelined request after the other, and answers any number of them", async () => {
      const paths = Array.from({ length: 3_000 }, (_, i) => `/pipelined-${i}`);
      for (const path of paths) origin.answer(path, { body: path });
      const fields = origin.hold("/pipelined-0", "fields");
      const before = origin.count();
      const client = await send(paths.map((path) => request(`GET ${path}`)).join(""));
      await origin.received("/pipelined-0");
      expect((await get(edge.url, "/healthy")).text).to.equal("healthy");
      expect(origin.count()).to.equal(before + 1);
      fields.open();
      for (const path of paths) expect((await client.reply()).body).to.equal(path);
    });

    it("answers what came before nonsense, and then refuses the nonsense", async () => {
      origin.answer("/before", { fields: FRESH, body: "before" });
      const fields = origin.hold("/before", "fields");
      const client = await send(`${request("GET /before")}nonsense\r\n\r\n`);
      await origin.received("/before");
      fields.open();
      expect((await client.reply()).body).to.equal("before");
      expectRefusal(await client.reply(), 400, "malformed-method");
      expect(await client.rest()).to.equal("");
    });

    it("answers what came before a refused request", async () => {
      const client = await send(request("GET /healthy") + request("GET /a#b"));
      expect((await client.reply()).body).to.equal("healthy");
      expectRefusal(await client.reply(), 400, "target-fragment");
    });

    it("neither caches nor forwards the content of a GET, and reads the next request right", async () => {
      origin.answer("/with-content", async (message) => ({
        fields: FRESH,
        body: `content: ${await message.body()}`,
      }));
      const smuggled = request("GET /smuggled-in-content");
      const lengthOf = `Content-Length: ${smuggled.length}\r\n`;
      const client = await send(request("GET /with-content", lengthOf, smuggled) + request("GET /healthy"));
      const reply = await client.reply();
      expect(reply.body).to.equal("content: ");
      expect(reply.header("Cache-Status")).to.match(/^edge-1; fwd=(bypass|request); fwd-status=200/);
      expect(reply.header("X-Cache")).to.equal("BYPASS");
      expect((await client.reply()).body).to.equal("healthy");
      client.send(request("GET /with-content", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"));
      client.send(request("GET /healthy"));
      expect((await client.reply()).body).to.equal("content: ");
      expect((await client.reply()).body).to.equal("healthy");
      expect(origin.count("/with-content")).to.equal(2);
      expect(origin.count("/smuggled-in-content")).to.equal(0);
    });

    it("sends 100 to who waits for it, and passes the content on", async () => {
      origin.answer("/upload", async (message) => ({ body: `got ${await message.body()}` }));
      const client = await send(request("POST /upload", "Expect: 100-continue\r\nContent-Length: 3\r\n"));
      expect((await client.reply()).status).to.equal(100);
      client.send("abc");
      expect((await client.reply()).body).to.equal("got abc");
      expect(origin.requests("/upload")[0]?.header("expect")).to.equal(undefined);
    });

    it("sends no 100 before a refusal", async () => {
      const client = await send(request("POST /a#b", "Expect: 100-continue\r\nContent-Length: 3\r\n"));
      expectRefusal(await client.reply(), 400, "target-fragment");
    });
  });

  describe("passes on byte for byte", () => {
    for (const target of [
      "//evil/x",
      "/a/../b",
      "/a/%2e%2e/b",
      "/a/..%2fb",
      "/./a//b/",
      "/a?b=http://c/%23",
      "/a;b=c,d",
    ]) {
      it(`the target ${target}, and keeps what comes under it`, async () => {
        const [path = ""] = target.split("?");
        origin.answer(path, { fields: FRESH, body: "as asked" });
        for (const cached of ["MISS", "HIT"]) {
          const client = await send(request(`GET ${target}`));
          const reply = await client.reply();
          expect([reply.body, reply.header("X-Cache")]).to.deep.equal(["as asked", cached]);
        }
        expect(origin.requests(path).map((seen) => seen.target)).to.deep.equal([target]);
      });
    }

    it("the path of a target in absolute-form that names the Host", async () => {
      origin.answer("/absolute", (seen) => ({ fields: FRESH, body: seen.target }));
      for (const absolute of ["http://site.example", "HTTP://SITE.example:80", "http://site.example:"]) {
        const client = await send(request(`GET ${absolute}/absolute?q`));
        expect((await client.reply()).body).to.equal("/absolute?q");
      }
      expect(origin.count("/absolute")).to.equal(1);
    });
  });

  describe("takes what is odd but right", () => {
    it("an HTTP/1.0 request, without Host, whose answer ends with the connection", async () => {
      origin.answer("/stream", {
        body: (async function* () {
          yield Buffer.from("streamed");
        })(),
      });
      const client = await send("GET /stream HTTP/1.0\r\n\r\n");
      const reply = await client.reply();
      expect([reply.body, reply.header("Transfer-Encoding")]).to.deep.equal(["streamed", undefined]);
    });

    it("an offer of a protocol that never passes, which it ignores", async () => {
      for (const protocol of ["h2c", "TLS/1.0", "unknown"]) {
        const client = await send(request("GET /healthy", `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n`));
        expect((await client.reply()).body).to.equal("healthy");
      }
    });

    it("one empty line before the request", async () => {
      const client = await send(`\r\n${request("GET /healthy")}`);
      expect((await client.reply()).body).to.equal("healthy");
    });

    it("a method that it does not know, which the origin may know", async () => {
      origin.answer("/odd", (seen) => ({ body: seen.method }));
      const client = await send(request("M-SEARCH /odd") + request("GET /healthy"));
      expect((await client.reply()).body).to.equal("M-SEARCH");
      expect((await client.reply()).body).to.equal("healthy");
    });

    it("an HTTP/1.0 request to keep the connection, which it closes", async () => {
      const client = await send("GET /healthy HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
      const reply = await client.reply();
      expect([reply.body, reply.header("Connection")]).to.deep.equal(["healthy", "close"]);
      expect(await client.rest()).to.equal("");
    });

    it("a client that closes its sending half and waits", async () => {
      const client = await connection();
      client.socket.end(request("GET /healthy"));
      expect(await client.rest()).to.match(/^HTTP\/1\.1 200 OK\r\n[\s\S]*healthy$/);
    });

    it("100 fields of 8 KiB together", async () => {
      const client = await send(request("GET /healthy", fieldLine("X-Some", 60).repeat(99)));
      expect((await client.reply()).status).to.equal(200);
    });

    it("fields named like the properties of every object", async () => {
      // It varies on them, so they are among those that the origin gets.
      const fieldsOfProto: [string, string][] = [["Vary", "__proto__, constructor"]];
      origin.answer("/proto", (seen) => ({ fields: fieldsOfProto, body: seen.rawHeaders.join() }));
      const fields = "__proto__: 1\r\nconstructor: 2\r\ntoString: 3\r\nhasOwnProperty: 4\r\n";
      const reply = await (await send(request("GET /proto", fields))).reply();
      expect(reply.status).to.equal(200);
      expect(reply.body).to.contain("__proto__,1").and.contain("constructor,2");
    });

    it("a thousand ranges, overflowing ones and reversed ones", async () => {
      const many = `Range: bytes=${Array.from({ length: 1000 }, (_, i) => `${i % 7}-`).join()}\r\n`;
      const reversed = "Range: bytes=5-2\r\n";
      const overflow = "Range: bytes=18446744073709551616-\r\n";
      for (const [field, statuses] of [
        [many, [200, 416]],
        [reversed, [200, 416]],
        [overflow, [200, 416]],
      ] as const) {
        const reply = await (await send(request("GET /healthy", field))).reply();
        expect(reply.status).to.be.oneOf([...statuses]);
      }
    });

    it("as many entity tags as fit, and refuses ten thousand", async () => {
      const tags = (count: number) =>
        `If-None-Match: ${Array.from({ length: count }, (_, i) => `"${i}"`)}\r\n`;
      expect((await (await send(request("GET /healthy", tags(1000)))).reply()).status).to.equal(200);
      expectRefusal(
        await (await send(request("GET /healthy", tags(10_000)))).reply(),
        431,
        "fields-too-large",
      );
    });

    it("4 KB of Accept-Encoding", async () => {
      const codings = `Accept-Encoding: ${"gzip;q=0.1, ".repeat(340)}br\r\n`;
      const reply = await (await send(request("GET /healthy", codings))).reply();
      expect([reply.body, reply.header("Content-Encoding")]).to.deep.equal(["healthy", undefined]);
    });
  });

  describe("when a client leaves", () => {
    it("in the middle of an answer, others who wait for the same get all of it", async () => {
      origin.answer("/shared", { fields: FRESH, body: "first-half.last-half." });
      const body = origin.hold("/shared", "body");
      const leaver = await send(request("GET /shared"));
      await origin.received("/shared");
      const stayer = await send(request("GET /shared"));
      leaver.destroy();
      body.open();
      expect((await stayer.reply()).body).to.equal("first-half.last-half.");
      const later = await get(edge.url, "/shared", { headers: { Host: "site.example" } });
      expect(later.header("x-cache")).to.equal("HIT");
      expect(origin.count("/shared")).to.equal(1);
    });

    it("while its request waits for its turn, the origin is not asked for it", async () => {
      // Its position is in the future, so each of these has to be asked for anew, 32 at a time.
      const asks = (path: string) => send(request(`GET ${path}`, "EdgeCache-After: 9000000000000000-1\r\n"));
      const inFlight = async (): Promise<number> => {
        const { text } = await get(edge.operator, "/metrics");
        return Number(/^edgecache_edge_in_flight\{.*\} (\d+)$/m.exec(text)?.[1]);
      };
      const paths = Array.from({ length: 32 }, (_, i) => `/turn/${i}`);
      for (const path of [...paths, "/given-up", "/last"]) origin.answer(path, { fields: FRESH, body: path });
      const gates = paths.map((path) => origin.hold(path, "fields"));
      const waiting = await Promise.all(paths.map(asks));
      for (const path of paths) await origin.received(path);
      const leaver = await asks("/given-up");
      while ((await inFlight()) < 33);
      // A reset: a client that only stops sending may still wait for its answer.
      leaver.socket.resetAndDestroy();
      while ((await inFlight()) > 32);
      const last = await asks("/last");
      for (const gate of gates) gate.open();
      for (const client of [...waiting, last]) expect((await client.reply()).status).to.equal(200);
      expect(origin.count("/given-up")).to.equal(0);
    });

    it("in the middle of its own request, the origin's connection is let go", async () => {
      origin.answer("/cut-form", async (message) => ({ body: await message.body() }));
      const client = await send(request("POST /cut-form", "Content-Length: 100\r\n", "only this"));
      await origin.received("/cut-form");
      const broken = origin.broken;
      client.destroy();
      await until(
        "the origin's connection is let go",
        () => origin.broken !== broken,
        () => get(edge.url, "/healthy"),
      );
    });
  });
});
