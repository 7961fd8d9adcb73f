import type { Socket } from "node:net";
import { expect } from "chai";
import { TUNNEL_LIMITS } from "../../edge/cache/tunnels.ts";
import { SAFE_RULES } from "../../edge/rules/site-rules.ts";
import { get } from "../rig/http-client.ts";
import { purge } from "../rig/purge.ts";
import { RawConnection } from "../rig/raw-connection.ts";
import { RawOrigin } from "../rig/raw-origin.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { startTestRouter, type TestRouter } from "../rig/test-router.ts";
import { until } from "../rig/until.ts";

const RULES = { ...SAFE_RULES, upgrades: ["websocket"] };
const KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
const asks = (protocol = "websocket", more = "") =>
  `GET /chat HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n${KEY}${more}\r\n`;
const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const FLOOD = 64 * 2 ** 20;

describe("a request to change protocols", function () {
  this.timeout(60_000);

  let origin: RawOrigin;
  let edge: TestEdge;
  let router: TestRouter;
  /** Of the edge, and of a router in front of it. */
  let fronts: readonly string[];
  /** What the origin does once a request has come. */
  let reply: (socket: Socket, head: string) => void;
  /** What the origin has got behind the heads of requests that it agreed to. */
  let got: string;
  const clients: RawConnection[] = [];

  before(async () => {
    origin = await RawOrigin.start((socket, _, head) => reply(socket, head));
    edge = await startTestEdge(
      { kind: "http", url: origin.url },
      { rules: RULES, tunnelIdle: 1_000, drain: 100 },
    );
    router = await startTestRouter([], { edges: { kind: "listed", grpcAddresses: [edge.control] } });
    fronts = [edge.url, router.base];
  });

  beforeEach(() => {
    got = "";
    reply = (socket) => {
      socket.on("data", (text: string) => {
        got += text;
        socket.write(text);
      });
      socket.write(SWITCHED);
    };
  });

  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
  });

  after(async () => {
    await router.running.stop();
    await edge.stop();
    await origin.stop();
  });

  const send = async (base: string, bytes: string): Promise<RawConnection> => {
    const client = await RawConnection.open(base);
    clients.push(client);
    return client.send(bytes);
  };
  const metrics = async () => (await fetch(`${edge.operator}/metrics`)).text();
  const answersWith = (text: string) => {
    reply = (socket) => socket.write(text);
  };

  it("makes a tunnel, whose fields say what it is", async () => {
    for (const front of fronts) {
      const client = await send(front, asks());
      const head = await client.reply();
      expect(head.status).to.equal(101);
      expect([head.header("Connection"), head.header("Upgrade")]).to.deep.equal(["Upgrade", "websocket"]);
      expect(head.header("Cache-Status")).to.equal("edge-1; fwd=bypass; fwd-status=101; detail=tunnel");
      expect(head.header("Content-Length") ?? head.header("Transfer-Encoding")).to.equal(undefined);
      client.send("ping");
      await until("the echo is back", () => got === "ping");
      got = "";
    }
    const sent = origin.heads.at(-1) ?? "";
    expect(sent).to.match(/^GET \/chat HTTP\/1.1\r\n/);
    expect(sent.match(/^connection: .*$/gim)).to.deep.equal(["Connection: Upgrade"]);
    expect(sent.match(/^upgrade: .*$/gim)).to.deep.equal(["Upgrade: websocket"]);
    expect(sent)
      .to.contain("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
      .and.match(/x-forwarded-proto: http/i);
    const text = await metrics();
    expect(text).to.match(/edgecache_edge_tunnels_total\{edge="edge-1",outcome="opened"\} 2/);
    expect(text).to.match(/edgecache_edge_tunnels_opened_total\{edge="edge-1",protocol="websocket"\} 2/);
    expect(text).to.match(/edgecache_edge_tunnel_bytes_received_total\{edge="edge-1"\} 8/);
  });

  it("passes h2c and other protocols that the site does not name to nobody", async () => {
    answersWith("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nCache-Control: no-store\r\n\r\npage");
    for (const front of fronts) {
      for (const protocol of ["h2c", "HTTP/2.0", "TLS/1.0", "spdy/3.1"]) {
        const client = await send(front, asks(protocol));
        expect((await client.reply()).body).to.equal("page");
        expect(origin.heads.at(-1)).not.to.match(/upgrade/i);
      }
    }
  });

  it("holds what the client sends before the answer until the origin agrees", async () => {
    for (const front of fronts) {
      got = "";
      let agree = (): void => undefined;
      reply = (socket) => {
        socket.on("data", (text: string) => {
          got += text;
        });
        agree = () => socket.write(SWITCHED);
      };
      const before = origin.heads.length;
      const client = await send(front, `${asks()}early`);
      await until("the origin has been asked", () => origin.heads.length > before);
      client.send(" bytes");
      expect(got).to.equal("");
      agree();
      expect((await client.reply()).status).to.equal(101);
      await until("they have come", () => got === "early bytes");
    }
  });

  it("is answered as the origin says when it does not agree; what follows is no request", async () => {
    answersWith("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nCache-Control: max-age=60\r\n\r\npage");
    const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n";
    for (const front of fronts) {
      const client = await send(front, asks() + smuggled);
      const answer = await client.reply();
      expect([answer.status, answer.body, answer.header("Connection")]).to.deep.equal([200, "page", "close"]);
      expect(answer.header("Cache-Status")).to.contain("detail=upgrade-declined");
      expect(await client.rest()).to.equal("");
    }
    expect(origin.heads.filter((head) => head.includes("smuggled"))).to.deep.equal([]);
    expect((await get(edge.url, "/chat")).header("x-cache")).to.equal("MISS");
  });

  const wrong: Readonly<Record<string, string>> = {
    "to another protocol": SWITCHED.replace("websocket", "h2c"),
    "to two protocols": SWITCHED.replace("websocket", "websocket, h2c"),
    "without Connection": SWITCHED.replace("Connection: Upgrade\r\n", ""),
    "of HTTP/1.0": SWITCHED.replace("HTTP/1.1", "HTTP/1.0"),
    "with Content-Length": SWITCHED.replace("\r\n\r\n", "\r\nContent-Length: 5\r\n\r\n"),
    "with Transfer-Encoding": SWITCHED.replace("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n"),
  };
  for (const [what, text] of Object.entries(wrong)) {
    it(`is answered 502 when the origin changes protocols ${what}`, async () => {
      answersWith(text);
      for (const front of fronts) {
        const answer = await (await send(front, asks())).reply();
        expect([answer.status, answer.header("Proxy-Status")]).to.deep.equal([
          502,
          "edge-1; error=http_upgrade_failed",
        ]);
      }
    });
  }

  it("is refused with a body, and passes as a plain request by another method than GET", async () => {
    answersWith("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage");
    for (const front of fronts) {
      for (const body of ["Content-Length: 4\r\n\r\nbody", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"]) {
        const client = await send(front, asks("websocket", body).slice(0, -2));
        expect((await client.reply()).status).to.equal(400);
        expect(await client.rest()).to.equal("");
      }
      const posted = await send(front, asks().replace("GET", "POST"));
      expect((await posted.reply()).body).to.equal("page");
    }
  });

  it("ends for each side when the other ends it, after the last byte", async () => {
    for (const front of fronts) {
      let fromClient = "";
      let ended = false;
      reply = (socket) => {
        socket.on("data", (text: string) => {
          fromClient += text;
        });
        socket.on("end", () => {
          ended = true;
        });
        socket.write(SWITCHED);
      };
      const client = await send(front, asks());
      await client.reply();
      client.send("bye").socket.end();
      await until("the origin has the end", () => ended && fromClient === "bye");
      await client.closed;
      reply = (socket) => socket.end(`${SWITCHED}bye`);
      const other = await send(front, asks());
      await other.reply();
      expect(await other.rest()).to.equal("bye");
    }
  });

  it("is given up at the origin when the client leaves before the answer", async () => {
    for (const front of fronts) {
      reply = () => undefined;
      const before = origin.heads.length;
      const client = await send(front, asks());
      await until("the origin has been asked", () => origin.heads.length > before);
      client.destroy();
      await origin.closed();
    }
  });

  it("is given up at an origin that agrees after the client has left, by an edge of several threads too", async () => {
    for (const workers of [1, 2]) {
      const late = await startTestEdge(
        { kind: "http", url: origin.url },
        { rules: RULES, workers, drain: 0 },
      );
      let agree = (): void => undefined;
      reply = (socket) => {
        agree = () => socket.write(SWITCHED);
      };
      const before = origin.heads.length;
      const client = await send(late.url, asks());
      await until("the origin has been asked", () => origin.heads.length > before);
      client.socket.end();
      await client.closed;
      agree();
      await origin.closed();
      await late.stop();
    }
  });

  it("stops the side that sends while the other does not read", async () => {
    for (const front of fronts) {
      let written = 0;
      let full = false;
      const piece = "x".repeat(2 ** 16);
      reply = (socket) => {
        const flood = (): void => {
          while (written < FLOOD) {
            written += piece.length;
            if (!socket.write(piece)) {
              full = true;
              return;
            }
          }
        };
        socket.on("drain", flood).write(SWITCHED);
        flood();
      };
      const client = await send(front, asks());
      await client.reply();
      client.socket.pause();
      await until("the origin can write no more", () => full);
      await until("nothing moves", async () => {
        const before = written;
        await fetch(`${edge.operator}/healthz`);
        return written === before;
      });
      // What the kernels of this machine hold for three connections.
      expect(written).to.be.below(FLOOD / 2);
      client.socket.resume();
      await until("all of it has come", () => written >= FLOOD);
      client.destroy();
    }
  });

  it("is closed when both sides are silent for --tunnel-idle", async () => {
    for (const front of fronts) {
      const began = performance.now();
      const client = await send(front, asks());
      await client.reply();
      expect(await client.rest()).to.equal("");
      expect(performance.now() - began).to.be.above(1_000);
    }
  });

  it("outlives a purge of everything", async () => {
    for (const front of fronts) {
      const client = await send(front, asks());
      await client.reply();
      await purge(edge.control, { $case: "everything", everything: true });
      got = "";
      client.send("still here");
      await until("the echo is back", () => got === "still here");
    }
  });

  it("is answered 501 with a sentence where the site does not allow it", async () => {
    const strict = await startTestEdge({ kind: "http", url: origin.url });
    const before = origin.heads.length;
    try {
      const client = await send(strict.url, `${asks()}GET /next HTTP/1.1\r\nHost: a.example\r\n\r\n`);
      const answer = await client.reply();
      expect(answer.status).to.equal(501);
      expect(answer.body).to.contain("its setting upgrades allows it");
      expect(answer.header("Cache-Status")).to.equal("edge-1; fwd=bypass; detail=upgrade-not-allowed");
      expect(await client.rest()).to.equal("");
      expect(origin.heads.length).to.equal(before);
    } finally {
      await strict.stop();
    }
  });

  it("is answered 503 beyond the tunnels of a client, until one of them ends", async () => {
    // Its tunnels may be idle for longer than a busy machine takes to open them.
    const patient = await startTestEdge({ kind: "http", url: origin.url }, { rules: RULES, drain: 0 });
    const ask = async () => {
      const client = await send(patient.url, asks());
      return { client, answer: await client.reply() };
    };
    const tunnels = await Promise.all(Array.from({ length: TUNNEL_LIMITS.client }, ask));
    expect(new Set(tunnels.map(({ answer }) => answer.status))).to.deep.equal(new Set([101]));
    const { answer } = await ask();
    expect([answer.status, answer.header("Retry-After")]).to.deep.equal([503, "1"]);
    expect(answer.header("Cache-Status")).to.equal("edge-1; fwd=bypass; detail=client-tunnels");
    tunnels[0]?.client.destroy();
    await until("there is room", async () => (await ask()).answer.status === 101);
    await patient.stop();
  });

  it("goes to the next origin when the first cannot be reached", async () => {
    const gone = await RawOrigin.start(() => undefined);
    await gone.stop();
    const several = await startTestEdge(
      { kind: "several", urls: [gone.url, origin.url] },
      { rules: RULES, drain: 0 },
    );
    const client = await send(several.url, asks());
    expect((await client.reply()).status).to.equal(101);
    client.destroy();
    await several.stop();
  });

  it("ends for both sides at the end of a drain", async () => {
    const draining = await startTestEdge({ kind: "http", url: origin.url }, { rules: RULES, drain: 200 });
    const client = await send(draining.url, asks());
    await client.reply();
    const stopped = draining.stop();
    client.send("last words");
    await until("the echo is back", () => got === "last words");
    expect(await client.rest()).to.equal("last words");
    await origin.closed();
    await stopped;
  });
});
