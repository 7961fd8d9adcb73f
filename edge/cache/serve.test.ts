import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { pino } from "pino";
import { Failure } from "../../process/failure.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import type { Heartbeat, LogState } from "../../purge-log/purge-log.ts";
import { ask, get } from "../../test/rig/http-client.ts";
import { HttpOrigin, type Reply } from "../../test/rig/http-origin.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { purge, stats } from "../../test/rig/purge.ts";
import { RawOrigin } from "../../test/rig/raw-origin.ts";
import { startTestEdge, type TestEdge } from "../../test/rig/test-edge.ts";
import { until } from "../../test/rig/until.ts";

const fresh = (body: string, more: readonly (readonly [string, string])[] = []): Reply => ({
  fields: [["Cache-Control", "max-age=60"], ...more],
  body,
});

describe("an edge in front of an HTTP origin", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;

  beforeEach(async () => {
    origin = await HttpOrigin.start();
    edge = await startTestEdge(origin.url);
  });

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
  });

  it("answers the first request by a fill and the second from the store", async () => {
    origin.answer("/a", fresh("hello"));
    const miss = await get(edge.url, "/a");
    expect(miss.text).to.equal("hello");
    expect(miss.header("cache-status")).to.match(
      /^edge-1; fwd=uri-miss; fwd-status=200; ttl=(60|59); stored$/,
    );
    expect(miss.header("x-cache")).to.equal("MISS");
    expect(miss.header("age")).to.equal(undefined);
    const hit = await get(edge.url, "/a");
    expect(hit.text).to.equal("hello");
    expect(hit.header("cache-status")).to.match(/^edge-1; hit; ttl=(60|59)$/);
    expect(hit.header("x-cache")).to.equal("HIT");
    expect(hit.header("age")).to.match(/^[01]$/);
    expect(origin.count("/a")).to.equal(1);
  });

  it("keeps the query in the key, and the fields and the bytes as they were sent", async () => {
    const body = Buffer.from([0, 255, 13, 10, 128]);
    origin.answer("/bytes", {
      fields: [
        ["Cache-Control", "s-maxage=9"],
        ["X-Twice", "1"],
        ["X-Twice", "2"],
      ],
      body,
    });
    for (const target of ["/bytes?a=1", "/bytes?a=1", "/bytes?a=2"]) {
      const reply = await get(edge.url, target);
      expect(reply.body.equals(body)).to.equal(true);
      expect(reply.header("x-twice")).to.equal("1, 2");
      expect(reply.header("content-length")).to.equal("5");
    }
    expect(origin.count("/bytes")).to.equal(2);
  });

  for (const field of [
    "no-store",
    "private",
    "max-age=60, private",
    "no-store, max-age=60",
    "s-maxage=0, max-age=60",
  ]) {
    it(`asks the origin every time for a response with Cache-Control: ${field}`, async () => {
      origin.answer("/p", { fields: [["Cache-Control", field]], body: "mine" });
      await get(edge.url, "/p");
      const second = await get(edge.url, "/p");
      expect(second.header("x-cache")).to.not.equal("HIT");
      expect(second.text).to.equal("mine");
      expect(origin.count("/p")).to.equal(2);
    });
  }

  it("prefers s-maxage to max-age", async () => {
    origin.answer("/s", { fields: [["Cache-Control", "max-age=0, s-maxage=60"]], body: "s" });
    await get(edge.url, "/s");
    expect((await get(edge.url, "/s")).header("x-cache")).to.equal("HIT");
  });

  it("keeps the variants of Vary apart", async () => {
    origin.answer("/v", (request) =>
      fresh(request.header("accept-language") ?? "", [["Vary", "Accept-Language"]]),
    );
    for (const language of ["de", "fr", "de", "fr"]) {
      expect((await get(edge.url, "/v", { headers: { "Accept-Language": language } })).text).to.equal(
        language,
      );
    }
    expect(origin.count("/v")).to.equal(2);
  });

  it("answers HEAD, conditional and single-range requests from one stored response", async () => {
    origin.answer("/r", fresh("0123456789", [["ETag", '"one"']]));
    await get(edge.url, "/r");
    const head = await get(edge.url, "/r", { method: "HEAD" });
    expect([head.status, head.text, head.header("content-length")]).to.deep.equal([200, "", "10"]);
    const unchanged = await get(edge.url, "/r", { headers: { "If-None-Match": 'W/"one"' } });
    expect([unchanged.status, unchanged.text, unchanged.header("etag")]).to.deep.equal([304, "", '"one"']);
    const part = await get(edge.url, "/r", { headers: { Range: "bytes=2-4" } });
    expect([part.status, part.text, part.header("content-range")]).to.deep.equal([
      206,
      "234",
      "bytes 2-4/10",
    ]);
    const beyond = await get(edge.url, "/r", { headers: { Range: "bytes=10-" } });
    expect([beyond.status, beyond.header("content-range")]).to.deep.equal([416, "bytes */10"]);
    expect(origin.count("/r")).to.equal(1);
  });

  it("passes a range of what is not stored to the origin, and stores no part as the whole", async () => {
    origin.answer("/big", (request) =>
      request.header("range") === undefined
        ? fresh("0123456789")
        : {
            status: 206,
            fields: [
              ["Cache-Control", "max-age=60"],
              ["Content-Range", "bytes 0-1/10"],
            ],
            body: "01",
          },
    );
    const part = await get(edge.url, "/big", { headers: { Range: "bytes=0-1" } });
    expect([part.status, part.text]).to.deep.equal([206, "01"]);
    expect((await get(edge.url, "/big")).text).to.equal("0123456789");
  });

  it("revalidates a stale response and serves it again when the origin says 304", async () => {
    origin.answer("/e", (request) =>
      request.header("if-none-match") === '"v"'
        ? { status: 304, fields: [["ETag", '"v"']] }
        : {
            fields: [
              ["Cache-Control", "max-age=0"],
              ["ETag", '"v"'],
            ],
            body: "still",
          },
    );
    await get(edge.url, "/e");
    const again = await get(edge.url, "/e");
    expect([again.status, again.text, again.header("x-cache")]).to.deep.equal([200, "still", "REVALIDATED"]);
    expect(again.header("cache-status")).to.match(/^edge-1; fwd=stale; fwd-status=304; ttl=0; stored/);
  });

  it("fetches anew when a 304 is about a response that it does not hold", async () => {
    origin.answer("/w", (request) =>
      request.header("if-none-match") === undefined
        ? {
            fields: [
              ["Cache-Control", "max-age=0"],
              ["ETag", '"held"'],
            ],
            body: "w",
          }
        : { status: 304, fields: [["ETag", '"not-held"']] },
    );
    await get(edge.url, "/w");
    const again = await get(edge.url, "/w");
    expect([again.status, again.text, origin.count("/w")]).to.deep.equal([200, "w", 3]);
  });

  it("stores nothing that ends only with its connection", async () => {
    const raw = await RawOrigin.start((socket) => {
      socket.end("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n\r\nwho knows");
    });
    const unsure = await startTestEdge(raw.url);
    expect((await get(unsure.url, "/")).text).to.equal("who knows");
    expect((await stats(unsure.control)).objects).to.equal(0);
    await unsure.stop();
    await raw.stop();
  });

  it("drops the groups that the answer to an unsafe request invalidates", async () => {
    origin.answer("/item", fresh("item", [["Cache-Groups", '"shop"']]));
    origin.answer("/order", { fields: [["Cache-Group-Invalidation", '"shop"']], body: "done" });
    await get(edge.url, "/item");
    await get(edge.url, "/order", { method: "POST" });
    expect((await get(edge.url, "/item")).header("x-cache")).to.equal("MISS");
  });

  it("passes unsafe methods with their body, and drops what they may have changed", async () => {
    origin.answer("/form", (request) => fresh(`${request.method}`));
    await get(edge.url, "/form");
    const posted = await get(edge.url, "/form", { method: "POST", body: "x=1" });
    expect([posted.text, posted.header("x-cache")]).to.deep.equal(["POST", "BYPASS"]);
    expect(posted.header("cache-status")).to.match(/^edge-1; fwd=method; fwd-status=200/);
    expect((await get(edge.url, "/form")).header("x-cache")).to.equal("MISS");
  });

  it("fetches once for all who ask at the same time, and sends each the bytes as they arrive", async () => {
    origin.answer("/slow", fresh("first-half.last-half."));
    const body = origin.hold("/slow", "body");
    const starter = await ask(edge.url, "/slow");
    const joiners = await Promise.all([1, 2, 3].map(() => ask(edge.url, "/slow")));
    const [firstBytes] = await starter.message.take(1).toArray();
    expect(String(firstBytes)).to.match(/^first-half/);
    body.open();
    for (const joiner of joiners) {
      expect(joiner.header("cache-status")).to.match(
        /^edge-1; fwd=uri-miss; fwd-status=200; ttl=(60|59); stored; collapsed$/,
      );
      expect((await joiner.finish()).text).to.equal("first-half.last-half.");
    }
    expect(origin.count("/slow")).to.equal(1);
    expect((await stats(edge.control)).collapsed).to.equal(3);
  });

  it("fetches once for each variant that is asked for at the same time", async () => {
    origin.answer("/tongues", (request) =>
      fresh(request.header("Accept-Language") ?? "none", [["Vary", "Accept-Language"]]),
    );
    const fields = origin.hold("/tongues", "fields");
    const tongues = ["da", "et", "fi", "da", "et", "fi", "da", "et", "fi"];
    const replies = tongues.map((tongue) =>
      get(edge.url, "/tongues", { headers: { "Accept-Language": tongue } }),
    );
    await until(
      "all others wait for the first",
      async () => (await stats(edge.control)).collapsed >= tongues.length - 1,
    );
    fields.open();
    const texts = (await Promise.all(replies)).map((reply) => reply.text);
    expect(texts).to.deep.equal(tongues);
    expect(origin.count("/tongues")).to.equal(3);
  });

  it("lets those who waited for a response that turns out private fetch their own", async () => {
    let served = 0;
    origin.answer("/mine", () => ({
      fields: [["Cache-Control", "private"]],
      body: `for client ${++served}`,
    }));
    const fields = origin.hold("/mine", "fields");
    const replies = [1, 2, 3].map(() => get(edge.url, "/mine"));
    await origin.received("/mine");
    fields.open();
    const texts = (await Promise.all(replies)).map((reply) => reply.text);
    expect(new Set(texts).size).to.equal(3);
  });

  it("does not make later requests wait for one another once a response could not be shared", async () => {
    origin.answer("/mine", { fields: [["Cache-Control", "private"]], body: "mine" });
    await get(edge.url, "/mine");
    const fields = origin.hold("/mine", "fields");
    const replies = [1, 2, 3].map(() => get(edge.url, "/mine"));
    await origin.received("/mine", 4);
    fields.open();
    await Promise.all(replies);
    expect((await stats(edge.control)).collapsed).to.equal(0);
  });

  it("does not store what it was fetching while an unsafe request changed it", async () => {
    origin.answer("/doc", fresh("before"));
    origin.answer("/form", { fields: [["Location", "/doc"]], body: "changed" });
    const body = origin.hold("/doc", "body");
    const reading = get(edge.url, "/doc");
    await origin.received("/doc");
    await get(edge.url, "/form", { method: "POST" });
    origin.answer("/doc", fresh("after"));
    body.open();
    expect((await reading).text).to.equal("before");
    expect((await get(edge.url, "/doc")).text).to.equal("after");
  });

  it("learns from a HEAD that a stored response is no longer current", async () => {
    let tag = '"1"';
    origin.answer("/h", () => ({
      fields: [
        ["Cache-Control", "max-age=0"],
        ["ETag", tag],
      ],
      body: "h",
    }));
    await get(edge.url, "/h");
    tag = '"2"';
    await get(edge.url, "/h", { method: "HEAD" });
    expect((await stats(edge.control)).objects).to.equal(0);
  });

  it("serves one response for the targets that No-Vary-Search makes one, and purges it by any of them", async () => {
    origin.answer("/nvs", fresh("same", [["No-Vary-Search", 'params=("utm")']]));
    await get(edge.url, "/nvs?q=1&utm=a");
    expect((await get(edge.url, "/nvs?q=1&utm=b")).header("x-cache")).to.equal("HIT");
    expect((await get(edge.url, "/nvs?q=2&utm=a")).header("x-cache")).to.equal("MISS");
    await purge(edge.control, { $case: "url", url: "/nvs?q=1" });
    expect((await get(edge.url, "/nvs?q=1&utm=a")).header("x-cache")).to.equal("MISS");
  });

  it("answers 504 when what is stored must be validated and the origin is gone", async () => {
    origin.answer("/m", {
      fields: [
        ["Cache-Control", "max-age=0, must-revalidate"],
        ["ETag", '"m"'],
      ],
      body: "m",
    });
    await get(edge.url, "/m");
    await origin.stop();
    const failed = await get(edge.url, "/m");
    expect([failed.status, failed.header("cache-status")]).to.deep.equal([
      504,
      "edge-1; fwd=stale; detail=connection_refused",
    ]);
    origin = await HttpOrigin.start();
  });

  it("asks the origin when the client has seen a later position of the purge log than the edge", async () => {
    origin.answer("/after", fresh("after", [["ETag", '"a"']]));
    await get(edge.url, "/after");
    const { position } = await purge(edge.control, { $case: "url", url: "/other" });
    const seen = await get(edge.url, "/after", { headers: { "EdgeCache-After": position } });
    expect(seen.header("x-cache")).to.equal("HIT");
    const [epoch] = position.split("-");
    const ahead = await get(edge.url, "/after", { headers: { "EdgeCache-After": `${epoch}-99` } });
    expect(ahead.header("cache-status")).to.match(/^edge-1; fwd=stale; /);
    expect(origin.count("/after")).to.equal(2);
    const malformed = await get(edge.url, "/after", { headers: { "EdgeCache-After": "now" } });
    expect(malformed.status).to.equal(400);
  });

  it("answers 508 to a request that has been here before", async () => {
    const looped = await get(edge.url, "/a", { headers: { "CDN-Loop": "edge-1" } });
    expect([looped.status, looped.header("proxy-status")]).to.deep.equal([
      508,
      "edge-1; error=proxy_loop_detected",
    ]);
    expect(origin.count()).to.equal(0);
  });

  it("answers 502 with Proxy-Status and an error id when the origin is gone, and the counters add up", async () => {
    origin.answer("/a", fresh("a"));
    await get(edge.url, "/a");
    await get(edge.url, "/a");
    await origin.stop();
    const failed = await get(edge.url, "/b");
    expect(failed.status).to.equal(502);
    expect(failed.header("proxy-status")).to.match(/^edge-1; error=connection_(refused|terminated)/);
    expect(failed.header("cache-status")).to.match(/^edge-1; fwd=uri-miss/);
    expect(failed.text).to.match(/error id: [0-9a-f-]{36}\n$/);
    const counted = await stats(edge.control);
    expect([counted.requests, counted.hits, counted.misses, counted.errors]).to.deep.equal([3, 1, 1, 1]);
    origin = await HttpOrigin.start();
  });

  it("logs the path of a request that failed, without its query", async () => {
    const lines: string[] = [];
    const log = pino({ level: "debug" }, { write: (line) => void lines.push(line) });
    const logging = await startTestEdge(origin.url, { log });
    const target = "/page?token=SECRET";
    origin.answer("/page", {
      fields: [["Cache-Control", "max-age=0, stale-while-revalidate=60"]],
      body: "a",
    });
    await get(logging.url, target);
    await origin.stop();
    await get(logging.url, target);
    await get(logging.url, `${target}2`);
    await until("both failures are logged", () =>
      ["refresh failed", "error answered"].every((msg) => lines.some((line) => line.includes(msg))),
    );
    await logging.stop();
    expect(lines.join("")).to.contain("/page?…").and.not.contain("SECRET");
  });

  it("cuts the client off when the origin breaks off, and stores nothing", async () => {
    const raw = await RawOrigin.start((socket) => {
      socket.end("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 100\r\n\r\ntoo short");
    });
    const cutEdge = await startTestEdge(raw.url);
    const outcome = await get(cutEdge.url, "/cut").then(
      () => "whole",
      () => "cut",
    );
    expect(outcome).to.equal("cut");
    expect((await stats(cutEdge.control)).objects).to.equal(0);
    await cutEdge.stop();
    await raw.stop();
  });

  it("does not store what is larger than a quarter of its memory, and still delivers it whole", async () => {
    const chunk = Buffer.alloc(1024 * 1024, 7);
    origin.answer("/huge", () => ({
      fields: [["Cache-Control", "max-age=60"]],
      body: (async function* () {
        for (let i = 0; i < 20; i += 1) yield chunk;
      })(),
    }));
    expect((await get(edge.url, "/huge")).body.byteLength).to.equal(20 * chunk.byteLength);
    expect((await stats(edge.control)).objects).to.equal(0);
  });

  it("tells the origin which Host the client asked for, and keeps the client's forged fields from it", async () => {
    origin.answer("/f", fresh("f"));
    await get(edge.url, "/f", {
      headers: { Host: "shop.example", "X-Original-URL": "/admin" },
    });
    const [seen] = origin.requests("/f");
    expect(seen?.header("host")).to.equal("shop.example");
    expect(seen?.header("x-forwarded-host")).to.equal("shop.example");
    expect(seen?.header("x-original-url")).to.equal(undefined);
    expect(seen?.header("x-forwarded-for")).to.equal("127.0.0.1");
    expect(seen?.header("x-forwarded-proto")).to.equal("http");
    expect(seen?.header("via")).to.equal("1.1 edge-1");
  });
});

/** A purge log that an edge can be cut off from. */
class SilentLog extends MemoryPurgeLog {
  silent = false;

  override async heartbeat(beat: Heartbeat): Promise<LogState> {
    if (this.silent) throw new Failure("log-silent", "log", "no answer");
    return super.heartbeat(beat);
  }
}

describe("an edge after a soft purge", () => {
  let clock: ManualClock;
  let log: SilentLog;
  let origin: HttpOrigin;
  let edge: TestEdge;

  beforeEach(async () => {
    clock = new ManualClock(Date.now());
    log = new SilentLog(clock);
    origin = await HttpOrigin.start();
    edge = await startTestEdge(origin.url, { clock, purgeLog: log });
  });

  afterEach(async () => {
    await edge.stop();
    await log.close();
    await origin.stop();
  });

  const softly = (url: string) => purge(edge.control, { $case: "url", url }, { soft: true });
  const everythingSoftly = () =>
    purge(edge.control, { $case: "everything", everything: true }, { soft: true });

  /** Stores the old version, and lets the origin have the new one from then on. */
  const publish = async (path: string, cacheControl: string): Promise<void> => {
    const version = (body: string): Reply => ({
      fields: [
        ["Cache-Control", cacheControl],
        ["ETag", `"${body}"`],
      ],
      body,
    });
    origin.answer(path, version("old"));
    await get(edge.url, path);
    origin.answer(path, version("new"));
  };

  const answerOf = async (path: string, headers = {}): Promise<string> => {
    const { status, text, header } = await get(edge.url, path, { headers });
    return status < 400 ? `${header("x-cache")} ${text}` : String(status);
  };

  /** With the heartbeats that keep the lease. */
  const pass = async (seconds: number): Promise<void> => {
    for (let ms = 0; ms < seconds * 1_000; ms += 250) {
      clock.advance(250);
      await turn();
    }
  };

  it("answers stale within stale-while-revalidate, while one refresh goes on behind", async () => {
    await publish("/a", "max-age=600, stale-while-revalidate=30");
    await softly("/a");
    const fields = origin.hold("/a", "fields");
    const stale = await get(edge.url, "/a");
    expect(stale.header("cache-status")).to.equal("edge-1; hit; ttl=0; detail=stale-while-revalidate");
    await pass(5);
    expect((await get(edge.url, "/a")).header("cache-status")).to.contain("hit; ttl=-5; ");
    await origin.received("/a", 2);
    fields.open();
    await until("the new version is stored", async () => (await answerOf("/a")) === "HIT new");
    expect(origin.count("/a")).to.equal(2);
  });

  it("counts what the response allows from the purge, be it of one URL or of everything", async () => {
    for (const soften of [() => softly("/a"), everythingSoftly]) {
      await publish("/a", "max-age=600, stale-while-revalidate=30, stale-if-error=60");
      await pass(20);
      await soften();
      origin.answer("/a", { status: 503, body: "down" });
      await pass(29.75);
      expect(await answerOf("/a")).to.equal("STALE old");
      await pass(0.25);
      const onError = await get(edge.url, "/a");
      expect(onError.header("cache-status")).to.equal("edge-1; hit; ttl=-30; detail=origin-503");
      // Another soft purge makes nothing less stale.
      await soften();
      await pass(30);
      expect(await answerOf("/a")).to.equal("STALE old");
      await pass(0.25);
      expect(await answerOf("/a")).to.equal("503");
      await purge(edge.control, { $case: "url", url: "/a" });
    }
  });

  it("asks the origin first where the response, or the client, allows nothing stale", async () => {
    const SWR = "stale-while-revalidate=30";
    const refusing: readonly (readonly [string, Record<string, string>])[] = [
      ["max-age=600", {}],
      ["max-age=600", { "Cache-Control": "max-stale" }],
      [`max-age=600, must-revalidate, ${SWR}`, {}],
      [`s-maxage=600, ${SWR}`, {}],
      [`max-age=600, ${SWR}`, { "Cache-Control": "no-cache" }],
      [`max-age=600, ${SWR}`, { "Cache-Control": "max-age=0" }],
    ];
    for (const [index, [cacheControl, headers]] of refusing.entries()) {
      const path = `/refused/${index}`;
      await publish(path, cacheControl);
      await softly(path);
      expect(await answerOf(path, headers), `${cacheControl} ${JSON.stringify(headers)}`).to.equal(
        "MISS new",
      );
    }
  });

  it("never answers stale to who names a position, after a hard purge, or without its lease", async () => {
    const allowed = "max-age=600, stale-while-revalidate=600, stale-if-error=600";
    for (const path of ["/named", "/hard", "/lapsed"]) await publish(path, allowed);
    for (const path of ["/named", "/hard"]) origin.answer(path, { status: 503, body: "down" });
    const { position } = await softly("/named");
    expect(await answerOf("/named", { "EdgeCache-After": position })).to.equal("503");
    expect(await answerOf("/named")).to.equal("STALE old");
    await softly("/hard");
    await purge(edge.control, { $case: "url", url: "/hard" });
    expect(await answerOf("/hard")).to.equal("503");
    await softly("/lapsed");
    log.silent = true;
    clock.advance(2_000);
    await turn();
    expect(await answerOf("/lapsed")).to.equal("MISS new");
    await origin.stop();
    expect(await answerOf("/named")).to.equal("504");
    origin = await HttpOrigin.start();
  });

  it("refreshes anew though a fill from before the purge is still on its way, and does not store that", async () => {
    await publish("/a", "max-age=600, stale-while-revalidate=600");
    const old = origin.hold("/a", "fields");
    const before = get(edge.url, "/a", { headers: { "Cache-Control": "no-cache" } });
    await origin.received("/a", 2);
    await softly("/a");
    origin.hold("/a", "fields").open();
    expect(await answerOf("/a")).to.equal("STALE old");
    await origin.received("/a", 3);
    await until("the new version is stored", async () => (await answerOf("/a")) === "HIT new");
    origin.answer("/a", fresh("newest"));
    old.open();
    expect((await before).text).to.equal("new");
    expect(await answerOf("/a")).to.equal("HIT new");
  });

  it("serves no error's stand-in that a hard purge has removed while the origin was asked", async () => {
    for (const soft of [true, false]) {
      await publish("/a", "max-age=600, stale-if-error=600");
      await softly("/a");
      origin.answer("/a", { status: 503, body: "down" });
      const asked = origin.count("/a");
      const fields = origin.hold("/a", "fields");
      const answer = get(edge.url, "/a");
      await origin.received("/a", asked + 1);
      await purge(edge.control, { $case: "prefix", prefix: "/" }, { soft });
      fields.open();
      expect((await answer).status, soft ? "soft" : "hard").to.equal(soft ? 200 : 503);
    }
  });

  for (const stale of ["stale-while-revalidate=600", "stale-if-error=600"]) {
    it(`asks its origin for 32 validations at a time, however much it made stale (${stale})`, async () => {
      const paths = Array.from({ length: 40 }, (_, i) => `/many/${i}`);
      for (const path of paths) await publish(path, `max-age=600, ${stale}`);
      await everythingSoftly();
      const gates = paths.map((path) => origin.hold(path, "fields"));
      const answers = paths.map((path) => answerOf(path));
      const asked = () => paths.filter((path) => origin.count(path) > 1).length;
      await until("32 validations are under way", () => asked() >= 32);
      await get(edge.url, "/another");
      expect(asked()).to.equal(32);
      for (const gate of gates) gate.open();
      await Promise.all(answers);
      for (const path of paths) {
        await until(`the new ${path} is stored`, async () => (await answerOf(path)) === "HIT new");
      }
      expect(asked()).to.equal(40);
    });
  }
});

describe("an edge whose wall clock is set", () => {
  const HOUR = 3_600_000;
  let clock: ManualClock;
  let log: MemoryPurgeLog;
  let origin: HttpOrigin;
  let edge: TestEdge;

  beforeEach(async () => {
    clock = new ManualClock();
    log = new MemoryPurgeLog(clock);
    origin = await HttpOrigin.start();
    edge = await startTestEdge(origin.url, { clock, purgeLog: log });
    origin.answer("/a", () => ({
      fields: [
        ["Cache-Control", "max-age=60, stale-while-revalidate=30"],
        ["Date", new Date(clock.wall()).toUTCString()],
      ],
      body: "a",
    }));
    await get(edge.url, "/a");
  });

  afterEach(async () => {
    await edge.stop();
    await log.close();
    await origin.stop();
  });

  const pass = async (seconds: number): Promise<void> => {
    for (let ms = 0; ms < seconds * 1_000; ms += 250) {
      clock.advance(250);
      await turn();
    }
  };

  const told = async (): Promise<string> => {
    const { header } = await get(edge.url, "/a");
    return `${header("x-cache")} ${header("age") ?? ""}`.trim();
  };

  it("counts ages as before when it is set back by an hour", async () => {
    await pass(10);
    clock.setWall(-HOUR);
    await pass(20);
    expect(await told()).to.equal("HIT 30");
    await pass(60);
    // 90 s old: past its life and past the time for which it may be served stale.
    expect(await told()).to.equal("MISS");
    // What was asked for later takes the place of what was stored by a wall time that is yet to come.
    expect(await told()).to.equal("HIT 0");
  });

  it("validates once what was stored before it is set forward by an hour, and serves nothing past its life", async () => {
    await pass(10);
    clock.setWall(HOUR);
    await pass(1);
    expect([await told(), await told()]).to.deep.equal(["MISS", "HIT 0"]);
    await pass(30);
    expect(await told()).to.equal("HIT 30");
  });

  it("counts the time for which the machine was suspended, and no more", async () => {
    await pass(10);
    clock.setWall(60_000);
    // The lease has run out with it; the next heartbeat brings it back.
    await pass(1);
    expect(await told()).to.equal("STALE 71");
  });
});
