import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from "node:http2";
import type { Socket } from "node:net";
import { expect } from "chai";
import { SAFE_RULES } from "../../edge/rules/site-rules.ts";
import { acceptOf } from "../../http/server/web-socket.ts";
import { NO_TLS } from "../../http/tls/tls-settings.ts";
import { block, type FieldList, frame, Http2Frames, pseudo } from "../rig/http2-frames.ts";
import { RawOrigin } from "../rig/raw-origin.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { startTestRouter, type TestRouter } from "../rig/test-router.ts";
import { until } from "../rig/until.ts";

const CONNECT: FieldList = [...pseudo("/chat", "CONNECT"), [":protocol", "websocket"]];
const [HEADERS, DATA, RST_STREAM] = [1, 0, 3];
const [END_STREAM, END_HEADERS] = [1, 4];
const FLOOD = 64 * 2 ** 20;

type Head = IncomingHttpHeaders & { readonly ":status"?: number };

/** The answer of an origin that has read the key. */
function agreed(head: string): string {
  const key = /^sec-websocket-key: (.*)$/im.exec(head)?.[1]?.trim() ?? "";
  return `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\nSec-WebSocket-Protocol: chat\r\n\r\n`;
}

describe("a WebSocket by HTTP/2", function () {
  this.timeout(60_000);

  let origin: RawOrigin;
  let edge: TestEdge;
  let router: TestRouter;
  let fronts: readonly string[];
  let reply: (socket: Socket, head: string) => void;
  const sessions: ClientHttp2Session[] = [];

  before(async () => {
    origin = await RawOrigin.start((socket, _, head) => reply(socket, head));
    const h2c = { ...NO_TLS, h2c: true };
    const rules = { ...SAFE_RULES, upgrades: ["websocket"] };
    edge = await startTestEdge({ kind: "http", url: origin.url }, { ...h2c, rules });
    router = await startTestRouter([], { ...h2c, edges: { kind: "listed", grpcAddresses: [edge.control] } });
    fronts = [edge.url, router.base];
  });

  beforeEach(() => {
    reply = (socket, head) => {
      socket.on("data", (text: string) => socket.write(text));
      socket.write(agreed(head));
    };
  });

  afterEach(() => {
    for (const session of sessions.splice(0)) session.destroy();
  });

  after(async () => {
    await router.running.stop();
    await edge.stop();
    await origin.stop();
  });

  async function open(front: string): Promise<ClientHttp2Session> {
    const session = connect(front);
    sessions.push(session);
    await once(session, "remoteSettings");
    return session;
  }

  async function ask(
    session: ClientHttp2Session,
    more: IncomingHttpHeaders = {},
  ): Promise<{ readonly stream: ClientHttp2Stream; readonly head: Head }> {
    const stream = session.request({
      ":method": "CONNECT",
      ":protocol": "websocket",
      ":scheme": "http",
      ":path": "/chat?a=b",
      ":authority": "a.example",
      "sec-websocket-version": "13",
      ...more,
    });
    const [head]: [Head] = (await once(stream, "response")) as never;
    return { stream, head };
  }

  it("is one of HTTP/1.1 to the origin, with a key that no client has made", async () => {
    for (const front of fronts) {
      const session = await open(front);
      expect(session.remoteSettings.enableConnectProtocol).to.equal(true);
      const { stream, head } = await ask(session, { "sec-websocket-key": "of-the-client" });
      expect(head[":status"]).to.equal(200);
      expect(head["sec-websocket-protocol"]).to.equal("chat");
      for (const name of ["sec-websocket-accept", "connection", "upgrade"])
        expect(head[name]).to.equal(undefined);
      expect(head["cache-status"]).to.equal("edge-1; fwd=bypass; fwd-status=101; detail=tunnel");
      const sent = origin.heads.at(-1) ?? "";
      expect(sent).to.match(/^GET \/chat\?a=b HTTP\/1.1\r\n/);
      expect(sent).to.contain("Upgrade: websocket").and.contain("Connection: Upgrade");
      expect(sent).to.match(/^sec-websocket-version: 13$/im);
      const keys = sent.match(/^sec-websocket-key: .*$/gim) ?? [];
      expect(keys.length).to.equal(1);
      expect(keys.join()).not.to.contain("of-the-client");
      stream.write("ping");
      const [echo] = await once(stream, "data");
      expect(String(echo)).to.equal("ping");
      stream.end();
      stream.resume();
      await once(stream, "close");
    }
  });

  it("ends with the origin's side, after the last byte", async () => {
    reply = (socket, head) => socket.end(`${agreed(head)}bye`);
    for (const front of fronts) {
      const { stream } = await ask(await open(front));
      let said = "";
      for await (const part of stream.setEncoding("latin1")) said += part;
      expect(said).to.equal("bye");
    }
  });

  it("ends for the origin when the client resets its stream, and other streams go on", async () => {
    for (const front of fronts) {
      const session = await open(front);
      const [one, other] = [await ask(session), await ask(session)];
      one.stream.close(8);
      other.stream.write("still here");
      const [echo] = await once(other.stream, "data");
      expect(String(echo)).to.equal("still here");
      other.stream.close();
      await origin.closed();
    }
  });

  it("is answered 502 when the origin has not read the key", async () => {
    reply = (socket, head) => socket.write(agreed(head.replace(/-key: .*/i, "-key: other")));
    for (const front of fronts) {
      const { head } = await ask(await open(front));
      expect(head[":status"]).to.equal(502);
    }
  });

  it("is answered as the origin says when it does not agree", async () => {
    reply = (socket) => socket.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    for (const front of fronts) {
      const { stream, head } = await ask(await open(front));
      let text = "";
      for await (const part of stream.setEncoding("latin1")) text += part;
      expect([head[":status"], text]).to.deep.equal([403, "no"]);
    }
  });

  it("is answered 501 by another protocol, and reset when it is malformed", async () => {
    for (const front of fronts) {
      const client = await Http2Frames.open(front);
      const asked = (stream: number, fields: FieldList, flags = END_HEADERS) =>
        frame(HEADERS, flags, stream, block(fields));
      const without = (name: string) => CONNECT.filter(([each]) => each !== name);
      client.send(
        asked(1, [...pseudo("/", "CONNECT"), [":protocol", "connect-udp"]]),
        asked(3, without(":scheme")),
        asked(5, without(":path")),
        asked(7, [...pseudo("/"), [":protocol", "websocket"]]),
        asked(9, CONNECT, END_HEADERS | END_STREAM),
        asked(11, [...CONNECT, ["content-length", "1"]]),
        asked(13, pseudo("/", "CONNECT")),
      );
      expect((await client.answer(1)).status).to.equal("501");
      for (const stream of [3, 5, 7, 9, 11]) expect(await client.reset(stream), `${stream}`).to.equal(1);
      expect((await client.answer(13)).status).to.equal("405");
      client.destroy();
    }
  });

  it("is reset at the end of a drain, and the origin learns it", async () => {
    const rules = { ...SAFE_RULES, upgrades: ["websocket"] };
    const draining = await startTestEdge(
      { kind: "http", url: origin.url },
      { ...NO_TLS, h2c: true, rules, drain: 200 },
    );
    const client = await Http2Frames.open(draining.url);
    client.send(frame(HEADERS, END_HEADERS, 1, block(CONNECT)));
    await client.find(({ type, stream }) => type === HEADERS && stream === 1);
    const stopped = draining.stop();
    client.send(frame(DATA, 0, 1, Buffer.from("last words")));
    const echo = await client.find(({ type }) => type === DATA);
    expect(String(echo?.payload)).to.equal("last words");
    expect(await client.reset(1)).to.equal(8);
    await client.closed;
    await origin.closed();
    await stopped;
  });

  it("is reset where no protocol passes at all", async () => {
    const closed = await startTestRouter([], {
      ...NO_TLS,
      h2c: true,
      upgrades: [],
      edges: { kind: "listed", grpcAddresses: [edge.control] },
    });
    const client = await Http2Frames.open(closed.base);
    client.send(frame(HEADERS, END_HEADERS, 1, block(CONNECT)));
    expect(await client.reset(1)).to.equal(1);
    client.destroy();
    await closed.running.stop();
  });

  it("does not get more than its windows allow, and stops the origin meanwhile", async () => {
    for (const front of fronts) {
      let written = 0;
      let full = false;
      let gone = false;
      const piece = "x".repeat(2 ** 16);
      reply = (socket, head) => {
        socket.on("close", () => {
          gone = true;
        });
        const flood = (): void => {
          while (written < FLOOD) {
            written += piece.length;
            if (socket.write(piece)) continue;
            full = true;
            return;
          }
        };
        socket.on("drain", flood).write(agreed(head));
        flood();
      };
      const client = await Http2Frames.open(front);
      client.send(frame(HEADERS, END_HEADERS, 1, block(CONNECT)));
      const got = () =>
        client.frames
          .filter(({ type }) => type === DATA)
          .reduce((sum, { payload }) => sum + payload.length, 0);
      await until("the origin can write no more", () => full && got() === 65_535);
      await until("nothing moves", async () => {
        const before = written;
        await client.handled(String(before % 10 ** 8).padStart(16, "0"));
        return written === before;
      });
      expect(got()).to.equal(65_535);
      // What the kernels of this machine hold.
      expect(written).to.be.below(FLOOD / 2);
      client.send(frame(RST_STREAM, 0, 1, "00000008"));
      await until("the origin is left", () => gone);
      client.destroy();
    }
  });

  it("holds no more of what the client sends than one window while the origin does not read", async () => {
    for (const front of fronts) {
      let leave = (): void => undefined;
      reply = (socket, head) => {
        socket.write(agreed(head));
        socket.pause();
        leave = () => socket.destroy();
      };
      const session = await open(front);
      const { stream } = await ask(session);
      const piece = Buffer.alloc(2 ** 16);
      let written = 0;
      while (written < FLOOD && stream.write(piece)) written += piece.length;
      await until("nothing moves", async () => {
        const before = stream.writableLength;
        await new Promise((resolve) => session.ping(resolve));
        while (written < FLOOD && stream.writableLength === 0) {
          stream.write(piece);
          written += piece.length;
        }
        return stream.writableLength > 0 && stream.writableLength === before;
      });
      expect(written).to.be.below(FLOOD / 2);
      leave();
      const [thrown]: [Error] = (await once(stream.resume(), "error")) as never;
      expect(thrown.message).to.contain("NGHTTP2_CONNECT_ERROR");
    }
  });
});
