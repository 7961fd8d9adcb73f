import type { Socket } from "node:net";
import { expect } from "chai";
import type { Clock } from "../../process/clock.ts";
import { untilStats } from "../rig/edge-state.ts";
import { ask, get, type Reply } from "../rig/http-client.ts";
import { ManualClock } from "../rig/manual-clock.ts";
import { stats } from "../rig/purge.ts";
import { RawOrigin, type RawReply } from "../rig/raw-origin.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { until } from "../rig/until.ts";

const HEALTHY = "HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 7\r\n\r\nhealthy";

/** What it would be worth to store, had it come whole. */
const head = (...lines: readonly string[]): string =>
  ["HTTP/1.1 200 OK", "Cache-Control: max-age=60", ...lines, "", ""].join("\r\n");
const whole = (...lines: readonly string[]): string =>
  `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join("")}Content-Length: 2\r\n\r\nok`;

describe("an edge whose origin misbehaves", () => {
  let origin: RawOrigin;
  let edge: TestEdge;
  let reply: RawReply;

  async function start(misbehaves: string | RawReply, clock?: Clock): Promise<void> {
    reply = typeof misbehaves === "string" ? (socket) => socket.write(misbehaves, "latin1") : misbehaves;
    origin = await RawOrigin.start((socket, count, request) =>
      request.startsWith("GET /healthy ") ? socket.write(HEALTHY) : reply(socket, count, request),
    );
    edge = await startTestEdge(origin.url, clock === undefined ? {} : { clock });
  }

  /** Requests for what it misbehaves on. */
  const asked = (): number => origin.heads.filter((each) => each.startsWith("GET /x ")).length;

  /** The edge goes on as if nothing had been, and keeps `objects` responses. */
  async function isHealthy(objects = 0): Promise<void> {
    expect((await get(edge.url, "/healthy")).text).to.equal("healthy");
    expect((await stats(edge.control)).objects).to.equal(objects);
  }

  async function isCut(answer: Promise<Reply>): Promise<void> {
    const outcome = await answer.then(
      ({ status, text }) => `${status} ${text}`,
      () => "cut",
    );
    expect(outcome).to.equal("cut");
  }

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
  });

  describe("before its fields are complete", () => {
    const refused: readonly [what: string, reply: string | RawReply, error: string][] = [
      [
        "a length with a transfer coding",
        `${head("Content-Length: 2", "Transfer-Encoding: chunked")}2\r\nok\r\n0\r\n\r\n`,
        "http_protocol_error",
      ],
      [
        "a transfer coding with a length",
        `${head("Transfer-Encoding: chunked", "Content-Length: 2")}2\r\nok\r\n0\r\n\r\n`,
        "http_protocol_error",
      ],
      ["two lengths", `${head("Content-Length: 2", "Content-Length: 3")}ok`, "http_protocol_error"],
      ["a signed length", `${head("Content-Length: +2")}ok`, "http_protocol_error"],
      ["a hexadecimal length", `${head("Content-Length: 0x2")}ok`, "http_protocol_error"],
      ["a length beyond 2^64", `${head("Content-Length: 99999999999999999999")}ok`, "http_protocol_error"],
      [
        "a coding that was not asked for",
        `${head("Transfer-Encoding: gzip, chunked")}2\r\nok\r\n0\r\n\r\n`,
        "http_response_transfer_coding",
      ],
      [
        "64 KB of fields",
        `${head(...Array.from({ length: 1024 }, (_, i) => `X-${i}: ${"x".repeat(56)}`))}ok`,
        "http_response_header_section_size",
      ],
      [
        "one field of 64 KB",
        `${head(`X-Large: ${"x".repeat(65_536)}`)}ok`,
        "http_response_header_section_size",
      ],
      ["a tag with a control character", whole("Cache-Tag: a\x01b"), "http_protocol_error"],
      ["a tag with a NUL", whole("Surrogate-Key: a\0b"), "http_protocol_error"],
      ["a field name with a space", whole("X A: 1"), "http_protocol_error"],
      ["a status out of range", "HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n", "http_protocol_error"],
      ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n", "http_protocol_error"],
      ["a flood of 1xx", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(5_000), "http_protocol_error"],
      ["a flood of 100s", "HTTP/1.1 100 Continue\r\n\r\n".repeat(5_000), "http_protocol_error"],
      [
        "an upgrade",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: ws\r\n\r\n",
        "http_upgrade_failed",
      ],
      ["no answer", (socket) => socket.destroy(), "connection_terminated"],
      ["half of its fields", (socket) => socket.end(head().slice(0, -4)), "http_response_incomplete"],
      [
        "304 to a request without conditions",
        "HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\n\r\n",
        "http_protocol_error",
      ],
    ];
    for (const [what, bytes, error] of refused) {
      it(`answers ${what} with 502, says ${error} and stores nothing`, async () => {
        await start(bytes);
        for (const time of [1, 2]) {
          const answer = await get(edge.url, "/x");
          expect([answer.status, answer.header("proxy-status")]).to.deep.equal([
            502,
            `edge-1; error=${error}`,
          ]);
          expect(answer.header("cache-status")).to.match(/^edge-1; fwd=uri-miss; detail=/);
          expect(asked()).to.equal(time);
        }
        await isHealthy();
      });
    }

    it("answers 504 when nothing comes until the deadline", async () => {
      const clock = new ManualClock();
      await start(() => undefined, clock);
      const answer = get(edge.url, "/x");
      await until("the origin is asked", () => asked() === 1);
      clock.advance(30_000);
      const { status, header } = await answer;
      expect([status, header("proxy-status")]).to.deep.equal([504, "edge-1; error=http_response_timeout"]);
      await untilStats(edge.control, ({ state }) => state === "serving");
      await isHealthy();
    });
  });

  describe("inside its body", () => {
    const broken: readonly [what: string, fields: string, sent: string, then: "end" | "stay"][] = [
      ["is shorter than its length", head("Content-Length: 10"), "short", "end"],
      ["ends without its last chunk", head("Transfer-Encoding: chunked"), "5\r\nshort\r\n", "end"],
      ["has a bad chunk", head("Transfer-Encoding: chunked"), "5\r\nshort\r\nzz\r\n", "stay"],
      [
        "has a chunk longer than it says",
        head("Transfer-Encoding: chunked"),
        "5\r\nshorter\r\n0\r\n\r\n",
        "stay",
      ],
    ];
    for (const [what, fields, sent, then] of broken) {
      it(`cuts the client off when it ${what}, and stores nothing`, async () => {
        await start((socket) => (then === "end" ? socket.end(fields + sent) : socket.write(fields + sent)));
        for (const time of [1, 2]) {
          await isCut(get(edge.url, "/x"));
          expect(asked()).to.equal(time);
        }
        await isHealthy();
      });

      it(`cuts the client off when it ${what} after the client has had a part`, async () => {
        const held = Promise.withResolvers<Socket>();
        await start((socket) => {
          socket.write(fields + sent.slice(0, 5));
          held.resolve(socket);
        });
        const arriving = await ask(edge.url, "/x");
        expect(arriving.message.statusCode).to.equal(200);
        const socket = await held.promise;
        if (then === "end") socket.end(sent.slice(5));
        else socket.write(sent.slice(5));
        await isCut(arriving.finish());
        await isHealthy();
      });
    }

    for (const chunk of ["zz", "-2", "FFFFFFFFFFFFFFFFF", "2 2"]) {
      it(`never gives a whole answer when its first chunk has the size ${chunk}`, async () => {
        await start(`${head("Transfer-Encoding: chunked")}${chunk}\r\nok\r\n0\r\n\r\n`);
        const outcome = await get(edge.url, "/x").then(
          ({ status }) => status,
          () => "cut",
        );
        expect(outcome).to.be.oneOf([502, "cut"]);
        await isHealthy();
      });
    }

    it("cuts off everyone who waits for it, and asks again for the next one", async () => {
      const held = Promise.withResolvers<Socket>();
      await start((socket) => {
        socket.write(`${head("Content-Length: 10")}short`);
        held.resolve(socket);
      });
      const waiting = await Promise.all(["a", "b", "c"].map(() => ask(edge.url, "/x")));
      expect(asked()).to.equal(1);
      (await held.promise).destroy();
      for (const each of waiting) await isCut(each.finish());
      reply = (socket) => socket.write(whole("Cache-Control: max-age=60"));
      expect((await get(edge.url, "/x")).text).to.equal("ok");
      await isHealthy(1);
    });

    it("cuts the client off when nothing more comes until the deadline", async () => {
      const clock = new ManualClock();
      await start(`${head("Content-Length: 10")}short`, clock);
      const arriving = await ask(edge.url, "/x");
      const [first] = await arriving.message[Symbol.asyncIterator]()
        .next()
        .then(({ value }) => [value]);
      expect(String(first)).to.equal("short");
      const rest = arriving.finish();
      clock.advance(30_000);
      await isCut(rest);
      await untilStats(edge.control, ({ state }) => state === "serving");
      await isHealthy();
    });

    it("serves what its length says and nothing that follows it, not even to the next request", async () => {
      const poison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nCache-Control: max-age=60\r\n\r\npoison";
      await start(`${head("Content-Length: 4")}good${poison}`);
      expect((await get(edge.url, "/x")).text).to.equal("good");
      await isHealthy(1);
      expect((await get(edge.url, "/x")).text).to.equal("good");
      expect(origin.connections).to.equal(2);
    });

    it("serves a body that ends with the connection, and does not store it", async () => {
      await start((socket) => socket.end(`${head()}whole?`));
      for (const time of [1, 2]) {
        expect((await get(edge.url, "/x")).text).to.equal("whole?");
        expect(asked()).to.equal(time);
      }
      await isHealthy();
    });
  });

  describe("in what it says of freshness", () => {
    const asMany = "Cache-Control: max-age=60";
    const reused: readonly [what: string, ...lines: string[]][] = [
      ["max-age in quotes", 'Cache-Control: max-age="60"'],
      ["max-age with leading zeros", "Cache-Control: max-age=0060"],
      ["max-age of 2^63", "Cache-Control: max-age=9223372036854775808"],
      ["max-age of a hundred digits", `Cache-Control: max-age=${"9".repeat(100)}`],
      ["two values of max-age, the first of which counts", "Cache-Control: max-age=60, max-age=0"],
      ["a directive nobody knows beside max-age", "Cache-Control: , max-age=60,, __proto__=1, constructor"],
      // RFC 9111 section 5.1: an invalid Age is ignored.
      ["an Age that is no number", asMany, "Age: abc"],
      ["an Age below zero", asMany, "Age: -5"],
      ["an Age with a fraction", asMany, "Age: 1.5"],
      ["an empty Age", asMany, "Age:"],
      ["no-cache for a field that is not there", 'Cache-Control: max-age=60, no-cache="X-A"'],
    ];
    for (const [what, ...lines] of reused) {
      it(`reuses a response with ${what}`, async () => {
        await start(whole(...lines));
        await get(edge.url, "/x");
        const again = await get(edge.url, "/x");
        expect([again.text, again.header("x-cache"), asked()]).to.deep.equal(["ok", "HIT", 1]);
        expect(Number(/ttl=(\d+)/.exec(again.header("cache-status") ?? "")?.[1])).to.be.within(1, 2 ** 31);
        await isHealthy(1);
      });
    }

    const notReused: readonly [what: string, ...lines: string[]][] = [
      ["max-age=-1", "Cache-Control: max-age=-1"],
      ["max-age=1e9", "Cache-Control: max-age=1e9"],
      ["max-age=+60", "Cache-Control: max-age=+60"],
      ["max-age=60.5", "Cache-Control: max-age=60.5"],
      ["max-age=0x60", "Cache-Control: max-age=0x60"],
      ["max-age = 60", "Cache-Control: max-age = 60"],
      ["max-age without a value", "Cache-Control: max-age"],
      ["max-age in a quote that never closes", 'Cache-Control: max-age="60'],
      ["two values of max-age, the first of them 0", "Cache-Control: max-age=0, max-age=60"],
      ["two lines of max-age, the first of them 0", "Cache-Control: max-age=0", asMany],
      ["a bad s-maxage before a good max-age", "Cache-Control: max-age=60, s-maxage=a"],
      ['private=""', 'Cache-Control: max-age=60, private=""'],
      ["private=", "Cache-Control: max-age=60, private="],
      ['private="', 'Cache-Control: max-age=60, private="'],
      ["no-cache=", "Cache-Control: max-age=60, no-cache="],
      ['no-cache=""', 'Cache-Control: max-age=60, no-cache=""'],
      ['no-cache="a b"', 'Cache-Control: max-age=60, no-cache="a b"'],
      ["no-store=1", "Cache-Control: max-age=60, no-store=1"],
      ["a huge Age", asMany, "Age: 9223372036854775808"],
      ["an Age of a hundred digits", asMany, `Age: ${"9".repeat(100)}`],
      ["Expires that is no date", "Expires: 0"],
      ["Set-Cookie with max-age", "Cache-Control: public, max-age=60", "Set-Cookie: a=1"],
      ["Set-Cookie with a heuristic only", "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT", "Set-Cookie: a=1"],
      ["Vary: *", asMany, "Vary: *"],
      ["a tag with a tab", asMany, "Cache-Tag: a\tb"],
      ["a tag that is not ASCII", asMany, "Cache-Tag: caf\xe9"],
      ["a malformed Cache-Groups", asMany, 'Cache-Groups: "a'],
    ];
    for (const [what, ...lines] of notReused) {
      it(`asks again after a response with ${what}`, async () => {
        await start(whole(...lines));
        for (const time of [1, 2]) {
          const answer = await get(edge.url, "/x");
          expect([answer.text, answer.header("x-cache"), asked()]).to.deep.equal(["ok", "MISS", time]);
        }
        expect((await get(edge.url, "/healthy")).text).to.equal("healthy");
      });
    }

    for (const [what, freshness] of [
      ["max-age", () => "Cache-Control: max-age=5"],
      ["Expires", (date: number) => `Expires: ${new Date(date + 5_000).toUTCString()}`],
    ] as const) {
      it(`gives no longer life to a response with ${what} from the future`, async () => {
        const clock = new ManualClock();
        const date = clock.wall() + 3_600_000;
        await start(whole(`Date: ${new Date(date).toUTCString()}`, freshness(date)), clock);
        await get(edge.url, "/x");
        expect((await get(edge.url, "/x")).header("x-cache")).to.equal("HIT");
        clock.advance(5_000);
        await untilStats(edge.control, ({ state }) => state === "serving");
        expect((await get(edge.url, "/x")).header("x-cache")).to.equal("MISS");
      });
    }
  });

  describe("in its status", () => {
    it("never takes a 206 that nobody asked for as a whole response", async () => {
      await start(
        "HTTP/1.1 206 Partial Content\r\nCache-Control: max-age=60\r\nContent-Range: bytes 0-1/10\r\nContent-Length: 2\r\n\r\nok",
      );
      for (const time of [1, 2]) {
        const answer = await get(edge.url, "/x");
        expect(answer.status).to.be.oneOf([206, 502]);
        expect(asked()).to.equal(time);
      }
      await isHealthy();
    });

    it("passes a redirect on and follows it nowhere", async () => {
      await start("HTTP/1.1 302 Found\r\nLocation: /healthy\r\nContent-Length: 0\r\n\r\n");
      const { status, header } = await get(edge.url, "/x");
      expect([status, header("location"), origin.heads.length]).to.deep.equal([302, "/healthy", 1]);
      await isHealthy();
    });

    it("lets a few interim responses come before the final one", async () => {
      const hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n".repeat(3);
      await start(`${hints}${whole("Cache-Control: max-age=60")}`);
      const { status, text, header } = await get(edge.url, "/x");
      expect([status, text, header("link")]).to.deep.equal([200, "ok", undefined]);
      await isHealthy(1);
    });
  });
});
