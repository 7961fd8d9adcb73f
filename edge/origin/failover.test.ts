import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { createServer as createTlsServer } from "node:tls";
import { expect } from "chai";
import { listen } from "../../process/listen.ts";
import { createLog } from "../../process/log.ts";
import { failureOf, get, never, standstill, stopAfterEach, textOf } from "../../test/rig/fetching.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import type { RawOrigin, RawReply } from "../../test/rig/raw-origin.ts";
import { until } from "../../test/rig/until.ts";
import { upstreams } from "../../test/rig/upstreams.ts";
import {
  afterFailure,
  afterProbe,
  FailoverOrigin,
  HEALTHY,
  type OriginHealth,
  probeDelayMs,
} from "./failover.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";

describe("FailoverOrigin", () => {
  const { upstream, raw, http } = upstreams();
  const stopLater = stopAfterEach();
  const clock = new ManualClock();
  const probeClock = new ManualClock();
  /** How often the time until a probe was drawn. */
  let drawn = 0;

  function over(...urls: readonly URL[]): FailoverOrigin {
    const members = urls.map((url) => ({ name: url.origin, origin: upstream(url, { clock }) }));
    const log = createLog("test", "silent");
    const random = () => {
      drawn += 1;
      return 0;
    };
    const origin = new FailoverOrigin({ members, clock: probeClock, random, log });
    stopLater(() => origin.close());
    return origin;
  }

  const named = (name: string) => raw(`${OK}${name}`);
  const text = async (origin: FailoverOrigin) => textOf(await origin.fetch(get("/x"), never));

  /** Where an origin was, that is gone. */
  async function gone(): Promise<URL> {
    const server = await raw("");
    await server.stop();
    return server.url;
  }

  /** An origin that closes every connection unanswered, until the test says otherwise. */
  async function failing(): Promise<{ server: RawOrigin; answer: (reply: RawReply) => void }> {
    let answers: RawReply = (socket) => socket.destroy();
    const server = await raw((...args) => answers(...args));
    return {
      server,
      answer: (reply) => {
        answers = reply;
      },
    };
  }

  async function received(server: RawOrigin, count = 1): Promise<void> {
    await until(`the origin has got ${count} requests`, () => server.heads.length >= count);
  }

  async function probesWaiting(count: number): Promise<void> {
    await until(`${count} probes wait`, () => probeClock.waiting === count);
  }

  describe("while all are up", () => {
    it("asks the preferred one only", async () => {
      const [a, b] = [await named("AA"), await named("BB")];
      const origin = over(a.url, b.url);
      for (let i = 0; i < 5; i++) expect(await text(origin)).to.equal("AA");
      expect(b.connections).to.equal(0);
    });

    it("takes a response for one, whatever its status, and a bad one for a failure of the resource", async () => {
      const [a, b] = [await http({ "/x": { status: 503 } }), await named("BB")];
      expect((await over(a.url, b.url).fetch(get("/x"), never)).status).to.equal(503);
      const bad = await raw("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n");
      const failure = await failureOf(over(bad.url, b.url).fetch(get("/x"), never));
      expect([failure.code, b.connections]).to.deep.equal(["http_protocol_error", 0]);
    });
  });

  describe("when the preferred one gives nothing", () => {
    it("asks the next one", async () => {
      const b = await named("BB");
      expect(await text(over(await gone(), b.url))).to.equal("BB");
    });

    it("asks the next one when the connection is closed, or nothing comes in time", async () => {
      const b = await named("BB");
      const closing = await raw((socket) => socket.destroy());
      expect(await text(over(closing.url, b.url))).to.equal("BB");
      const silent = await raw(() => undefined);
      const waiting = text(over(silent.url, b.url));
      await received(silent);
      clock.advance(30_000);
      expect(await waiting).to.equal("BB");
    });

    it("asks the next one when the handshake ends with an alert, and the first one no more after the third", async () => {
      const b = await named("BB");
      // Without a certificate it has no cipher in common with anybody.
      const server = createTlsServer().on("tlsClientError", () => undefined);
      const port = await listen(server, "127.0.0.1", 0, "origin");
      const alerting = new URL(`https://127.0.0.1:${port}`);
      expect((await failureOf(over(alerting).fetch(get("/x"), never))).code).to.equal("tls_alert_received");
      let connections = 0;
      server.on("connection", () => {
        connections += 1;
      });
      const origin = over(alerting, b.url);
      for (let i = 0; i < 5; i++) expect(await text(origin)).to.equal("BB");
      expect(connections).to.equal(3);
      server.close();
    });

    it("does not ask the next one for a POST, nor for a PUT with a body", async () => {
      const b = await named("BB");
      const origin = over(await gone(), b.url);
      async function* body() {
        yield Buffer.from("x");
      }
      const post = await failureOf(origin.fetch({ ...get("/x"), method: "POST" }, never));
      const put = await failureOf(origin.fetch({ ...get("/x"), method: "PUT", body: body() }, never));
      expect([post.code, put.code]).to.deep.equal(["connection_refused", "connection_refused"]);
      expect(b.connections).to.equal(0);
    });

    it("does not ask the next one when a response had begun", async () => {
      const b = await named("BB");
      for (const begun of ["H", "HTTP/1.1 103 Early Hints\r\n\r\n"]) {
        const a = await raw(begun, "end");
        const failure = await failureOf(over(a.url, b.url).fetch(get("/x"), never));
        expect(failure.code, begun).to.equal("http_response_incomplete");
      }
      expect(b.connections).to.equal(0);
    });

    it("does not ask the next one for a caller that has left, nor count it as a failure", async () => {
      const [silent, b] = [await raw(() => undefined), await named("BB")];
      const origin = over(silent.url, b.url);
      for (let i = 1; i <= 4; i++) {
        const leaving = new AbortController();
        const left = origin.fetch(get("/x"), leaving.signal).catch((thrown: unknown) => thrown);
        await received(silent, i);
        leaving.abort("left");
        expect(await left).to.equal("left");
      }
      expect(b.connections).to.equal(0);
    });

    it("fails as the last one did when none gives anything, and asks all of them again the next time", async () => {
      const [{ server, answer }, away] = [await failing(), await gone()];
      const origin = over(server.url, away);
      for (let i = 0; i < 4; i++) {
        const failure = await failureOf(origin.fetch(get("/x"), never));
        expect(failure.message).to.contain(away.origin);
      }
      answer((socket) => socket.write(`${OK}AA`));
      expect(await text(origin)).to.equal("AA");
    });
  });

  describe("when the preferred one has failed three times in a row", () => {
    async function start() {
      const [a, b] = [await failing(), await named("BB")];
      const origin = over(a.server.url, b.url);
      for (let i = 0; i < 3; i++) expect(await text(origin)).to.equal("BB");
      await probesWaiting(1);
      return { origin, ...a };
    }

    it("asks it no more", async () => {
      const { origin, server } = await start();
      for (let i = 0; i < 10; i++) expect(await text(origin)).to.equal("BB");
      expect(server.heads.length).to.equal(3);
    });

    it("gives it one request at a time once a probe has reached it, and all when that was answered", async () => {
      const { origin, server, answer } = await start();
      const held = Promise.withResolvers<Socket>();
      answer(held.resolve);
      probeClock.advance(1_000);
      let trial = text(origin);
      while ((await Promise.race([held.promise, trial])) === "BB") trial = text(origin);

      expect(await text(origin)).to.equal("BB");
      expect(server.heads.length).to.equal(4);
      answer((socket) => socket.write(`${OK}AA`));
      (await held.promise).write(`${OK}AA`);
      expect(await trial).to.equal("AA");
      expect(await Promise.all([text(origin), text(origin)])).to.deep.equal(["AA", "AA"]);
    });

    it("probes on when the request on trial fails too, while the next one answers it", async () => {
      const { origin, server } = await start();
      probeClock.advance(1_000);
      while (server.heads.length < 4) expect(await text(origin)).to.equal("BB");
      await probesWaiting(1);
      for (let i = 0; i < 5; i++) expect(await text(origin)).to.equal("BB");
      expect(server.heads.length).to.equal(4);
    });

    it("gives what may not be repeated to one that is known to answer", async () => {
      const { origin, server, answer } = await start();
      answer((socket) => socket.write(`${OK}AA`));
      probeClock.advance(1_000);
      await standstill(() => server.connections);
      const post = await origin.fetch({ ...get("/x"), method: "POST" }, never);
      expect(await textOf(post)).to.equal("BB");
      expect(await text(origin)).to.equal("AA");
    });
  });

  it("probes one that stays away half as often each time, until it is closed", async () => {
    const origin = over(await gone(), (await named("BB")).url);
    for (let i = 0; i < 3; i++) await text(origin);
    const before = drawn;
    for (const [probes, delay] of [1_000, 2_000, 4_000].entries()) {
      await until(`${probes} probes are planned`, () => drawn === before + probes);
      await probesWaiting(1);
      probeClock.advance(delay - 1);
      await turn();
      expect(drawn).to.equal(before + probes);
      probeClock.advance(1);
    }
    await until("three probes are planned", () => drawn === before + 3);
    await origin.close();
    await probesWaiting(0);
  });

  it("can be reached when one of them can, and says of each why not", async () => {
    const b = await named("BB");
    const away = await gone();
    await over(away, b.url).probe();
    const failure = await failureOf(over(away, await gone()).probe());
    expect(failure.code).to.equal("connection_refused");
    expect(failure.message.match(/connection_refused/g)).to.have.length(2);
  });
});

describe("the health of an origin", () => {
  const down: OriginHealth = { kind: "down", probes: 0 };

  it("is down after three failures in a row", () => {
    const once = afterFailure(HEALTHY);
    const twice = afterFailure(once);
    expect([once.kind, twice.kind]).to.deep.equal(["up", "up"]);
    expect(afterFailure(twice)).to.deep.equal(down);
    expect(afterFailure(down)).to.equal(down);
  });

  it("is on trial once a probe has reached it, and down again at the first failure, as seldom probed as before", () => {
    const missed = afterProbe(down, false);
    expect(missed).to.deep.equal({ kind: "down", probes: 1 });
    const reached = afterProbe(missed, true);
    expect(reached).to.deep.equal({ kind: "trial", probes: 2 });
    expect(afterFailure(reached)).to.deep.equal({ kind: "down", probes: 2 });
  });

  it("is not changed by a probe when it answered meanwhile", () => {
    expect(afterProbe(HEALTHY, false)).to.equal(HEALTHY);
  });

  it("is probed half as often each time, up to once a minute, up to twice as soon by jitter", () => {
    expect([0, 1, 2, 5, 6, 2000].map((probes) => probeDelayMs(probes, 0))).to.deep.equal([
      1_000, 2_000, 4_000, 32_000, 60_000, 60_000,
    ]);
    expect([0, 0.5, 1].map((jitter) => probeDelayMs(1, jitter))).to.deep.equal([2_000, 1_500, 1_000]);
  });
});
