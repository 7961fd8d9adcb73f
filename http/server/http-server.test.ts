import { once } from "node:events";
import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { Gate } from "../../test/rig/gate.ts";
import { get } from "../../test/rig/http-client.ts";
import { HttpOrigin } from "../../test/rig/http-origin.ts";
import { RawConnection } from "../../test/rig/raw-connection.ts";
import { startTestListener, type TestListener } from "../../test/rig/test-listener.ts";
import { startTestServer, type TestServer } from "../../test/rig/test-server.ts";
import type { Exchange } from "./exchange.ts";
import { ExchangeStreams } from "./exchange-streams.ts";

const GET = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
// Long enough for what is sent at once to arrive at once on a busy machine.
const SLOW = { fieldsMs: 500, senderMs: 600, checkMs: 10, connections: 3 };
const LIMITS = { fieldsMs: 10_000, senderMs: 30_000, checkMs: 1_000, connections: 3 };

describe("the connections of the data port", () => {
  let origin: HttpOrigin;
  let port: TestListener;

  beforeEach(async () => {
    const body = "whole";
    origin = await HttpOrigin.start({ "/a": { fields: [["Cache-Control", "max-age=60"]], body } });
    port = await startTestListener(origin.url, LIMITS);
  });

  afterEach(async () => {
    await port.stop();
    await origin.stop();
  });

  describe("that take their time", () => {
    beforeEach(async () => {
      await port.stop();
      port = await startTestListener(origin.url, SLOW);
    });

    it("answers 408 to fields that come slowly, however steadily", async () => {
      const client = (await RawConnection.open(port.url)).send("GET /a HTTP/1.1\r\nX: ");
      const trickle = setInterval(() => client.send("x"), 20);
      const began = performance.now();
      const reply = await client.reply();
      clearInterval(trickle);
      expect(performance.now() - began).to.be.at.least(SLOW.fieldsMs - 10);
      expect(reply.status).to.equal(408);
      expect(reply.header("Cache-Status")).to.equal("edge-1; fwd=bypass; detail=request-too-slow");
      await client.closed;
      expect(port.counters.get("errors")).to.equal(1);
    });

    it("answers 408 to content that comes slowly, and lets the origin go", async () => {
      origin.answer("/form", async (request) => ({ body: await request.body() }));
      const client = await RawConnection.open(port.url);
      client.send("POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
      const trickle = setInterval(() => client.send("x"), 20);
      const reply = await client.reply();
      clearInterval(trickle);
      expect(reply.status).to.equal(408);
      await client.closed;
      expect(port.counters.get("requests")).to.equal(1);
    });

    it("takes content of any length for as long as it keeps coming", async () => {
      origin.answer("/form", async (request) => ({ body: `${(await request.body()).length}` }));
      const client = await RawConnection.open(port.url);
      client.send("POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 40960\r\n\r\n");
      let sent = 0;
      const steadily = setInterval(() => {
        if (sent < 40) client.send("x".repeat(1024));
        sent += 1;
      }, 20);
      const reply = await client.reply();
      clearInterval(steadily);
      expect([reply.status, reply.body]).to.deep.equal([200, "40960"]);
    });

    it("closes one that never sends anything, without a word", async () => {
      const client = await RawConnection.open(port.url);
      expect(await client.rest()).to.equal("");
      expect(port.counters.get("requests")).to.equal(0);
    });

    it("does not hurry the answer", async () => {
      const fields = origin.hold("/a", "fields");
      const client = (await RawConnection.open(port.url)).send(GET);
      await origin.received("/a");
      const slow = (await RawConnection.open(port.url)).send("GET /a HTTP/1.1\r\n");
      expect((await slow.reply()).status).to.equal(408);
      const slower = (await RawConnection.open(port.url)).send("GET /a HTTP/1.1\r\n");
      expect((await slower.reply()).status).to.equal(408);
      fields.open();
      expect((await client.reply()).body).to.equal("whole");
    });
  });

  describe("that are too many", () => {
    it("close the one that has been idle for longest", async () => {
      const idle: RawConnection[] = [];
      for (let i = 0; i < LIMITS.connections; i += 1) {
        idle.push((await RawConnection.open(port.url)).send(GET));
        await idle[i]?.reply();
      }
      const [first, second] = idle;
      first?.send(GET);
      await first?.reply();
      const healthy = (await RawConnection.open(port.url)).send(GET);
      expect((await healthy.reply()).body).to.equal("whole");
      await second?.closed;
      first?.send(GET);
      expect((await first?.reply())?.body).to.equal("whole");
    });

    it("close one that never asked rather than one that was just answered", async () => {
      const asked = (await RawConnection.open(port.url)).send(GET);
      await asked.reply();
      const mute = await RawConnection.open(port.url);
      const askedToo = (await RawConnection.open(port.url)).send(GET);
      await askedToo.reply();
      const newcomer = (await RawConnection.open(port.url)).send(GET);
      expect((await newcomer.reply()).body).to.equal("whole");
      await mute.closed;
      for (const kept of [asked, askedToo]) expect((await kept.send(GET).reply()).body).to.equal("whole");
    });

    it("are refused when all others are being answered", async () => {
      const fields = origin.hold("/a", "fields");
      const busy: RawConnection[] = [];
      for (let i = 0; i < LIMITS.connections; i += 1) {
        busy.push((await RawConnection.open(port.url)).send(GET));
      }
      while (port.listener.inFlight < LIMITS.connections) await origin.received("/a");
      await (await RawConnection.open(port.url)).closed;
      fields.open();
      for (const each of busy) expect((await each.reply()).body).to.equal("whole");
    });

    it("serve whoever comes while hundreds of others do nothing", async () => {
      const idle = await Promise.all(Array.from({ length: 300 }, () => RawConnection.open(port.url)));
      expect((await get(port.url, "/a")).text).to.equal("whole");
      const closed = idle.slice(0, -LIMITS.connections).map((each) => each.closed);
      await Promise.all(closed);
    });
  });

  describe("when the port closes", () => {
    it("are closed at once where they are idle, and after the answer where they are not", async () => {
      const idle = await RawConnection.open(port.url);
      const used = (await RawConnection.open(port.url)).send(GET);
      await used.reply();
      const fields = origin.hold("/b", "fields");
      const busy = (await RawConnection.open(port.url)).send(GET.replace("/a", "/b"));
      await origin.received("/b");
      const closing = port.listener.close(10_000);
      await Promise.all([idle.closed, used.closed]);
      fields.open();
      const reply = await busy.reply();
      expect([reply.status, reply.header("Connection")]).to.deep.equal([404, "close"]);
      await closing;
      await busy.closed;
    });

    it("are cut when patience ends", async () => {
      const fields = origin.hold("/b", "fields");
      const busy = (await RawConnection.open(port.url)).send(GET.replace("/a", "/b"));
      await origin.received("/b");
      await port.listener.close(1);
      await busy.closed;
      fields.open();
    });
  });

  it("survive a client that resets its connection in every state", async () => {
    for (const bytes of [
      "",
      "GET /a HT",
      GET,
      GET + GET,
      "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
      "junk\r\n",
    ]) {
      const client = (await RawConnection.open(port.url)).send(bytes);
      client.socket.resetAndDestroy();
      await once(client.socket, "close");
    }
    expect((await get(port.url, "/a")).text).to.equal("whole");
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
      expect(server.inFlight).to.equal(0);
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
