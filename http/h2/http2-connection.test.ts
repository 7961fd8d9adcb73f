import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { expect } from "chai";
import fc from "fast-check";
import { type Clock, systemClock } from "../../process/clock.ts";
import { Gate } from "../../test/rig/gate.ts";
import { block, frame, Http2Frames, pseudo, request, uint32 } from "../../test/rig/http2-frames.ts";
import { RawConnection } from "../../test/rig/raw-connection.ts";
import { startTestServer, type TestServer } from "../../test/rig/test-server.ts";
import { until } from "../../test/rig/until.ts";
import type { AnswerAtOnce, AnswersAtOnce } from "../server/answer-at-once.ts";
import type { Exchange } from "../server/exchange.ts";
import { ExchangeStreams } from "../server/exchange-streams.ts";
import type { ServerLimits } from "../server/http-server.ts";
import { MOST_BLOCK_BYTES, MOST_CONTINUATIONS, MOST_LIST_BYTES, MOST_STREAMS } from "./bounds.ts";

const [PROTOCOL, FLOW_CONTROL, CLOSED, SIZE, REFUSED, COMPRESSION, CALM] = [1, 3, 5, 6, 7, 9, 11];
const LARGE = Buffer.alloc(1024 * 1024, "0123456789abcde");

describe("a connection of HTTP/2", () => {
  let skippedMs: number;
  let held: Gate;
  let asked: Exchange[];
  let ends: string[];
  /** What the program threw. */
  let expected: string[];
  let server: TestServer;
  /** How often the clock has been read. */
  let looks = 0;
  const clock: Clock = {
    ...systemClock,
    monotonic: () => {
      looks += 1;
      return systemClock.monotonic() + skippedMs;
    },
  };

  /** The server reads the clock each time that it checks its connections. */
  async function timeChecked(): Promise<void> {
    const before = looks;
    await until("time has been checked", () => looks > before + 5);
  }

  async function start(limits: Partial<ServerLimits> = {}, atOnce?: AnswersAtOnce): Promise<void> {
    server = await startTestServer(take, { checkMs: 10, ...limits }, clock, atOnce);
  }

  beforeEach(async () => {
    [skippedMs, held, asked, ends, expected] = [0, new Gate(), [], [], []];
    await start();
  });

  afterEach(async () => {
    await server.server.close(0);
    expect(server.faults.map(String)).to.deep.equal(expected);
    expect(server.server.load.inFlight).to.equal(0);
  });

  async function restart(...how: Parameters<typeof start>): Promise<void> {
    await server.server.close(0);
    await start(...how);
  }

  function take(exchange: Exchange): void {
    asked.push(exchange);
    exchange.onEnd = (end) => ends.push(end);
    const streams = new ExchangeStreams(exchange, clock, (why) => {
      if (why === "reader" || why === "sender") exchange.cut();
    });
    answer(exchange, streams).catch(() => undefined);
  }

  async function answer(exchange: Exchange, streams: ExchangeStreams): Promise<void> {
    const { path, method } = exchange.request;
    if (path === "/throws") throw exchange.fault(new Error("thrown"));
    if (path === "/held") await held.passed;
    if (path === "/hint") exchange.interim("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    if (path.endsWith("trailers")) {
      streams.begin("HTTP/1.1 200 OK\r\n", undefined);
      streams.finish(path === "/trailers" ? Buffer.alloc(20_000, "x") : undefined, "X-Sum: 1\r\n");
      return;
    }
    const parts: Uint8Array[] = [];
    if (path !== "/early" && streams.body !== undefined)
      for await (const part of streams.body) parts.push(part);
    const body = path === "/large" ? LARGE : method === "POST" ? Buffer.concat(parts) : Buffer.from(path);
    streams.begin("HTTP/1.1 200 OK\r\nX-Own: 1\r\n", method === "HEAD" ? "none" : undefined);
    await streams.finishWith(method === "HEAD" ? undefined : body);
  }

  const open = (first?: string | Buffer) => Http2Frames.open(server.url, first);

  describe("with a client of another make", () => {
    let session: ClientHttp2Session;

    beforeEach(async () => {
      session = connect(server.url, { settings: { initialWindowSize: 1_000 } });
      await once(session, "connect");
      session.setLocalWindowSize(70_000);
    });
    afterEach(() => session.destroy());

    async function read(stream: ClientHttp2Stream): Promise<string> {
      let text = "";
      for await (const part of stream.setEncoding("latin1")) text += part;
      return text;
    }

    it("answers many requests at the same time, each with its own content", async () => {
      const paths = Array.from({ length: 90 }, (_, i) => `/${"x".repeat(i * 90)}`);
      const answers = paths.map((path) => read(session.request({ ":path": path })));
      expect(await Promise.all(answers)).to.deep.equal(paths);
    });

    it("carries large bodies both ways through small windows", async () => {
      const streams = [1, 2, 3].map(() => session.request({ ":path": "/echo", ":method": "POST" }));
      const answers = streams.map(read);
      for (const stream of streams) stream.end(LARGE);
      for (const text of await Promise.all(answers))
        expect(Buffer.from(text, "latin1").equals(LARGE)).to.equal(true);
    });

    it("answers HEAD without content, and 103 before an answer", async () => {
      const head = session.request({ ":path": "/large", ":method": "HEAD" });
      expect(await read(head)).to.equal("");
      const hinted = session.request({ ":path": "/hint" });
      const [hint] = await once(hinted, "headers");
      expect([hint[":status"], hint.link]).to.deep.equal([103, "</a>"]);
      expect(await read(hinted)).to.equal("/hint");
    });

    it("invites a body that waits for 100 (Continue)", async () => {
      const stream = session.request({ ":path": "/", ":method": "POST", expect: "100-continue" });
      const answer = read(stream);
      await once(stream, "continue");
      stream.end("body");
      expect(await answer).to.equal("body");
    });

    it("goes on when a request is given up", async () => {
      const left = session.request({ ":path": "/held" });
      left.on("error", () => undefined);
      await until("it is asked", () => asked.length === 1);
      left.close(8);
      await until("it has ended", () => ends.length === 1);
      expect(ends).to.deep.equal(["client-left"]);
      expect(await read(session.request({ ":path": "/b" }))).to.equal("/b");
      held.open();
    });

    it("lets the answers under way end when the server stops", async () => {
      const stream = session.request({ ":path": "/held" });
      await until("it is asked", () => asked.length === 1);
      const closed = server.server.close(10_000);
      await once(session, "goaway");
      held.open();
      expect(await read(stream)).to.equal("/held");
      await closed;
    });
  });

  it("tells a client that is idle that its connection ends", async () => {
    const client = await open();
    await client.send(request(1)).answer(1);
    skippedMs = 64_000;
    expect(await client.handled()).to.equal(true);
    skippedMs += 66_000;
    expect(await client.goaway()).to.deep.equal([0, ""]);
    await client.closed;
  });

  it("takes a client that sends no more for one that has left", async () => {
    const client = await open();
    client.send(frame(4, 0, 0, "000400000064"), request(1, pseudo("/large")), request(3, pseudo("/held")));
    await until("the answer waits", () => (asked[0]?.untaken ?? 0) > 0);
    client.socket.end();
    await client.closed;
    await until("both have ended", () => ends.length === 2);
    expect(ends).to.deep.equal(["client-left", "client-left"]);
    held.open();
  });

  it("has nothing of HTTP/1.1 in an answer", async () => {
    const client = await open();
    const { fields, body } = await client.send(request(1)).answer(1);
    expect([...fields]).to.deep.equal([
      [":status", "200"],
      ["x-own", "1"],
    ]);
    expect(body).to.equal("/a");
    client.destroy();
  });

  describe("ends with GOAWAY", () => {
    const data = (stream: number, bytes = 1, flags = 0) => frame(0, flags, stream, Buffer.alloc(bytes));
    const mistakes: Readonly<Record<string, readonly [code: number, ...frames: readonly Buffer[]]>> = {
      "for a frame that is too large": [SIZE, frame(0, 0, 1, Buffer.alloc(16_385))],
      "for DATA on the connection": [PROTOCOL, data(0)],
      "for DATA on an idle stream": [PROTOCOL, data(1)],
      "for padding that is too long": [
        PROTOCOL,
        request(1, pseudo(), true),
        frame(0, 8, 1, "05 00".replace(" ", "")),
      ],
      "for HEADERS on a stream of the server's": [PROTOCOL, request(2)],
      "for HEADERS on the connection": [PROTOCOL, request(0)],
      "for a stream below the last one": [PROTOCOL, request(5), request(3)],
      "for HEADERS on a stream that has ended": [
        CLOSED,
        request(1, pseudo("/held")),
        frame(3, 0, 1, uint32(8)),
        request(1),
      ],
      "for rubbish in a header block": [COMPRESSION, frame(1, 5, 1, "80")],
      "for a frame within a header block": [
        PROTOCOL,
        frame(1, 1, 1, block(pseudo())),
        frame(6, 0, 0, Buffer.alloc(8)),
      ],
      "for CONTINUATION without HEADERS": [PROTOCOL, frame(9, 4, 1)],
      "for CONTINUATION of another stream": [PROTOCOL, frame(1, 1, 1, block(pseudo())), frame(9, 4, 3)],
      "for RST_STREAM of another length": [SIZE, request(1), frame(3, 0, 1, "00")],
      "for RST_STREAM on an idle stream": [PROTOCOL, frame(3, 0, 1, uint32(0))],
      "for SETTINGS on a stream": [PROTOCOL, frame(4, 0, 1)],
      "for SETTINGS that are cut off": [SIZE, frame(4, 0, 0, "0001")],
      "for an acknowledgement with content": [SIZE, frame(4, 1, 0, "000100000000")],
      "for a window that is too large": [FLOW_CONTROL, frame(4, 0, 0, "000480000000")],
      "for a frame size that is too small": [PROTOCOL, frame(4, 0, 0, "000500000001")],
      "for a push setting that is neither": [PROTOCOL, frame(4, 0, 0, "000200000002")],
      "for PUSH_PROMISE": [PROTOCOL, frame(5, 4, 1, "00000002")],
      "for PING of another length": [SIZE, frame(6, 0, 0, "00")],
      "for PING on a stream": [PROTOCOL, frame(6, 0, 1, Buffer.alloc(8))],
      "for GOAWAY on a stream": [PROTOCOL, frame(7, 0, 1, Buffer.alloc(8))],
      "for WINDOW_UPDATE of another length": [SIZE, frame(8, 0, 0, "00")],
      "for WINDOW_UPDATE of nothing": [PROTOCOL, frame(8, 0, 0, uint32(0))],
      "for a window of the connection that is too large": [FLOW_CONTROL, frame(8, 0, 0, uint32(2 ** 31 - 1))],
      "for PRIORITY of another length": [SIZE, frame(2, 0, 1, "00")],
      "for PRIORITY_UPDATE on a stream": [PROTOCOL, frame(16, 0, 1, uint32(1))],
      "for more DATA than the connection allows": [
        FLOW_CONTROL,
        ...Array.from({ length: 17 }, (_, i) => request(2 * i + 1, pseudo("/held", "POST"), true)),
        ...Array.from({ length: 17 * 4 }, (_, i) =>
          data(2 * Math.floor(i / 4) + 1, i % 4 === 3 ? 16_383 : 16_384),
        ),
      ],
    };
    for (const [what, [code, ...frames]] of Object.entries(mistakes)) {
      it(what, async () => {
        const client = await open();
        expect((await client.send(...frames).goaway())?.[0]).to.equal(code);
        await client.closed;
        held.open();
      });
    }

    it("when the first frame is not SETTINGS, or the preface is wrong", async () => {
      const hasty = await open(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), request(1)]));
      expect((await hasty.goaway())?.[0]).to.equal(PROTOCOL);
      const wrong = await open("PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n");
      expect((await wrong.goaway())?.[0]).to.equal(PROTOCOL);
    });
  });

  describe("resets one stream", () => {
    const post = (...fields: readonly (readonly [string, string])[]) =>
      request(1, [...pseudo("/", "POST"), ...fields], true);
    const mistakes: Readonly<Record<string, readonly [code: number, ...frames: readonly Buffer[]]>> = {
      "for a malformed request": [PROTOCOL, request(1, [...pseudo(), ["Upper", "x"]])],
      "for less content than Content-Length": [PROTOCOL, post(["content-length", "5"]), frame(0, 1, 1, "00")],
      "for more content than Content-Length": [
        PROTOCOL,
        post(["content-length", "1"]),
        frame(0, 0, 1, "0000"),
      ],
      "for no content with Content-Length": [
        PROTOCOL,
        request(1, [...pseudo("/", "POST"), ["content-length", "5"]]),
      ],
      "for trailers that do not end it": [PROTOCOL, post(), frame(1, 4, 1, block([["x", "y"]]))],
      "for pseudo-fields in trailers": [PROTOCOL, post(), frame(1, 5, 1, block([[":path", "/"]]))],
      "for DATA behind its end": [CLOSED, request(1, pseudo("/held")), frame(0, 0, 1, "00")],
      "for more DATA than it allows": [
        FLOW_CONTROL,
        request(1, pseudo("/held", "POST"), true),
        ...Array.from({ length: 4 }, () => frame(0, 0, 1, Buffer.alloc(16_384))),
      ],
      "for a window of nothing": [PROTOCOL, post(), frame(8, 0, 1, uint32(0))],
      "for a window that is too large": [FLOW_CONTROL, post(), frame(8, 0, 1, uint32(2 ** 31 - 1))],
      "that depends on itself": [
        PROTOCOL,
        frame(1, 0x25, 1, Buffer.concat([uint32(1), Buffer.from([9]), block(pseudo())])),
      ],
    };
    for (const [what, [code, ...frames]] of Object.entries(mistakes)) {
      it(`${what}, and goes on with the others`, async () => {
        const client = await open();
        expect(await client.send(...frames).reset(1)).to.equal(code);
        expect((await client.send(request(3)).answer(3)).body).to.equal("/a");
        client.destroy();
        held.open();
      });
    }

    it("when the program throws, if its answer has begun; else the answer is 500", async () => {
      const client = await open();
      expect((await client.send(request(1, pseudo("/throws"))).answer(1)).status).to.equal("500");
      expect((await client.send(request(3)).answer(3)).body).to.equal("/a");
      expected = ["Error: thrown"];
      client.destroy();
    });
  });

  it("answers what HTTP/1.1 refuses in the same words", async () => {
    const client = await open();
    const refused = async (stream: number, ...list: Parameters<typeof request>[1] & object) =>
      (await client.send(request(stream, list)).answer(stream)).fields.get("x-refused");
    expect(await refused(1, ...pseudo("/", "PURGE"))).to.equal("method-not-allowed");
    expect(await refused(3, ...pseudo("/%00"))).to.equal("target-control");
    expect(await refused(5, ...pseudo(), ["host", "b.example"])).to.equal("host-mismatch");
    expect(await refused(7, ...pseudo(), ["x", "y".repeat(8_192)])).to.equal("fields-too-large");
    expect((await client.send(request(9)).answer(9)).body).to.equal("/a");
    client.destroy();
  });

  describe("that answers before a request has come whole", () => {
    const early = request(1, pseudo("/early", "POST"), true);
    const data = (bytes: number, flags = 0) => frame(0, flags, 1, Buffer.alloc(bytes));

    it("lets the client finish what its window allows", async () => {
      const client = await open();
      expect((await client.send(early, data(1)).answer(1)).body).to.equal("");
      client.send(...Array.from({ length: 3 }, () => data(16_384)), data(10_000), data(1, 1));
      expect(await client.handled()).to.equal(true);
      expect(client.frames.some(({ type }) => type === 3)).to.equal(false);
      expect((await client.send(request(3)).answer(3)).body).to.equal("/a");
      client.destroy();
    });

    it("stops the client when its window is used up, and gives the connection its own back", async () => {
      const client = await open();
      await client.send(early).answer(1);
      client.send(...Array.from({ length: 3 }, () => data(16_384)), data(16_383));
      expect(await client.reset(1)).to.equal(0);
      for (let id = 3; id < 50; id += 2) {
        client.send(request(id, pseudo("/early", "POST"), true));
        await client.answer(id);
        client.send(
          ...Array.from({ length: 4 }, (_, i) => frame(0, 0, id, Buffer.alloc(i < 3 ? 16_384 : 16_383))),
        );
        expect(await client.reset(id), String(id)).to.equal(0);
      }
      client.destroy();
    });

    it("stops the client after a moment", async () => {
      const client = await open();
      await client.send(early).answer(1);
      skippedMs = 1_500;
      await timeChecked();
      expect(await client.handled()).to.equal(true);
      expect(client.frames.some(({ type }) => type === 3)).to.equal(false);
      skippedMs = 2_500;
      expect(await client.reset(1)).to.equal(0);
      client.destroy();
    });
  });

  it("ends an answer with trailers, behind its content and when it has none", async () => {
    const client = await open();
    client.send(request(1, pseudo("/trailers")), request(3, pseudo("/only-trailers")));
    for (const [stream, body] of [
      [1, "x".repeat(20_000)],
      [3, ""],
    ] as const) {
      const ended = await client.find((each) => each.stream === stream && (each.flags & 1) !== 0);
      expect(ended?.type).to.equal(1);
      const { fields, body: got } = await client.answer(stream);
      expect([...fields]).to.deep.equal([["x-sum", "1"]]);
      expect(got).to.equal(body);
    }
    client.destroy();
  });

  it("holds trailers back until the window has let all content pass", async () => {
    const client = await open();
    client.send(frame(4, 0, 0, "000400000064"), request(1, pseudo("/trailers")));
    expect(await client.handled()).to.equal(true);
    const own = () => client.frames.filter((each) => each.stream === 1 && each.type <= 1);
    expect(own().map(({ type }) => type)).to.deep.equal([1, 0]);
    client.send(frame(8, 0, 1, uint32(100_000)));
    await client.answer(1);
    expect(own().at(-1)?.type).to.equal(1);
    client.destroy();
  });

  it("drops trailers, as by HTTP/1.1", async () => {
    const client = await open();
    client.send(request(1, pseudo("/", "POST"), true), frame(0, 0, 1, "6162"));
    const { body } = await client.send(frame(1, 5, 1, block([["x-sum", "1"]]))).answer(1);
    expect(body).to.equal("ab");
    client.destroy();
  });

  describe("that costs much", () => {
    it("has as many requests under way as allowed, and no more", async () => {
      const client = await open();
      for (let i = 0; i < MOST_STREAMS; i += 1) client.send(request(2 * i + 1, pseudo("/held")));
      await client.handled();
      expect(asked).to.have.length(MOST_STREAMS);
      const more = 2 * MOST_STREAMS + 1;
      expect(await client.send(request(more)).reset(more)).to.equal(REFUSED);
      held.open();
      expect((await client.answer(1)).body).to.equal("/held");
      expect((await client.send(request(more + 2)).answer(more + 2)).body).to.equal("/a");
      client.destroy();
    });

    it("ends when it resets streams without end, and not when it leaves a page", async () => {
      const client = await open();
      const reset = (id: number) => client.send(request(id, pseudo("/held")), frame(3, 0, id, uint32(8)));
      for (let i = 0; i < 2 * MOST_STREAMS; i += 1) reset(2 * i + 1);
      expect(await client.handled()).to.equal(true);
      for (let i = 2 * MOST_STREAMS; i < 3 * MOST_STREAMS; i += 1) reset(2 * i + 1);
      expect((await client.goaway())?.[0]).to.equal(CALM);
      held.open();
    });

    it("ends when it makes the server reset streams without end", async () => {
      const client = await open();
      for (let i = 0; i < 3 * MOST_STREAMS; i += 1)
        client.send(request(2 * i + 1, pseudo("/held")), frame(8, 0, 2 * i + 1, uint32(0)));
      expect((await client.goaway())?.[0]).to.equal(CALM);
      held.open();
    });

    const floods: Readonly<Record<string, Buffer>> = {
      PING: frame(6, 0, 0, Buffer.alloc(8)),
      "PING acknowledgements": frame(6, 1, 0, Buffer.alloc(8)),
      SETTINGS: frame(4, 0, 0, "000400010000"),
      PRIORITY: frame(2, 0, 3, Buffer.alloc(5)),
      PRIORITY_UPDATE: frame(16, 0, 0, uint32(1)),
      "unknown frames": frame(99, 0, 0, "00"),
      "WINDOW_UPDATE for the connection": frame(8, 0, 0, uint32(1)),
      "WINDOW_UPDATE for a stream": frame(8, 0, 1, uint32(1)),
      "DATA without content": frame(0, 0, 1),
      "padded DATA without content": frame(0, 8, 1, "0100"),
    };
    for (const [what, flood] of Object.entries(floods)) {
      it(`ends when it sends ${what} without end, and not after some hundreds`, async () => {
        const client = await open();
        client.send(request(1, pseudo("/echo", "POST"), true));
        client.send(Buffer.concat(Array.from({ length: 900 }, () => flood)));
        expect(await client.handled()).to.equal(true);
        client.send(Buffer.concat(Array.from({ length: 400 }, () => flood)));
        expect((await client.goaway())?.[0]).to.equal(CALM);
        await client.closed;
      });
    }

    it("ends when a header block has too many pieces", async () => {
      const fields = block(pseudo());
      const pieces = (count: number, id: number) => [
        frame(1, 1, id, fields),
        ...Array.from({ length: count }, (_, i) => frame(9, i === count - 1 ? 4 : 0, id)),
      ];
      const client = await open();
      expect((await client.send(...pieces(MOST_CONTINUATIONS, 1)).answer(1)).body).to.equal("/a");
      expect((await client.send(...pieces(MOST_CONTINUATIONS + 1, 3)).goaway())?.[0]).to.equal(CALM);
    });

    it("ends when a header block has too many bytes", async () => {
      const blockOf = (bytes: number) => Buffer.concat([block(pseudo()), block([["x", "y".repeat(bytes)]])]);
      const pieces = (bytes: Buffer, id: number) => {
        const parts = Array.from({ length: Math.ceil(bytes.length / 16_384) }, (_, i) =>
          bytes.subarray(i * 16_384, (i + 1) * 16_384),
        );
        return parts.map((part, i) =>
          frame(i === 0 ? 1 : 9, (i === 0 ? 1 : 0) | (i + 1 < parts.length ? 0 : 4), id, part),
        );
      };
      const client = await open();
      const large = client.send(...pieces(blockOf(MOST_BLOCK_BYTES - 1_000), 1));
      expect((await large.answer(1)).fields.get("x-refused")).to.equal("fields-too-large");
      const tooLarge = client.send(...pieces(blockOf(MOST_BLOCK_BYTES), 3));
      expect(await tooLarge.goaway()).to.deep.equal([CALM, "a header block is too long"]);
    });

    it("ends when a header block is a large list, small as its bytes are", async () => {
      const name = Buffer.concat([Buffer.from([0x40, 1, 0x61, 0x7f, 0x81, 0x1e]), Buffer.alloc(3_968, "x")]);
      const list = (repeats: number) => Buffer.concat([block(pseudo()), name, Buffer.alloc(repeats, 0xbe)]);
      const fits = Math.floor(MOST_LIST_BYTES / 4_001) - 2;
      const client = await open();
      expect((await client.send(frame(1, 5, 1, list(fits))).answer(1)).fields.get("x-refused")).to.equal(
        "fields-too-large",
      );
      expect((await client.send(frame(1, 5, 3, list(fits + 3))).goaway())?.[0]).to.equal(CALM);
    });

    it("loses a stream that it does not read, and keeps the others", async () => {
      const client = await open();
      client.send(frame(4, 0, 0, "000400000064"), request(1, pseudo("/large")));
      await until("the answer waits", () => (asked[0]?.untaken ?? 0) > 0);
      skippedMs = 29_000;
      expect((await client.send(request(3)).answer(3)).body).to.equal("/a");
      skippedMs = 31_000;
      expect(await client.reset(1)).to.equal(2);
      expect(ends).to.deep.equal(["answered", "cut"]);
      expect((await client.send(request(5)).answer(5)).body).to.equal("/a");
      client.destroy();
    });

    it("is not read while it does not read what it asked for, and goes on when it does", async () => {
      const client = await open();
      client.socket.pause();
      client.send(frame(4, 0, 0, "00047fffffff"), frame(8, 0, 0, uint32(2 ** 30)));
      // More than the kernel takes.
      const ids = Array.from({ length: 40 }, (_, i) => 2 * i + 1);
      client.send(...ids.map((id) => request(id, pseudo("/large"))));
      await until("answers wait", () => asked.length === 40 && asked.some(({ untaken }) => untaken > 0));
      client.send(Buffer.concat(Array.from({ length: 980 }, () => frame(6, 0, 0, Buffer.alloc(8)))));
      client.socket.resume();
      for (const id of ids) expect((await client.answer(id)).body.length, String(id)).to.equal(LARGE.length);
      expect(await client.handled()).to.equal(true);
      client.destroy();
    });

    it("ends when the preface, a header block or the first request does not come in time", async () => {
      const late = [
        await open("PRI * HT"),
        (await open()).send(frame(1, 1, 1, block(pseudo()))),
        (await open()).send(frame(6, 0, 0, Buffer.alloc(8))),
      ];
      await late[2]?.handled();
      skippedMs = 10_500;
      for (const client of late) await client.closed;
      expect(asked).to.deep.equal([]);
    });
  });

  it("counts its streams as requests of its client, each of which may be one too many", async () => {
    await restart({ clientRequests: 2 });
    const client = await open();
    client.send(request(1, pseudo("/held")), request(3, pseudo("/held")), request(5));
    expect((await client.answer(5)).fields.get("x-refused")).to.equal("client-requests");
    expect(server.limited).to.deep.equal(["requests 127.0.0.1"]);
    held.open();
    expect((await client.answer(3)).body).to.equal("/held");
    expect((await client.send(request(7)).answer(7)).body).to.equal("/a");
    client.destroy();
  });

  it("sends the most urgent answer first", async () => {
    const client = await open();
    client.send(frame(4, 0, 0, "000400200000"));
    const urgencies = ["u=5", "u=1", "u=3", "u=1"];
    for (const [i, value] of urgencies.entries())
      client.send(request(2 * i + 1, [...pseudo("/large"), ["priority", value]]));
    // The window of the connection is used up by the first bytes. Then the order is made.
    await client.find(({ type }) => type === 0);
    await until("all wait", () => asked.length === 4 && asked.every(({ untaken }) => untaken > 0));
    const before = client.frames.length;
    client.send(frame(8, 0, 0, uint32(8 * 2 ** 20)));
    await Promise.all([client.answer(1), client.answer(3), client.answer(5), client.answer(7)]);
    const order = client.frames.slice(before).filter(({ type, flags }) => type === 0 && (flags & 1) === 1);
    expect(order.map(({ stream }) => stream)).to.deep.equal([3, 7, 5, 1]);
    client.destroy();
  });

  it("keeps its promises to others whatever frames a client sends", async () => {
    const bytes = fc.uint8Array({ maxLength: 40 });
    const payload = fc.oneof(
      bytes,
      fc.constant(block(pseudo("/large"))),
      fc.constant(block(pseudo("/b", "POST"))),
    );
    const any = fc.record({ type: fc.nat(11), flags: fc.nat(0x2f), stream: fc.nat(9), payload });
    await fc.assert(
      fc.asyncProperty(fc.array(any, { maxLength: 20 }), async (frames) => {
        const client = await open();
        client.send(
          Buffer.concat(frames.map((each) => frame(each.type, each.flags, each.stream, each.payload))),
        );
        await client.handled();
        client.destroy();
      }),
      { numRuns: 300 },
    );
    const honest = await open();
    expect((await honest.send(request(1)).answer(1)).body).to.equal("/a");
    honest.destroy();
    await until("all have ended", () => server.server.load.inFlight === 0);
  });

  it("is kept after an answer that took longer than it may be idle", async () => {
    const client = await open();
    client.send(request(1, pseudo("/held")));
    await until("it is asked", () => asked.length === 1);
    skippedMs = 300_000;
    await timeChecked();
    held.open();
    expect((await client.answer(1)).body).to.equal("/held");
    await timeChecked();
    expect((await client.send(request(3)).answer(3)).body).to.equal("/a");
    client.destroy();
  });

  describe("with answers that are ready at once", () => {
    const body = Buffer.alloc(20_000, "0123456789");
    const waiting: Exchange[] = [];
    const head = "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n";
    const ready: AnswerAtOnce = { head, body, waits: (exchange) => waiting.push(exchange) };
    const atOnce: AnswersAtOnce = () => ({ find: ({ path }) => (path === "/ready" ? ready : undefined) });

    it("gives them whole, however many, in whatever order the windows allow", async () => {
      await restart({}, atOnce);
      const client = await open();
      const ids = Array.from({ length: 50 }, (_, i) => 2 * i + 1);
      client.send(Buffer.concat(ids.map((id) => request(id, pseudo("/ready")))));
      // The window of the connection holds three.
      for (const id of ids) {
        const { body: got } = await client.send(frame(8, 0, 0, uint32(20_000))).answer(id);
        expect(got === body.toString("latin1"), String(id)).to.equal(true);
      }
      expect([asked.length, waiting.length > 0]).to.deep.equal([0, true]);
      client.destroy();
    });
  });

  describe("on a plain port", () => {
    it("is known by its first bytes, in whatever pieces they come", async () => {
      const client = await open("P");
      client.send("R");
      client.send(Buffer.concat([Buffer.from("I * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(4, 0, 0), request(1)]));
      expect((await client.answer(1)).body).to.equal("/a");
      client.destroy();
      const old = (await RawConnection.open(server.url)).send("P");
      old.send("OST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok");
      expect((await old.reply()).body).to.equal("ok");
      old.destroy();
    });
  });
});
