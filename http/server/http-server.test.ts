import { once } from "node:events";
import { expect } from "chai";
import { type Clock, systemClock } from "../../process/clock.ts";
import { Gate } from "../../test/rig/gate.ts";
import { get } from "../../test/rig/http-client.ts";
import { RawConnection } from "../../test/rig/raw-connection.ts";
import { startTestServer, type TestServer } from "../../test/rig/test-server.ts";
import { until } from "../../test/rig/until.ts";
import type { Exchange } from "./exchange.ts";
import { ExchangeStreams } from "./exchange-streams.ts";

const GET = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
const HELD = GET.replace("/a", "/held");
const LIMITS = { fieldsMs: 10_000, checkMs: 10, connections: 3 };

/** Answers with the same content each time. */
function answerWhole(exchange: Exchange): void {
  const streams = new ExchangeStreams(exchange, systemClock, () => undefined);
  streams.begin("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", 5);
  streams.finish(Buffer.from("whole"));
}

describe("the connections of a server", () => {
  let skippedMs: number;
  /** Requests for /held are answered once it is open. */
  let held: Gate;
  let asked: string[];
  let port: TestServer;
  const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + skippedMs };

  beforeEach(async () => {
    [skippedMs, held, asked] = [0, new Gate(), []];
    const take = (exchange: Exchange) => {
      asked.push(exchange.request.path);
      if (exchange.request.path === "/held") void held.passed.then(() => answerWhole(exchange));
      else answerWhole(exchange);
    };
    port = await startTestServer(take, LIMITS, clock);
  });

  afterEach(() => port.server.close(0));

  /** Time passes until `done` settles, since no event tells when the server has read what was sent. */
  async function whileTimePasses<T>(done: Promise<T>, step: () => void = () => undefined): Promise<T> {
    const steps = setInterval(() => {
      skippedMs += 2_500;
      step();
    }, 20);
    return await done.finally(() => clearInterval(steps));
  }

  const open = () => RawConnection.open(port.url);
  const underWay = (count: number) =>
    until(`${count} requests are under way`, () => port.server.load.inFlight === count);

  describe("that take their time", () => {
    it("are refused when the fields of a request come slowly, however steadily", async () => {
      const client = (await open()).send("GET /a HTTP/1.1\r\nX: ");
      const reply = await whileTimePasses(client.reply(), () => {
        if (client.socket.writable) client.send("x");
      });
      expect(reply.header("X-Refused")).to.equal("request-too-slow");
      await client.closed;
      expect([asked, skippedMs >= LIMITS.fieldsMs]).to.deep.equal([[], true]);
    });

    it("are closed without a response when they never send anything", async () => {
      const client = await open();
      expect(await whileTimePasses(client.rest())).to.equal("");
      expect(asked).to.deep.equal([]);
    });

    it("do not shorten the time of a request that has arrived", async () => {
      const client = (await open()).send(HELD);
      await underWay(1);
      const slow = (await open()).send("GET /a HTTP/1.1\r\n");
      expect((await whileTimePasses(slow.reply())).header("X-Refused")).to.equal("request-too-slow");
      held.open();
      expect((await client.reply()).body).to.equal("whole");
    });
  });

  describe("that are too many", () => {
    it("close the one that has been idle for longest", async () => {
      const idle: RawConnection[] = [];
      for (let i = 0; i < LIMITS.connections; i += 1) {
        idle.push((await open()).send(GET));
        await idle[i]?.reply();
      }
      const [first, second] = idle;
      first?.send(GET);
      await first?.reply();
      const healthy = (await open()).send(GET);
      expect((await healthy.reply()).body).to.equal("whole");
      await second?.closed;
      first?.send(GET);
      expect((await first?.reply())?.body).to.equal("whole");
    });

    it("close one that never asked rather than one that was just answered", async () => {
      const before = (await open()).send(GET);
      await before.reply();
      const mute = await open();
      const after = (await open()).send(GET);
      await after.reply();
      const newcomer = (await open()).send(GET);
      expect((await newcomer.reply()).body).to.equal("whole");
      await mute.closed;
      for (const kept of [before, after]) expect((await kept.send(GET).reply()).body).to.equal("whole");
    });

    it("are refused when all others are being answered", async () => {
      const busy: RawConnection[] = [];
      for (let i = 0; i < LIMITS.connections; i += 1) busy.push((await open()).send(HELD));
      await underWay(LIMITS.connections);
      await (await open()).closed;
      held.open();
      for (const each of busy) expect((await each.reply()).body).to.equal("whole");
    });

    it("leave room for a client that asks while hundreds of others do nothing", async () => {
      const idle = await Promise.all(Array.from({ length: 300 }, open));
      expect((await get(port.url, "/a")).text).to.equal("whole");
      const closed = idle.slice(0, -LIMITS.connections).map((each) => each.closed);
      await Promise.all(closed);
    });
  });

  describe("when the server closes", () => {
    it("are closed at once if they are idle, and after the response if they are not", async () => {
      const idle = await open();
      const used = (await open()).send(GET);
      await used.reply();
      const busy = (await open()).send(HELD);
      await underWay(1);
      const closing = port.server.close(10_000);
      await Promise.all([idle.closed, used.closed]);
      held.open();
      const reply = await busy.reply();
      expect([reply.body, reply.header("Connection")]).to.deep.equal(["whole", "close"]);
      await closing;
      await busy.closed;
    });

    it("are cut when the time for open responses is over", async () => {
      const busy = (await open()).send(HELD);
      await underWay(1);
      await port.server.close(1);
      await busy.closed;
    });
  });

  it("may be reset by the client in every state, and the server goes on", async () => {
    for (const bytes of [
      "",
      "GET /a HT",
      GET,
      GET + GET,
      "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
      "junk\r\n",
    ]) {
      const client = (await open()).send(bytes);
      client.socket.resetAndDestroy();
      await once(client.socket, "close");
    }
    expect((await get(port.url, "/a")).text).to.equal("whole");
    expect(port.faults).to.deep.equal([]);
  });
});

describe("a server", () => {
  const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

  async function using(take: (exchange: Exchange) => void, act: (started: TestServer) => Promise<void>) {
    const started = await startTestServer(take);
    try {
      await act(started);
    } finally {
      await started.server.close(0);
    }
  }

  function answer(exchange: Exchange): void {
    exchange.decideClosing();
    exchange.begin(ok);
    exchange.finish();
  }

  it("answers 500 when its program throws, on that connection only", async () => {
    const take = (exchange: Exchange) => {
      if (exchange.request.path === "/fault") throw new Error("boom");
      answer(exchange);
    };
    await using(take, async ({ url, faults }) => {
      const other = (await RawConnection.open(url)).send(GET);
      expect((await other.reply()).body).to.equal("ok");
      const client = (await RawConnection.open(url)).send(GET.replace("/a", "/fault") + GET);
      expect((await client.reply()).status).to.equal(500);
      expect(await client.rest()).to.equal("");
      expect(faults).to.have.lengthOf(1);
      expect((await other.send(GET).reply()).body).to.equal("ok");
    });
  });

  it("resets a connection whose answer has begun when its program throws later", async () => {
    const take = (exchange: Exchange) => {
      exchange.begin("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
      exchange.flush();
      setImmediate(() => exchange.fault(new Error("boom")));
    };
    await using(take, async ({ url, faults, server }) => {
      const client = (await RawConnection.open(url)).send(GET);
      expect(await client.rest()).to.match(/half$/);
      expect(faults).to.have.lengthOf(1);
      expect(server.load.inFlight).to.equal(0);
    });
  });

  it("answers what a client asked before it closed its sending half", async () => {
    const gate = new Gate();
    const take = (exchange: Exchange) => void gate.passed.then(() => answer(exchange));
    await using(take, async ({ url }) => {
      const client = await RawConnection.open(url);
      client.socket.end(GET + GET);
      gate.open();
      expect(await client.rest()).to.equal(ok + ok);
    });
  });

  it("takes a request to switch protocols for what it is without, and the next one whole", async () => {
    const upgrade = "GET /up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
    const paths: string[] = [];
    const take = (exchange: Exchange) => {
      paths.push(exchange.request.path);
      answer(exchange);
    };
    await using(take, async ({ url }) => {
      const client = (await RawConnection.open(url)).send(upgrade + GET.slice(0, 9));
      await client.reply();
      client.send(GET.slice(9));
      await client.reply();
      expect(paths).to.deep.equal(["/up", "/a"]);
      client.destroy();
    });
  });

  it("invites a body only when it is wanted", async () => {
    const take = (exchange: Exchange) => {
      const streams = new ExchangeStreams(exchange, systemClock, () => undefined);
      const wanted = exchange.request.path === "/wanted" ? streams.body : undefined;
      Array.fromAsync(wanted ?? []).then((chunks) => {
        streams.begin("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n", 1);
        streams.finish(Buffer.from(String(Buffer.concat(chunks).length)));
      });
    };
    const post = (path: string) =>
      `POST ${path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n`;
    await using(take, async ({ url }) => {
      const invited = (await RawConnection.open(url)).send(post("/wanted"));
      expect((await invited.reply()).status).to.equal(100);
      expect((await invited.send("abc").reply()).body).to.equal("3");
      const uninvited = (await RawConnection.open(url)).send(post("/unwanted"));
      const reply = await uninvited.reply();
      expect([reply.status, reply.header("Connection")]).to.deep.equal([200, "close"]);
    });
  });
});
