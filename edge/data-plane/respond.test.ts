import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { ExchangeStreams } from "../../http/server/exchange-streams.ts";
import type { HttpServer } from "../../http/server/http-server.ts";
import { createLog } from "../../process/log.ts";
import { Gate } from "../../test/rig/gate.ts";
import { get } from "../../test/rig/http-client.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { RawConnection } from "../../test/rig/raw-connection.ts";
import { startTestServer } from "../../test/rig/test-server.ts";
import { until } from "../../test/rig/until.ts";
import { bytesContent, type Content, type Served, textContent } from "../cache/answer.ts";
import { EdgeCounters } from "../cache/metrics.ts";
import { respond } from "./respond.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

function servedOf(content: Content, fields: readonly (readonly [string, string])[] = []): Served {
  return { status: 200, fields: Fields.of(fields), content, outcome: { kind: "hit", ttl: 60 } };
}

/** Content from `chunks`, which notes when it is let go. */
class StreamedContent {
  readonly kind = "stream";
  readonly length = undefined;
  readonly cancelled = new Gate();
  readonly #chunks: () => AsyncIterable<Uint8Array>;

  constructor(chunks: () => AsyncIterable<Uint8Array>) {
    this.#chunks = chunks;
  }

  read(): AsyncIterable<Uint8Array> {
    return this.#chunks();
  }

  cancel(): void {
    this.cancelled.open();
  }
}

describe("respond", () => {
  const DATE = "Fri, 27 Nov 2026 12:00:00 GMT";
  let clock: ManualClock;
  let counters: EdgeCounters;
  let server: HttpServer;
  let base: string;
  let served: Served;
  let responded: Promise<void>;

  beforeEach(async () => {
    clock = new ManualClock();
    counters = new EdgeCounters();
    const edge = { id: "edge-1", log: createLog("test", "silent"), counters };
    ({ server, url: base } = await startTestServer(
      (exchange) => {
        const { method } = exchange.request;
        const streams = new ExchangeStreams(exchange, clock, (why) => {
          if (served.content.kind === "stream") served.content.cancel();
          if (why !== "client-left") exchange.cut();
        });
        responded = respond(served, streams, { edge: "edge-1", site: "a", method, date: DATE }, edge);
      },
      {},
      clock,
    ));
  });

  afterEach(async () => {
    const closed = server.close(0);
    clock.advance(0);
    await closed;
  });

  it("tells how long the request waited for the origin, if it did", async () => {
    served = { ...servedOf(textContent("a"), [["Server-Timing", "db;dur=5"]]), originMs: 12.345 };
    expect((await get(base, "/")).header("Server-Timing")).to.equal("db;dur=5, origin;dur=12.3");
    served = servedOf(textContent("a"));
    expect((await get(base, "/")).header("Server-Timing")).to.equal(undefined);
  });

  it("adds the length, the outcome and the age, and drops those of another cache", async () => {
    const fields = [
      ["Content-Type", "text/plain"],
      ["Age", "7"],
      ["X-Cache", "HIT from elsewhere"],
      ["Cache-Status", "inner; hit"],
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
    ] as const;
    served = { ...servedOf(textContent("text"), fields), age: 12 };
    const reply = await get(base, "/");
    expect(reply.text).to.equal("text");
    expect(reply.header("content-length")).to.equal("4");
    expect(reply.header("age")).to.equal("12");
    expect(reply.header("x-cache")).to.equal("HIT");
    expect(reply.header("cache-status")).to.equal("inner; hit, edge-1; hit; ttl=60");
    expect(reply.header("set-cookie")).to.equal("a=1, b=2");
    expect(reply.header("date")).to.match(/ GMT$/);
  });

  it("tells no length of a stored 204", async () => {
    served = { ...servedOf(bytesContent([])), status: 204 };
    const reply = await get(base, "/");
    expect([reply.status, reply.header("content-length")]).to.deep.equal([204, undefined]);
  });

  it("passes on the age that the origin's answer has, when it is not from the store", async () => {
    served = servedOf(textContent(""), [["Age", "7"]]);
    expect((await get(base, "/")).header("age")).to.equal("7");
  });

  it("writes bytes of any size whole, in order", async () => {
    const chunks = [1, 700_000, 0, 3_000_000, 5].map((size, i) => new Uint8Array(size).fill(i + 65));
    served = servedOf(bytesContent(chunks));
    const reply = await get(base, "/");
    expect(reply.body.equals(Buffer.concat(chunks))).to.equal(true);
    expect(reply.header("content-length")).to.equal("3700006");
  });

  it("closes content that a HEAD request does not need", async () => {
    const content = new StreamedContent(async function* () {
      yield Buffer.from("unwanted");
    });
    served = servedOf(content);
    expect((await get(base, "/", { method: "HEAD" })).text).to.equal("");
    await content.cancelled.passed;
  });

  it("cuts the connection when the content breaks off", async () => {
    const arrived = new Gate();
    served = servedOf(
      new StreamedContent(async function* () {
        yield Buffer.from("the beginning");
        await arrived.passed;
        throw new Error("the origin broke off");
      }),
    );
    const client = (await RawConnection.open(base)).send(GET);
    await once(client.socket, "data");
    arrived.open();
    expect(await client.rest())
      .to.contain("HTTP/1.1 200 OK")
      .and.not.contain("\r\n0\r\n");
    await responded;
  });

  for (const [how, leave] of [
    ["resets its connection", (client: RawConnection) => void client.socket.resetAndDestroy()],
    ["closes its connection and nothing is sent for 10 s", closeAndWait],
  ] as const) {
    it(`closes the content while the origin is silent when the client ${how}`, async () => {
      const silence = new Gate();
      const content = new StreamedContent(async function* () {
        yield Buffer.from("the beginning");
        await silence.passed;
      });
      served = servedOf(content);
      const client = (await RawConnection.open(base)).send(GET);
      await once(client.socket, "data");
      await leave(client);
      await content.cancelled.passed;
      silence.open();
      await responded;
    });
  }

  async function closeAndWait(client: RawConnection): Promise<void> {
    client.destroy();
    for (let i = 0; i < 50; i += 1) await turn();
    clock.advance(10_501);
  }

  it("answers 502 in place of fields that cannot be sent", async () => {
    const content = new StreamedContent(async function* () {
      yield Buffer.from("unsent");
    });
    served = servedOf(content, [["X-Bad", "a\x01b"]]);
    const reply = await get(base, "/");
    expect(reply.status).to.equal(502);
    expect(reply.header("proxy-status")).to.equal("edge-1; error=http_protocol_error");
    expect(reply.header("x-bad")).to.equal(undefined);
    await content.cancelled.passed;
    expect(counters.get("errors")).to.equal(1);
    expect(counters.get("hits")).to.equal(0);
  });

  for (const size of [9, 11]) {
    it(`cuts an answer of ${size} bytes that is said to have 10`, async () => {
      const read = async function* () {
        yield Buffer.alloc(5, "x");
        yield Buffer.alloc(size - 5, "x");
      };
      served = servedOf({ kind: "stream", length: 10, cancel: () => undefined, read });
      const client = (await RawConnection.open(base)).send(GET);
      const [, content = ""] = (await client.rest()).split("\r\n\r\n");
      expect(content.length).to.be.lessThan(10);
      await responded;
    });
  }

  describe("to a client that does not read", () => {
    const PIECE = new Uint8Array(64 * 1024);
    let given: number;
    let client: RawConnection;
    let content: StreamedContent;

    beforeEach(async () => {
      given = 0;
      content = new StreamedContent(async function* () {
        for (;;) {
          given += PIECE.byteLength;
          yield PIECE;
        }
      });
      served = servedOf(content);
      client = (await RawConnection.open(base)).send(GET);
      client.socket.pause();
      await standstill();
    });

    async function standstill(): Promise<void> {
      for (let before = -1; before !== given; ) {
        before = given;
        for (let i = 0; i < 50; i += 1) await turn();
      }
    }

    it("cuts the connection after 30 s, and closes the content", async () => {
      clock.advance(30_000);
      await turn();
      expect(client.socket.destroyed).to.equal(false);
      clock.advance(500);
      await responded;
      await content.cancelled.passed;
      client.socket.resume();
      await client.closed;
    });

    it("gives it 30 s again each time that it takes something", async () => {
      for (let i = 0; i < 3; i += 1) {
        clock.advance(29_500);
        const before = given;
        client.socket.resume();
        await until("the client takes something", () => given !== before);
        client.socket.pause();
        await standstill();
      }
      expect(client.socket.destroyed).to.equal(false);
      client.destroy();
      await responded;
    });
  });
});
