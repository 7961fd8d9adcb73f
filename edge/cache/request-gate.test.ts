import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { createLog } from "../../process/log.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { memoryStore } from "../../test/rig/memory-store.ts";
import { storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { PurgeFollower } from "../purging/follower.ts";
import { momentOf } from "../rules/moment.ts";
import { SAFE_RULES } from "../rules/site-rules.ts";
import { inOwnMemory } from "../store/own-memory.ts";
import { cacheOf } from "./context.ts";
import { serve } from "./serve.ts";

describe("the gate of a request", () => {
  it("lets nothing pass for a site that a reload has taken away, with its rules: no stored response either", async () => {
    const clock = new ManualClock();
    const log = createLog("test", "silent");
    const store = memoryStore(2 ** 20, clock);
    const purgeLog = new MemoryPurgeLog(clock);
    const purges = new PurgeFollower({ leaseMs: 2_000, purgeLog, store, clock, log });
    await purges.start({ edge: "edge-1", bootId: "b", grpcAddress: "h:1", httpAddress: "h:2" });
    const siteRules = new Map([["default", SAFE_RULES]]);
    const edge = cacheOf({ id: "edge-1", origins: new Map(), siteRules, store, purges, clock, log }, 2 ** 20);
    const request = { method: "GET", site: "default", target: "/a", fields: Fields.none };
    const fields = Fields.of([["Cache-Control", "max-age=60"]]);
    const moment = momentOf(clock);
    const times = { requestTime: moment, responseTime: moment };
    store.put(inOwnMemory(storedResponse("/a", { fields, ...times })), request);
    const asked = {
      ...request,
      scheme: "http",
      authority: "shop.example",
      addresses: "192.0.2.7",
      body: undefined,
    } as const;
    expect((await serve(asked, edge)).status).to.equal(200);
    siteRules.clear();
    const { status, outcome } = await serve(asked, edge);
    expect([status, outcome]).to.deep.equal([421, { kind: "error", fwd: "bypass", detail: "unknown-host" }]);
    await purges.stop();
    await purgeLog.close();
  });
});
