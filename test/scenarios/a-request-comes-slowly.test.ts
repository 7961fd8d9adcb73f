import { expect } from "chai";
import { type Clock, systemClock } from "../../process/clock.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { RawConnection } from "../rig/raw-connection.ts";
import { startTestListener, type TestListener } from "../rig/test-listener.ts";

describe("a request that comes slowly", () => {
  let skippedMs: number;
  let origin: HttpOrigin;
  let port: TestListener;
  const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + skippedMs };

  beforeEach(async () => {
    skippedMs = 0;
    origin = await HttpOrigin.start();
    port = await startTestListener(origin.url, { checkMs: 10 }, clock);
  });

  afterEach(async () => {
    await port.stop();
    await origin.stop();
  });

  /** Sends a piece every few milliseconds, which are `ms` for the edge. */
  function trickle(client: RawConnection, piece: string, ms: number, count = Number.POSITIVE_INFINITY) {
    let sent = 0;
    return setInterval(() => {
      if (sent >= count || !client.socket.writable) return;
      sent += 1;
      skippedMs += ms;
      client.send(piece);
    }, 5);
  }

  it("gets 408 when its fields come slowly", async () => {
    const client = (await RawConnection.open(port.url)).send("GET /a HTTP/1.1\r\nX: ");
    const steadily = trickle(client, "x", 1_000);
    const reply = await client.reply().finally(() => clearInterval(steadily));
    expect(reply.status).to.equal(408);
    expect(reply.header("Cache-Status")).to.equal("edge-1; fwd=bypass; detail=request-too-slow");
    await client.closed;
    expect(port.counters.get("errors")).to.equal(1);
  });

  it("gets 408 when its content comes slowly", async () => {
    origin.answer("/form", async (request) => ({ body: await request.body() }));
    const client = await RawConnection.open(port.url);
    client.send("POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    const steadily = trickle(client, "x", 1_000);
    const reply = await client.reply().finally(() => clearInterval(steadily));
    expect(reply.status).to.equal(408);
    await client.closed;
    expect(port.counters.get("requests")).to.equal(1);
  });

  it("is answered when its content keeps coming, however long it takes", async () => {
    origin.answer("/form", async (request) => ({ body: `${(await request.body()).length}` }));
    const client = await RawConnection.open(port.url);
    client.send("POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 102400\r\n\r\n");
    const steadily = trickle(client, "x".repeat(1_024), 500, 100);
    const reply = await client.reply().finally(() => clearInterval(steadily));
    expect([reply.status, reply.body]).to.deep.equal([200, "102400"]);
  });
});
