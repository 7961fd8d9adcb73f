import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import type { Served } from "../../edge/cache/answer.ts";
import { serve } from "../../edge/cache/serve.ts";
import type { Origin, OriginResponse } from "../../edge/origin/origin.ts";
import { plainBody } from "../../edge/origin/origin.ts";
import { Fence } from "../../edge/purging/fence.ts";
import { Fields } from "../../http/message/fields.ts";
import { Failure } from "../../process/failure.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import type { PurgeTarget } from "../../purge-log/purge.ts";
import { type EdgeCore, edgeCore, textOf } from "../model/edge-core.ts";
import { ManualClock } from "../rig/manual-clock.ts";
import { until } from "../rig/until.ts";

// The fence remembers the targets of one purge.
const FENCE_BYTES = 3_000;
const PURGES = 1_000;

class OriginThatFails implements Origin {
  down = false;

  async fetch(): Promise<OriginResponse> {
    if (this.down) throw new Failure("connection_refused", "origin", "the origin is down");
    const fields = Fields.of([["Cache-Control", "max-age=1, stale-if-error=3600"]]);
    return { status: 200, fields, body: plainBody(Buffer.from("kept")) };
  }

  async probe(): Promise<void> {
    // It is in this process.
  }

  async close(): Promise<void> {
    // It holds nothing.
  }
}

describe("a response with stale-if-error", () => {
  let clock: ManualClock;
  let purgeLog: MemoryPurgeLog;
  let origin: OriginThatFails;
  let edge: EdgeCore;

  beforeEach(async () => {
    clock = new ManualClock();
    purgeLog = new MemoryPurgeLog(clock);
    origin = new OriginThatFails();
    edge = edgeCore({ clock, origin, purgeLog, leaseMs: 60_000, fence: new Fence(FENCE_BYTES) });
    await edge.follower.start({ edge: "edge-1", bootId: "b", grpcAddress: "h:1", httpAddress: "h:2" });
    await turn();
    await textOf((await ask()).content, "GET");
    await turn();
    clock.advance(2_000);
    origin.down = true;
  });

  afterEach(async () => {
    await edge.follower.stop();
    await purgeLog.close();
  });

  function ask(): Promise<Served> {
    const fields = Fields.of([]);
    return serve(
      {
        method: "GET",
        target: "/a",
        site: "default",
        fields,
        scheme: "http",
        authority: "",
        body: undefined,
      },
      edge,
    );
  }

  async function purge(target: PurgeTarget, times: number): Promise<void> {
    for (let i = 0; i < times; i += 1) {
      await purgeLog.append(
        { purgeId: `${i}`, targets: [target], soft: false, by: "" },
        edge.follower.position,
      );
    }
    await until(`${times} purges are applied`, () => edge.follower.purges >= times);
  }

  it("stands in for a failed origin after any number of purges of others", async () => {
    await purge({ kind: "url", target: "/other" }, PURGES);
    const { status, outcome } = await ask();
    expect([status, outcome.kind]).to.deep.equal([200, "stale"]);
  });

  it("does not once one purge has covered it", async () => {
    await purge({ kind: "url", target: "/a" }, 1);
    expect((await ask()).status).to.equal(502);
  });
});
