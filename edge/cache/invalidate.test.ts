import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { createLog } from "../../process/log.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { Gate } from "../../test/rig/gate.ts";
import { get } from "../../test/rig/http-client.ts";
import { HttpOrigin } from "../../test/rig/http-origin.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { memoryStore } from "../../test/rig/memory-store.ts";
import { slowWork } from "../../test/rig/slow-work.ts";
import { requestFor, storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { startTestEdge } from "../../test/rig/test-edge.ts";
import { writtenRules } from "../../test/rig/written-rules.ts";
import { type Origin, type OriginResponse, plainBody } from "../origin/origin.ts";
import { PurgeFollower } from "../purging/follower.ts";
import type { SiteRules } from "../rules/site-rules.ts";
import { cacheOf } from "./context.ts";
import { invalidate } from "./invalidate.ts";
import { serve } from "./serve.ts";

// More than one slice of a search.
const PAGES = 200;

/** Says that it is out of order, once it is allowed to. */
class FailingOrigin implements Origin {
  readonly gate = new Gate();

  async fetch(): Promise<OriginResponse> {
    await this.gate.passed;
    return { status: 503, fields: Fields.none, body: plainBody(new Uint8Array()) };
  }

  async probe(): Promise<void> {
    // It is in this process.
  }

  async close(): Promise<void> {
    // It holds nothing.
  }
}

/** So many rules that rewrite a path, and 14 that give another query, each where a field of the request says so. */
function rewriting(rewrites: number, more: Partial<SiteRules> = {}): SiteRules {
  const rules = [
    ...Array.from(
      { length: rewrites },
      (_, of) => `{match: {header: {X-Of: "${of}"}}, rewrite: "/of${of}{path}"}`,
    ),
    ...Array.from(
      { length: 14 },
      (_, of) => `{match: {header: {X-Q: "${of}"}}, key: {query: {ignore: [q${of}]}}}`,
    ),
  ];
  return writtenRules(`rules:\n${rules.map((rule) => `  - ${rule}\n`).join("")}`, more);
}

describe("an invalidation", () => {
  /** An edge whose store has many pages of one group, and an invalidation of it that has come to its first pause. */
  const searching = async (origin: Origin) => {
    const clock = new ManualClock();
    const log = createLog("test", "silent");
    const purgeLog = new MemoryPurgeLog(clock);
    const store = memoryStore(2 ** 24, slowWork(clock));
    const purges = new PurgeFollower({ leaseMs: 60_000, purgeLog, store, clock, log });
    await purges.start({ edge: "e", bootId: "b", grpcAddress: "h:1", httpAddress: "h:2" });
    const origins = new Map([["default", origin]]);
    const edge = cacheOf({ id: "e", origins, store, purges, clock, log }, 2 ** 24);
    const mark = purges.mark();
    if (mark === undefined) throw new Error("the edge does not know where it is in the log");
    const fields = Fields.of([["Cache-Control", "max-age=2147483648, stale-if-error=60"]]);
    const pages = Array.from({ length: PAGES }, (_, n) =>
      storedResponse(`/page/${n}`, { fields, tags: ["shop"], mark }),
    );
    for (const page of pages) store.put(page, requestFor(page.target));
    const standings = () => [...new Set(pages.map((page) => purges.standing(page).kind))];
    expect(standings()).to.deep.equal(["trusted"]);

    const response = { status: 200, fields: Fields.of([["Cache-Group-Invalidation", '"shop"']]) };
    const request = { ...requestFor("/order"), method: "POST" };
    let done = false;
    const over = invalidate(request, response, "http://a", edge).finally(() => {
      done = true;
    });
    // Its first pause; the heartbeats of the follower wait too.
    await clock.waited(2);
    const finish = async (): Promise<void> => {
      while (!done) {
        clock.advance(0);
        await turn();
      }
      await over;
    };
    const stop = async (): Promise<void> => {
      await purges.stop();
      await purgeLog.close();
    };
    return { edge, store, standings, finish, stop };
  };

  it("takes a whole group out of use at once, though the search for it takes many slices", async () => {
    const { store, standings, finish, stop } = await searching(new FailingOrigin());
    expect(store.objects).to.be.within(1, PAGES - 1);
    expect(standings()).to.deep.equal(["purged"]);
    await finish();
    expect(store.objects).to.equal(0);
    await stop();
  });

  it("takes it out of use for a request that comes during the search too, whose origin fails after it", async () => {
    const origin = new FailingOrigin();
    const { edge, finish, stop } = await searching(origin);
    const request = requestFor(`/page/${PAGES - 1}`);
    const served = serve({ ...request, scheme: "http", authority: "a", body: undefined }, edge);
    await finish();
    origin.gate.open();
    const got = await served;
    expect(got.status).to.equal(503);
    await stop();
  });

  it("takes out of use what is stored for another target and stands for the one that was posted to", async () => {
    const origin = await HttpOrigin.start();
    const edge = await startTestEdge(origin.url);
    let version = "old";
    origin.answer("/page", ({ method }) => {
      if (method === "POST") version = "new";
      return {
        fields: [
          ["Cache-Control", "max-age=60"],
          ["No-Vary-Search", 'params=("utm")'],
        ],
        body: version,
      };
    });
    await get(edge.url, "/page?id=1&utm=mail");
    expect((await get(edge.url, "/page?id=1")).header("x-cache")).to.equal("HIT");
    expect((await get(edge.url, "/page?id=1", { method: "POST" })).status).to.equal(200);
    expect((await get(edge.url, "/page?id=1")).text).to.equal("new");
    expect((await get(edge.url, "/page?id=1&utm=mail")).text).to.equal("new");
    await edge.stop();
    await origin.stop();
  });

  for (const [rewrites, made, wide] of [
    [15, "all that they make of it, and of no other query", false],
    [16, "every query of all paths that they make of it, when they may be more than 250", true],
  ] as const) {
    it(`of a target that ${rewrites} rules rewrite and 14 give another query is of ${made}`, async () => {
      const origin = await HttpOrigin.start();
      const edge = await startTestEdge(origin.url, { rules: rewriting(rewrites) });
      for (const path of ["/a", "/of9/a", "/b"])
        origin.answer(path, { fields: [["Cache-Control", "max-age=60"]], body: path });
      const asked = [
        ["/a?q1=1", {}],
        ["/a?q1=1", { "X-Of": "9" }],
        ["/a?q1=1", { "X-Of": "9", "X-Q": "1" }],
        ["/a?q2=1", {}],
        ["/b?q1=1", {}],
      ] as const;
      const caches = async () => {
        const seen: (string | undefined)[] = [];
        for (const [target, headers] of asked)
          seen.push((await get(edge.url, target, { headers })).header("x-cache"));
        return seen.join(" ");
      };
      await caches();
      expect(await caches()).to.equal("HIT HIT HIT HIT HIT");
      await get(edge.url, "/a?q1=1", { method: "POST" });
      expect(await caches()).to.equal(`MISS MISS MISS ${wide ? "MISS" : "HIT"} HIT`);
      await edge.stop();
      await origin.stop();
    });
  }

  it("tells other edges what was changed, with how many targets are made of it, and with every query when they are too many", async () => {
    const told: unknown[] = [];
    for (const rewrites of [15, 16]) {
      const clock = new ManualClock();
      const log = createLog("test", "silent");
      const store = memoryStore(2 ** 24, clock);
      const purges = new PurgeFollower({
        leaseMs: 60_000,
        purgeLog: new MemoryPurgeLog(clock),
        store,
        clock,
        log,
      });
      const siteRules = new Map([["default", rewriting(rewrites, { invalidation: "broadcast" })]]);
      const broadcast = (...those: unknown[]) => told.push(those);
      const parts = { id: "e", origins: new Map(), siteRules, store, purges, clock, log, broadcast };
      const ok = { status: 200, fields: Fields.none };
      await invalidate({ ...requestFor("/a?q1=1"), method: "POST" }, ok, "http://a", cacheOf(parts, 2 ** 24));
    }
    const url = (target: string) => ({ kind: "url", target, site: "default" });
    expect(told).to.deep.equal([
      [[url("/a?q1=1")], 32],
      [[url("/a")], 17],
    ]);
  });

  describe("by another spelling of a URI", () => {
    const edgeWith = (...targets: string[]) => {
      const clock = new ManualClock();
      const log = createLog("test", "silent");
      const store = memoryStore(2 ** 24, clock);
      const purgeLog = new MemoryPurgeLog(clock);
      const purges = new PurgeFollower({ leaseMs: 60_000, purgeLog, store, clock, log });
      for (const target of targets) store.put(storedResponse(target), requestFor(target));
      return cacheOf({ id: "e", origins: new Map(), store, purges, clock, log }, 2 ** 24);
    };
    const ok = { status: 200, fields: Fields.none };
    const left = async (edge: ReturnType<typeof edgeWith>, posted: string, targets: readonly string[]) => {
      await invalidate({ ...requestFor(posted), method: "POST" }, ok, "http://a", edge);
      return targets.filter((target) => edge.store.peek(storedResponse(target).key).length > 0);
    };

    it("takes every spelling of it out of use, and no other query", async () => {
      const targets = ["/caf%C3%A9", "/x/../caf%c3%a9", "/%63af%C3%A9", "/caf%C3%A9?a=1", "/cafe"];
      expect(await left(edgeWith(...targets), "/caf%c3%a9", targets)).to.deep.equal([
        "/caf%C3%A9?a=1",
        "/cafe",
      ]);
    });

    it("takes every spelling of a query out of use", async () => {
      const targets = ["/a?b=%7e", "/a?b=~", "/a?b=1", "/a"];
      expect(await left(edgeWith(...targets), "/%61?b=%7E", targets)).to.deep.equal(["/a?b=1", "/a"]);
    });

    it("looks at 1,000 responses of its path and at no more", async () => {
      const queries = (count: number) => Array.from({ length: count }, (_, n) => `/%61?${n}`);
      // A store may look at the oldest or at the newest first.
      const ends = ["/%61", "/x/../a"];
      const leftAround = (between: readonly string[]) =>
        left(edgeWith("/%61", ...between, "/x/../a"), "/a", ends);
      expect(await leftAround(queries(998))).to.deep.equal([]);
      expect(await leftAround(queries(999))).to.have.length(1);
      expect(await left(edgeWith("/a", ...queries(2_000)), "/a", ["/a"])).to.deep.equal([]);
    });
  });
});
