import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { failureOf, get, never, standstill, stopAfterEach, textOf } from "../../../test/rig/fetching.ts";
import { FrameOrigin, type FrameReply, response, wholeResponse } from "../../../test/rig/frame-origin.ts";
import { Gate } from "../../../test/rig/gate.ts";
import { block, type FieldList, frame, uint32 } from "../../../test/rig/http2-frames.ts";
import { ManualClock } from "../../../test/rig/manual-clock.ts";
import { until } from "../../../test/rig/until.ts";
import { upstreams } from "../../../test/rig/upstreams.ts";
import { RESPONSE_WINDOW } from "./client-stream.ts";

const [DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
];
const [END_STREAM, END_HEADERS] = [1, 4];
const [NO_ERROR, PROTOCOL, FLOW_CONTROL, REFUSED, CANCEL, COMPRESSION, CALM] = [0, 1, 3, 7, 8, 9, 11];
const OK: FieldList = [[":status", "200"]];

describe("a connection to a server that speaks HTTP/2", () => {
  const { upstream } = upstreams();
  const stopLater = stopAfterEach();

  async function frames(reply: FrameReply, greeting?: Buffer): Promise<FrameOrigin> {
    const origin = await FrameOrigin.start(reply, greeting);
    stopLater(() => origin.stop());
    return origin;
  }

  /** What becomes of a GET that is answered with this. */
  async function asked(reply: FrameReply, request: ReturnType<typeof get> = get("/a")) {
    const origin = await frames(reply);
    const edge = upstream(origin.url, { protocol: "h2c" });
    return { origin, edge, outcome: edge.fetch(request, never).then(read, codeOf) };
  }

  async function read(got: Parameters<typeof textOf>[0]): Promise<string> {
    return textOf(got).then(
      (text) => `${got.status} ${text}`,
      (error) => `${got.status}, then ${codeOf(error)}`,
    );
  }

  function codeOf(error: unknown): string {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }

  const goaway = (code: number) => (each: { type: number; payload: Buffer }) =>
    each.type === GOAWAY && each.payload.readUInt32BE(4) === code;
  const reset = (code: number) => (each: { type: number; payload: Buffer }) =>
    each.type === RST && each.payload.readUInt32BE(0) === code;

  it("begins with the preface, takes no pushes, and acknowledges SETTINGS and PING", async () => {
    const { origin, outcome } = await asked((socket, stream) => {
      socket.write(Buffer.concat([frame(PING, 0, 0, "0102030405060708"), wholeResponse(stream, OK)]));
    });
    expect(await outcome).to.equal("200 ");
    const first = origin.frames[0];
    expect([first?.type, first?.payload.subarray(0, 6).toString("hex")]).to.deep.equal([
      SETTINGS,
      "000200000000",
    ]);
    await origin.find(({ type, flags }) => type === SETTINGS && flags === 1);
    const ack = await origin.find(({ type, flags }) => type === PING && flags === 1);
    expect(ack.payload.toString("hex")).to.equal("0102030405060708");
  });

  describe("resets a stream, and goes on, when its response is malformed", () => {
    const malformed: readonly (readonly [
      name: string,
      bytes: (stream: number) => Buffer,
      outcome: string,
    ])[] = [
      ["has no :status", (id) => wholeResponse(id, [["a", "b"]]), "http_protocol_error"],
      ["has two :status", (id) => wholeResponse(id, [...OK, ...OK]), "http_protocol_error"],
      [
        "has a :status of four digits",
        (id) => wholeResponse(id, [[":status", "2000"]]),
        "http_protocol_error",
      ],
      ["has :path", (id) => wholeResponse(id, [...OK, [":path", "/"]]), "http_protocol_error"],
      ["has a name in upper case", (id) => wholeResponse(id, [...OK, ["X-A", "b"]]), "http_protocol_error"],
      [
        "has a field of a connection",
        (id) => wholeResponse(id, [...OK, ["connection", "x"]]),
        "http_protocol_error",
      ],
      [
        "has Transfer-Encoding",
        (id) => wholeResponse(id, [...OK, ["transfer-encoding", "chunked"]]),
        "http_protocol_error",
      ],
      [
        "has a line end in a value",
        (id) => wholeResponse(id, [...OK, ["a", "b\r\nc: d"]]),
        "http_protocol_error",
      ],
      [
        "has two lengths",
        (id) => response(id, [...OK, ["content-length", "1"], ["content-length", "2"]]),
        "http_protocol_error",
      ],
      ["changes the protocol", (id) => response(id, [[":status", "101"]]), "http_upgrade_failed"],
      [
        "ends with an interim response",
        (id) => wholeResponse(id, [[":status", "103"]]),
        "http_protocol_error",
      ],
      ["has content before its fields", (id) => frame(DATA, 0, id, "00"), "http_protocol_error"],
      [
        "has too many fields",
        (id) => wholeResponse(id, [...OK, ...Array.from({ length: 1_001 }, () => ["a", ""] as const)]),
        "http_response_header_section_size",
      ],
      [
        "has too many interim responses",
        (id) => Buffer.concat(Array.from({ length: 33 }, () => response(id, [[":status", "103"]]))),
        "http_protocol_error",
      ],
      [
        "has more content than its length",
        (id) =>
          Buffer.concat([
            response(id, [...OK, ["content-length", "1"]]),
            frame(DATA, END_STREAM, id, "3131"),
          ]),
        "200, then http_protocol_error",
      ],
      [
        "has trailers that do not end it",
        (id) => Buffer.concat([response(id, OK), response(id, [["a", "b"]])]),
        "200, then http_protocol_error",
      ],
      [
        "has a pseudo-field in its trailers",
        (id) => Buffer.concat([response(id, OK), wholeResponse(id, OK)]),
        "200, then http_protocol_error",
      ],
    ];
    for (const [name, bytes, expected] of malformed)
      it(`it ${name}`, async () => {
        const { origin, edge, outcome } = await asked((socket, stream, count) => {
          socket.write(count === 1 ? bytes(stream) : wholeResponse(stream, OK));
        });
        expect(await outcome).to.equal(expected);
        await origin.find(reset(PROTOCOL));
        expect(await edge.fetch(get("/b"), never).then(read)).to.equal("200 ");
        expect(origin.connections).to.equal(1);
      });
  });

  it("says that content is short of its length", async () => {
    const { outcome } = await asked((socket, stream) => {
      socket.write(response(stream, [...OK, ["content-length", "2"]]));
      socket.write(frame(DATA, END_STREAM, stream, "31"));
    });
    expect(await outcome).to.equal("200, then origin-body-short");
  });

  it("takes 1,000 fields, 32 interim responses, and padding", async () => {
    const fields = Array.from({ length: 1_000 }, () => ["a", ""] as const);
    const { outcome } = await asked((socket, stream) => {
      const interim = Array.from({ length: 32 }, () => response(stream, [[":status", "103"]]));
      socket.write(Buffer.concat([...interim, response(stream, [...OK, ...fields])]));
      socket.write(frame(DATA, 8 | END_STREAM, stream, "0331000000"));
    });
    expect(await outcome).to.equal("200 1");
  });

  describe("ends with GOAWAY", () => {
    const idle = (type: number, flags: number, stream: number, payload: string) =>
      Buffer.concat(Array.from({ length: 1_500 }, () => frame(type, flags, stream, payload)));
    const faults: readonly (readonly [name: string, bytes: (stream: number) => Buffer, code: number])[] = [
      ["a push", (id) => frame(PUSH, END_HEADERS, id, Buffer.concat([uint32(2), block(OK)])), PROTOCOL],
      ["a stream of the server", () => wholeResponse(2, OK), PROTOCOL],
      ["an answer to nothing", () => wholeResponse(99, OK), PROTOCOL],
      ["a server that enables push", () => frame(SETTINGS, 0, 0, "000200000001"), PROTOCOL],
      ["a window that is too large", () => frame(WINDOW, 0, 0, uint32(2 ** 31 - 1)), FLOW_CONTROL],
      ["a block that is no HPACK", (id) => frame(HEADERS, END_HEADERS, id, "ff"), COMPRESSION],
      ["a block without an end", (id) => endless(id), CALM],
      ["a flood of SETTINGS", () => idle(SETTINGS, 0, 0, ""), CALM],
      ["a flood of PING", () => idle(PING, 0, 0, "0000000000000000"), CALM],
      ["a flood of PRIORITY", (id) => idle(PRIORITY, 0, id, "0000000000"), CALM],
      ["a flood of WINDOW_UPDATE", (id) => idle(WINDOW, 0, id, "00000001"), CALM],
      ["a flood of empty DATA", (id) => Buffer.concat([response(id, OK), idle(DATA, 0, id, "")]), CALM],
      ["PRIORITY_UPDATE of a server", (id) => frame(16, 0, 0, uint32(id)), PROTOCOL],
      [
        "more than its window",
        (id) => {
          const piece = frame(DATA, 0, id, Buffer.alloc(16_384));
          return Buffer.concat([response(id, OK), ...Array(RESPONSE_WINDOW / 16_384 + 6).fill(piece)]);
        },
        FLOW_CONTROL,
      ],
    ];
    function endless(id: number): Buffer {
      const part = Buffer.alloc(1_000);
      const rest = Array.from({ length: 10 }, () => frame(CONTINUATION, 0, id, part));
      return Buffer.concat([frame(HEADERS, 0, id, part), ...rest]);
    }
    for (const [name, bytes, code] of faults)
      it(`on ${name}`, async () => {
        // Nobody reads the content, so the window stays as it is.
        const origin = await frames((socket, stream) => socket.write(bytes(stream)));
        const edge = upstream(origin.url, { protocol: "h2c" });
        const fetching = edge.fetch(get("/a"), never).catch((error: unknown) => error);
        const found = await origin.find(({ type }) => type === GOAWAY);
        expect(found.payload.readUInt32BE(4), found.payload.toString("latin1", 8)).to.equal(code);
        await fetching;
      });
  });

  it("asks again what was refused, once, whatever the method, unless its content is large", async () => {
    const { origin, edge, outcome } = await asked(
      (socket, stream, count) => {
        socket.write(count === 1 ? frame(RST, 0, stream, uint32(REFUSED)) : wholeResponse(stream, OK));
      },
      { ...get("/a"), method: "POST" },
    );
    expect(await outcome).to.equal("200 ");
    expect(origin.connections).to.equal(1);
    const refusing = await frames((socket, stream) => socket.write(frame(RST, 0, stream, uint32(REFUSED))));
    const other = upstream(refusing.url, { protocol: "h2c" });
    expect((await failureOf(other.fetch(get("/a"), never))).code).to.equal("connection_terminated");
    expect(refusing.frames.filter(({ type }) => type === HEADERS)).to.have.length(2);
    async function* body() {
      yield Buffer.alloc(40_000);
      yield Buffer.alloc(40_000);
    }
    await failureOf(other.fetch({ ...get("/a"), method: "POST", body: body() }, never));
    expect(refusing.frames.filter(({ type }) => type === HEADERS)).to.have.length(3);
    await edge.close();
  });

  it("sends small content once more when it was refused with it", async () => {
    async function* body() {
      yield Buffer.from("ab");
      yield Buffer.from("c");
    }
    const ends = (stream: number) => (each: { stream: number; type: number; flags: number }) =>
      each.stream === stream && each.type === DATA && each.flags === END_STREAM;
    const origin = await frames((socket, stream, count) => {
      if (count === 1) socket.write(frame(RST, 0, stream, uint32(REFUSED)));
      else void origin.find(ends(stream)).then(() => socket.write(wholeResponse(stream, OK)));
    });
    const edge = upstream(origin.url, { protocol: "h2c" });
    const request = { ...get("/a"), method: "POST", body: body() };
    expect(await edge.fetch(request, never).then(read, codeOf)).to.equal("200 ");
    const sent = origin.frames.filter(({ type, stream }) => type === DATA && stream === 3);
    expect(Buffer.concat(sent.map(({ payload }) => payload)).toString()).to.equal("abc");
  });

  it("asks a new connection what was not processed before GOAWAY, and ends what was on the old one", async () => {
    const origin = await frames((socket, stream, count) => {
      if (count === 1) return;
      if (count === 3) {
        socket.write(wholeResponse(stream, OK));
        return;
      }
      socket.write(frame(GOAWAY, 0, 0, Buffer.concat([uint32(1), uint32(NO_ERROR)])));
      socket.write(wholeResponse(1, [[":status", "201"]]));
    });
    const edge = upstream(origin.url, { protocol: "h2c" });
    const all = ["/1", "/2"].map((target) => edge.fetch({ ...get(target), method: "POST" }, never));
    expect((await Promise.all(all)).map(({ status }) => status)).to.deep.equal([201, 200]);
    expect(origin.connections).to.equal(2);
  });

  it("does not ask for ever a server that goes away each time", async () => {
    const { origin, outcome } = await asked((socket) => {
      socket.write(frame(GOAWAY, 0, 0, Buffer.concat([uint32(0), uint32(NO_ERROR)])));
    });
    expect(await outcome).to.equal("connection_terminated");
    expect(origin.connections).to.equal(2);
  });

  it("repeats an idempotent request that met a connection just as it closed, and no other", async () => {
    for (const [method, expected] of [
      ["GET", "200 "],
      ["POST", "connection_terminated"],
    ] as const) {
      const origin = await frames((socket, stream, count) => {
        if (count === 2) socket.destroy();
        else socket.write(wholeResponse(stream, OK));
      });
      const edge = upstream(origin.url, { protocol: "h2c" });
      await edge.fetch(get("/a"), never);
      expect(await edge.fetch({ ...get("/b"), method }, never).then(read, codeOf)).to.equal(expected);
    }
  });

  it("sends no more of a body than the windows allow", async () => {
    const greeting = frame(SETTINGS, 0, 0, "00040000000a");
    const origin = await frames(() => undefined, greeting);
    const edge = upstream(origin.url, { protocol: "h2c" });
    async function* body() {
      yield Buffer.alloc(25);
    }
    const giveUp = new AbortController();
    const fetching = edge.fetch({ ...get("/a"), method: "POST", body: body() }, giveUp.signal).catch(String);
    const first = await origin.find(({ type }) => type === DATA);
    expect(first.payload).to.have.length(10);
    giveUp.abort(new Error("left"));
    expect(await fetching).to.contain("left");
    await origin.find(reset(CANCEL));
    expect(origin.frames.filter(({ type }) => type === DATA)).to.have.length(1);
  });

  it("goes on with a body when a server that had stopped reads again", async () => {
    const windows = [frame(SETTINGS, 0, 0, "00047fffffff"), frame(WINDOW, 0, 0, uint32(2 ** 30))];
    const reads = new Gate();
    const origin = await frames((socket) => {
      socket.pause();
      void reads.passed.then(() => socket.resume());
    }, Buffer.concat(windows));
    let given = 0;
    async function* body() {
      // More than two kernels hold, in writes of which each is small.
      for (; given < 32 * 1024; given += 32) {
        yield Buffer.alloc(32 * 1024);
        await turn();
      }
    }
    const fetching = upstream(origin.url, { protocol: "h2c" })
      .fetch({ ...get("/a"), method: "POST", body: body() }, never)
      .catch(String);
    await standstill(() => given);
    expect(given).to.be.below(32 * 1024);
    reads.open();
    await origin.find(({ type, flags }) => type === DATA && flags === END_STREAM);
    await origin.stop();
    await fetching;
  });

  it("gives up on fields and on content that do not come, and asks a silent connection nothing more", async () => {
    const clock = new ManualClock();
    const origin = await frames((socket, stream, count) => {
      if (count === 1) socket.write(response(stream, OK));
      if (count === 3) socket.write(wholeResponse(stream, OK));
    });
    const edge = upstream(origin.url, {
      protocol: "h2c",
      clock,
      fieldsTimeoutMs: 6_000,
      bodyTimeoutMs: 1_000,
    });
    const { body } = await edge.fetch(get("/1"), never);
    const reading = failureOf(body[Symbol.asyncIterator]().next());
    await until("it waits", () => clock.waiting > 0);
    clock.advance(1_000);
    expect((await reading).code).to.equal("http_response_timeout");
    await origin.find(reset(CANCEL));
    const waiting = failureOf(edge.fetch(get("/2"), never));
    await until("it has come", () => origin.frames.filter(({ type }) => type === HEADERS).length === 2);
    expect(origin.connections).to.equal(1);
    clock.advance(6_000);
    expect((await waiting).code).to.equal("http_response_timeout");
    expect((await edge.fetch(get("/3"), never)).status).to.equal(200);
    expect(origin.connections).to.equal(2);
  });

  it("closes with GOAWAY when its origin is retired", async () => {
    const origin = await frames((socket, stream) => socket.write(wholeResponse(stream, OK)));
    const edge = upstream(origin.url, { protocol: "h2c" });
    await edge.fetch(get("/1"), never);
    await edge.retire();
    await origin.find(goaway(NO_ERROR));
  });

  it("closes with GOAWAY when it has been idle for longer than 50 s, and not before", async () => {
    const clock = new ManualClock();
    const origin = await frames((socket, stream) => socket.write(wholeResponse(stream, OK)));
    const edge = upstream(origin.url, { protocol: "h2c", clock });
    await edge.fetch(get("/1"), never);
    // Each step lets the next look at idle connections begin.
    for (const ms of [49_000, 1_000]) {
      await until("a look is due", () => clock.waiting > 0);
      clock.advance(ms);
      await turn();
    }
    await edge.fetch(get("/2"), never);
    expect([origin.connections, origin.frames.some(goaway(NO_ERROR))]).to.deep.equal([1, false]);
    await until("a look is due", () => clock.waiting > 0);
    clock.advance(51_000);
    await origin.find(goaway(NO_ERROR));
    await edge.fetch(get("/3"), never);
    expect(origin.connections).to.equal(2);
  });

  it("waits for a server that lets nothing be asked, until the time is over", async () => {
    const clock = new ManualClock();
    const origin = await frames(() => undefined, frame(SETTINGS, 0, 0, "000300000000"));
    const edge = upstream(origin.url, { protocol: "h2c", clock });
    const waiting = failureOf(edge.fetch(get("/1"), never));
    await origin.find(({ type, flags }) => type === SETTINGS && flags === 1);
    clock.advance(30_000);
    expect((await waiting).code).to.equal("connection_limit_reached");
    expect(origin.connections).to.equal(1);
  });
});
