import { once } from "node:events";
import { expect } from "chai";
import { get } from "../../test/rig/http-client.ts";
import { HttpOrigin } from "../../test/rig/http-origin.ts";
import { RawConnection } from "../../test/rig/raw-connection.ts";
import { startTestListener, type TestListener } from "../../test/rig/test-listener.ts";

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
