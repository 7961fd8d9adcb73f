import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { Failure } from "../../process/failure.ts";
import { createLog, logTo } from "../../process/log.ts";
import { LogWriter } from "../../process/log-writer.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import type { PurgeTarget } from "../../purge-log/purge.ts";
import { textOf } from "../../test/model/edge-core.ts";
import { Gate } from "../../test/rig/gate.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { memoryStore } from "../../test/rig/memory-store.ts";
import { requestFor, storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { type CacheContext, cacheOf } from "../cache/context.ts";
import { serve } from "../cache/serve.ts";
import { type Origin, type OriginRequest, type OriginResponse, plainBody } from "../origin/origin.ts";
import { momentOf } from "../rules/moment.ts";
import { PurgeFollower } from "./follower.ts";
import { Refill } from "./refill.ts";

/** Pages of one version, which a 304 confirms; how each request was asked is remembered. */
class Pages implements Origin {
  version = "old";
  down = false;
  more: readonly (readonly [string, string])[] = [];
  readonly asked: string[] = [];
  readonly requests: OriginRequest[] = [];
  readonly #gates = new Map<string, Gate>();

  /** Holds the answers to `target` from now on; what they say is what is true when they were asked for. */
  hold(target: string): Gate {
    const gate = new Gate();
    this.#gates.set(target, gate);
    return gate;
  }

  async fetch(request: OriginRequest): Promise<OriginResponse> {
    const { version, down } = this;
    this.asked.push(request.target);
    this.requests.push(request);
    await this.#gates.get(request.target)?.passed;
    if (down) throw new Failure("connection_refused", "origin", "the origin is down");
    const etag = `"${version}"`;
    const fields = Fields.of([["Cache-Control", "max-age=3600"], ["ETag", etag], ...this.more]);
    const unchanged = request.fields.get("If-None-Match") === etag;
    return unchanged
      ? { status: 304, fields, body: plainBody() }
      : { status: 200, fields, body: plainBody(Buffer.from(`${version} ${request.target}`)) };
  }

  async probe(): Promise<void> {
    // It is in this process.
  }

  async close(): Promise<void> {
    // It holds nothing.
  }
}

const ALL: PurgeTarget = { kind: "prefix", prefix: "/" };

describe("the refill after a paced soft purge", () => {
  let clock: ManualClock;
  let purgeLog: MemoryPurgeLog;
  let pages: Pages;
  let follower: PurgeFollower;
  let edge: CacheContext;
  let refill: Refill;

  beforeEach(async () => {
    clock = new ManualClock();
    purgeLog = new MemoryPurgeLog(clock);
    pages = new Pages();
    const log = createLog("test", "silent");
    const store = memoryStore(2 ** 24, clock);
    follower = new PurgeFollower({
      leaseMs: 2_000,
      purgeLog,
      store,
      clock,
      log,
    });
    const origins = new Map([["default", pages]]);
    edge = cacheOf({ id: "edge-1", origins, store, purges: follower, clock, log }, 2 ** 24);
    refill = new Refill(edge, follower);
    follower.onPurge(({ position, meant }) => refill.purged(position, meant));
    await follower.start({ edge: "edge-1", bootId: "b", grpcAddress: "h:1", httpAddress: "h:2" });
    await settled();
  });

  afterEach(async () => {
    await refill.stop();
    await follower.stop();
    await purgeLog.close();
  });

  /** Lets everything happen that needs no time to pass. */
  async function settled(): Promise<void> {
    for (let i = 0; i < 5; i += 1) {
      await turn();
      clock.advance(0);
    }
    await turn();
  }

  async function pass(ms: number, stepMs = 10): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      clock.advance(stepMs);
      await settled();
    }
  }

  async function get(target: string, fields: Readonly<Record<string, string>> = {}) {
    const asking = {
      method: "GET",
      target,
      site: "default",
      scheme: "http" as const,
      authority: "edge.test",
      body: undefined,
    };
    const { content, outcome } = await serve({ ...asking, fields: Fields.of(Object.entries(fields)) }, edge);
    return { text: await textOf(content, "GET"), outcome: outcome.kind };
  }

  async function stored(...targets: readonly string[]): Promise<void> {
    for (const target of targets) await get(target);
    pages.asked.length = 0;
    pages.requests.length = 0;
  }

  let purges = 0;
  async function purge(target: PurgeTarget, how: { soft: boolean; pace?: number }): Promise<void> {
    purges += 1;
    await purgeLog.append(
      { purgeId: `p${purges}`, targets: [target], by: "test", ...how },
      follower.position,
    );
    await settled();
  }

  const counts = () => {
    const { counters } = edge;
    return {
      queued: counters.get("refillQueued"),
      refilled: counters.get("refilled"),
      skipped: counters.get("refillSkipped"),
      failed: counters.get("refillFailed"),
    };
  };

  it("asks for the most used first, each once, at its pace, and leaves the rest of the store alone", async () => {
    await stored("/cold", "/warm", "/hot", "/other");
    for (let i = 0; i < 3; i += 1) await get("/hot");
    await get("/warm");
    await get("/other");
    for (const target of ["/cold", "/warm", "/hot"]) {
      await purge({ kind: "url", target }, { soft: true, pace: 2 });
    }
    expect(pages.asked).to.deep.equal(["/cold"]);
    await pass(490);
    expect(pages.asked).to.deep.equal(["/cold"]);
    await pass(10);
    expect(pages.asked).to.deep.equal(["/cold", "/hot"]);
    await pass(500);
    expect(pages.asked).to.deep.equal(["/cold", "/hot", "/warm"]);
    await pass(3_000);
    expect(pages.asked).to.have.length(3);
    expect(counts()).to.deep.equal({ queued: 3, refilled: 3, skipped: 0, failed: 0 });
    expect((await get("/hot")).outcome).to.equal("hit");
  });

  for (const target of [ALL, { kind: "everything" }] satisfies PurgeTarget[]) {
    it(`orders what one purge of ${target.kind} covers by how much it was used`, async () => {
      const targets = ["/a", "/b", "/c", "/d"];
      await stored(...targets);
      for (const [uses, page] of ["/c", "/a", "/d", "/b"].entries()) {
        for (let i = 0; i < uses; i += 1) await get(page);
      }
      await purge(target, { soft: true, pace: 100 });
      await pass(100);
      expect(pages.asked).to.deep.equal(["/b", "/d", "/a", "/c"]);
      for (const page of targets) expect((await get(page)).outcome).to.equal("hit");
    });
  }

  it("validates what is unchanged and fetches what has changed", async () => {
    await stored("/a");
    await purge(ALL, { soft: true, pace: 100 });
    expect(pages.requests[0]?.fields.get("If-None-Match")).to.equal('"old"');
    expect(await get("/a")).to.deep.equal({ text: "old /a", outcome: "hit" });
    pages.version = "new";
    await purge(ALL, { soft: true, pace: 100 });
    await pass(10);
    expect(await get("/a")).to.deep.equal({ text: "new /a", outcome: "hit" });
  });

  it("asks for every variant by the fields that select it, and for none in the name of a client", async () => {
    pages.more = [["Vary", "Accept-Language, Cookie"]];
    for (const language of ["de", "fr"]) await get("/v", { "Accept-Language": language });
    await get("/v", { "Accept-Language": "de", Cookie: "who=me" });
    pages.requests.length = 0;
    await purge(ALL, { soft: true, pace: 100 });
    await pass(100);
    const languages = pages.requests.map(({ fields }) => fields.get("Accept-Language"));
    expect(languages).to.have.members(["de", "fr"]);
    expect(pages.requests.map(({ fields }) => fields.has("Cookie"))).to.deep.equal([false, false]);
    expect(counts()).to.deep.equal({ queued: 3, refilled: 2, skipped: 1, failed: 0 });
    expect((await get("/v", { "Accept-Language": "fr" })).outcome).to.equal("hit");
  });

  it("serves nothing purged meanwhile, and lets a client join that asks for the same", async () => {
    await stored("/a", "/b");
    pages.version = "new";
    const gate = pages.hold("/a");
    await get("/a").then(() => get("/a"));
    pages.asked.length = 0;
    await purge(ALL, { soft: true, pace: 1 });
    expect(pages.asked).to.deep.equal(["/a"]);
    const joining = get("/a");
    await settled();
    expect(pages.asked).to.deep.equal(["/a"]);
    expect(await get("/b")).to.deep.equal({ text: "new /b", outcome: "miss" });
    gate.open();
    expect(await joining).to.deep.equal({ text: "new /a", outcome: "miss" });
    expect(edge.counters.get("collapsed")).to.equal(1);
    await pass(2_000);
    expect(counts()).to.deep.equal({ queued: 2, refilled: 1, skipped: 1, failed: 0 });
  });

  it("keeps out of the store what a purge overtakes", async () => {
    await stored("/a");
    pages.version = "newer";
    const gate = pages.hold("/a");
    await purge(ALL, { soft: true, pace: 100 });
    expect(pages.asked).to.deep.equal(["/a"]);
    pages.version = "newest";
    await purge({ kind: "url", target: "/a" }, { soft: false });
    gate.open();
    await settled();
    expect(edge.store.objects).to.equal(0);
    expect((await get("/a")).text).to.equal("newest /a");
    expect(counts()).to.deep.equal({ queued: 1, refilled: 0, skipped: 0, failed: 1 });
  });

  it("asks for nothing before the purge is applied whole, or it would overtake its own refill", async () => {
    await stored("/a");
    await edge.store.purge([{ kind: "url", target: "/a" }], 0);
    const { epoch, seq } = follower.position;
    const paced = { purgeId: "paced", targets: [ALL], by: "test", soft: true, pace: 100 };
    refill.purged({ epoch, seq: seq + 1 }, paced);
    await settled();
    expect(pages.asked).to.deep.equal([]);
    await purge({ kind: "url", target: "/other" }, { soft: false });
    expect(pages.asked).to.deep.equal(["/a"]);
    expect(counts()).to.include({ refilled: 1, failed: 0 });
  });

  it("passes over what was refreshed, purged or invalidated before its turn", async () => {
    await stored("/first", "/refreshed", "/purged", "/gone");
    await get("/first");
    await purge(ALL, { soft: true, pace: 1 });
    expect(pages.asked).to.deep.equal(["/first"]);
    await get("/refreshed");
    await purge({ kind: "url", target: "/purged" }, { soft: false });
    for (const gone of edge.store.peek("default /gone")) edge.store.remove(gone);
    pages.asked.length = 0;
    await pass(5_000, 50);
    expect(pages.asked).to.deep.equal([]);
    expect(counts()).to.deep.equal({ queued: 4, refilled: 1, skipped: 3, failed: 0 });
  });

  it("looks again at what a client asks for when its turn comes, once that is over", async () => {
    await stored("/a");
    await purge({ kind: "url", target: "/a" }, { soft: true });
    const gate = pages.hold("/a");
    pages.down = true;
    const client = get("/a");
    await settled();
    await purge({ kind: "url", target: "/a" }, { soft: true, pace: 100 });
    await pass(100);
    expect(pages.asked).to.deep.equal(["/a"]);
    pages.down = false;
    gate.open();
    await client;
    await pass(100);
    expect(pages.asked).to.deep.equal(["/a", "/a"]);
    expect((await get("/a")).outcome).to.equal("hit");
    expect(counts()).to.deep.equal({ queued: 1, refilled: 1, skipped: 0, failed: 0 });
  });

  it("leaves an origin in trouble alone for longer each time, and goes on when it is back", async () => {
    const targets = Array.from({ length: 40 }, (_, i) => `/${i}`);
    await stored(...targets);
    pages.down = true;
    await purge(ALL, { soft: true, pace: 100 });
    await pass(900);
    expect(pages.asked).to.have.length(1);
    await pass(6_000, 50);
    expect(new Set(pages.asked).size).to.equal(3);
    expect(pages.asked).to.have.length(3);
    pages.down = false;
    await pass(1_000, 50);
    await pass(1_000);
    expect(pages.asked).to.have.length(3 + 40);
    expect(new Set(pages.asked.slice(3)).size).to.equal(40);
    expect(pages.asked.slice(-3)).to.have.members(pages.asked.slice(0, 3));
    expect(counts()).to.deep.equal({ queued: 40, refilled: 40, skipped: 0, failed: 0 });
  });

  it("asks for what fails after all others, and gives up on it after eight times", async () => {
    await stored("/bad", "/good", "/better");
    await get("/bad");
    const fetch = pages.fetch.bind(pages);
    pages.fetch = async (request) =>
      request.target === "/bad" && pages.asked.push("/bad") > 0
        ? { status: 500, fields: Fields.none, body: plainBody() }
        : fetch(request);
    await purge(ALL, { soft: true, pace: 100 });
    await pass(1_500);
    expect(pages.asked.slice(0, 2)).to.deep.equal(["/bad", "/good"]);
    expect(pages.asked).to.deep.equal(["/bad", "/good", "/better", "/bad"]);
    await pass(600_000, 250);
    expect(pages.asked.slice(2)).to.deep.equal(["/better", ...Array(7).fill("/bad")]);
    expect(counts()).to.deep.equal({ queued: 3, refilled: 2, skipped: 0, failed: 1 });
  });

  it("asks for nothing while the edge is without its lease, and goes on when it is back", async () => {
    await stored("/a", "/b");
    const heartbeat = purgeLog.heartbeat.bind(purgeLog);
    await purge(ALL, { soft: true, pace: 1 });
    expect(pages.asked).to.have.length(1);
    purgeLog.heartbeat = async () => {
      throw new Failure("log-silent", "log", "no answer");
    };
    clock.advance(2_001);
    await settled();
    await pass(3_000);
    expect(follower.leaseLeftMs).to.equal(0);
    expect(pages.asked).to.have.length(1);
    purgeLog.heartbeat = heartbeat;
    await pass(1_000);
    expect(pages.asked).to.have.length(2);
  });

  it("keeps within the slowest pace of the purges that have something waiting", async () => {
    await stored("/slow/1", "/slow/2", "/slow/3", "/fast/1", "/fast/2", "/fast/3");
    await get("/fast/1");
    await purge({ kind: "prefix", prefix: "/slow/" }, { soft: true, pace: 2 });
    await purge({ kind: "prefix", prefix: "/fast/" }, { soft: true, pace: 100 });
    await pass(990);
    expect(pages.asked).to.deep.equal(["/slow/1", "/fast/1"]);
    await purge({ kind: "prefix", prefix: "/slow/" }, { soft: true, pace: 100 });
    await pass(50);
    expect(pages.asked).to.have.length(7);
  });

  it("leaves places at the origin for clients", async () => {
    const targets = Array.from({ length: 60 }, (_, i) => `/${i}`);
    await stored(...targets);
    const gates = targets.map((target) => pages.hold(target));
    await purge(ALL, { soft: true, pace: 1_000 });
    await pass(200, 1);
    expect(pages.asked).to.have.length(16);
    const clients = targets.slice(16, 32).map((target) => get(target));
    await settled();
    expect(pages.asked).to.have.length(32);
    for (const gate of gates) gate.open();
    await Promise.all(clients);
    await pass(100, 1);
    expect(counts()).to.include({ refilled: 44, skipped: 16 });
  });

  it("lets requests through while it looks through many paths", async () => {
    const many = Array.from({ length: 9_000 }, (_, i) => `/many/${i}`);
    for (const target of many) {
      const fields = Fields.of([["Cache-Control", "max-age=3600"]]);
      const mark = follower.mark();
      if (mark === undefined) throw new Error("the edge does not know where it is");
      const times = { requestTime: momentOf(clock), responseTime: momentOf(clock) };
      edge.store.put(storedResponse(target, { fields, mark, ...times }), requestFor(target));
    }
    await purgeLog.append(
      { purgeId: "many", targets: [ALL], by: "test", soft: true, pace: 1_000 },
      follower.position,
    );
    let slices = 0;
    while (counts().queued === 0) {
      await turn();
      clock.advance(0);
      slices += 1;
      // Requests are answered in between, all along.
      expect((await get("/elsewhere")).text).to.equal("old /elsewhere");
    }
    expect(counts().queued).to.equal(9_000);
    expect(slices).to.be.at.least(8);
  });

  it("queues a thousand purges at a time, and skips the next one with a log line", () => {
    const lines: string[] = [];
    const writer = new LogWriter((bytes, done) => {
      lines.push(Buffer.from(bytes).toString());
      done(true);
    });
    const busy = new Refill(
      { ...edge, log: logTo(writer, { program: "edge", level: "warn", clock }) },
      follower,
    );
    const paced = { purgeId: "p", targets: [ALL], by: "test", soft: true, pace: 1 };
    for (let i = 0; i < 1_000; i += 1) busy.purged(follower.position, paced);
    expect(lines).to.deep.equal([]);
    busy.purged(follower.position, paced);
    expect(lines.join("")).to.contain("refill skipped: too many paced purges at once");
    return busy.stop();
  });

  it("ends with the edge", async () => {
    await stored("/a", "/b", "/c");
    await purge(ALL, { soft: true, pace: 1 });
    await refill.stop();
    await purge(ALL, { soft: true, pace: 1_000 });
    await pass(5_000, 100);
    expect(pages.asked).to.have.length(1);
    expect(clock.waiting).to.equal(1);
  });
});
