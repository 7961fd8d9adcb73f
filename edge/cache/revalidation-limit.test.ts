import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { type EdgeCore, edgeCore, textOf } from "../../test/model/edge-core.ts";
import { Gate } from "../../test/rig/gate.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import type { Origin, OriginRequest, OriginResponse } from "../origin/origin.ts";
import { plainBody } from "../origin/origin.ts";
import type { Served } from "./answer.ts";
import { RevalidationLimit } from "./revalidation-limit.ts";
import { serve } from "./serve.ts";

/** Answers until it is told to hang. */
class HangingOrigin implements Origin {
  readonly asked: string[] = [];
  gate: Gate | undefined;

  async fetch({ target }: OriginRequest): Promise<OriginResponse> {
    this.asked.push(target);
    await this.gate?.passed;
    const fresh = target.includes("reserve") ? "max-age=60, stale-if-error=3600" : "max-age=60";
    return {
      status: 200,
      fields: Fields.of([["Cache-Control", fresh]]),
      body: plainBody(Buffer.from(target)),
    };
  }

  async probe(): Promise<void> {
    // It is in this process.
  }

  async close(): Promise<void> {
    // It holds nothing.
  }
}

describe("the validations of one site", () => {
  it("are 32 at a time, and 4,000 more may wait", async () => {
    const [limit, gate] = [new RevalidationLimit(new ManualClock()).of("a"), new Gate()];
    let running = 0;
    const task = async (): Promise<void> => {
      running += 1;
      await gate.passed;
    };
    const tasks = Array.from({ length: 4_032 }, () => limit.run(task));
    const refused = await limit.run(task).catch((thrown: unknown) => thrown);
    expect(refused).to.include({ code: "connection_limit_reached" });
    expect(running).to.equal(32);
    gate.open();
    await Promise.all(tasks);
    expect(running).to.equal(4_032);
  });
});

describe("validations after a soft purge of everything, at an origin that hangs", () => {
  const busy = Array.from({ length: 32 }, (_, i) => `/${i}`);
  let clock: ManualClock;
  let purgeLog: MemoryPurgeLog;
  let origin: HangingOrigin;
  let edge: EdgeCore;
  let begun: Promise<Served>[];

  function ask(target: string, left?: AbortSignal): Promise<Served> {
    const fields = Fields.of([]);
    return serve(
      {
        method: "GET",
        target,
        site: "default",
        fields,
        scheme: "http",
        authority: "a.test",
        body: undefined,
        left,
      },
      edge,
    );
  }

  async function settled(): Promise<void> {
    for (let i = 0; i < 5; i += 1) await turn();
  }

  beforeEach(async () => {
    clock = new ManualClock();
    purgeLog = new MemoryPurgeLog(clock);
    origin = new HangingOrigin();
    edge = edgeCore({ clock, origin, purgeLog, leaseMs: 60_000 });
    await edge.follower.start({ edge: "edge-1", bootId: "b", grpcAddress: "h:1", httpAddress: "h:2" });
    await settled();
    for (const target of [...busy, "/reserve", "/other"]) {
      await textOf((await ask(target)).content, "GET");
    }
    await settled();
    await purgeLog.append(
      { purgeId: "p", targets: [{ kind: "everything" }], soft: true, by: "" },
      edge.follower.position,
    );
    await settled();
    origin.asked.length = 0;
    origin.gate = new Gate();
    begun = busy.map((target) => ask(target));
    await settled();
    expect(origin.asked).to.have.length(32);
  });

  afterEach(async () => {
    origin.gate?.open();
    await Promise.all(begun);
    await edge.follower.stop();
    await purgeLog.close();
  });

  it("are answered after 10 s in line: stale where the response allows it, else by 504", async () => {
    let answered = 0;
    const waiting = ["/reserve", "/other"].map(async (target) => {
      const served = await ask(target);
      answered += 1;
      return served;
    });
    await settled();
    clock.advance(9_999);
    await settled();
    expect(answered).to.equal(0);
    clock.advance(1);
    const [reserve, other] = await Promise.all(waiting);
    expect([reserve?.status, reserve?.outcome.kind]).to.deep.equal([200, "stale"]);
    expect(other?.status).to.equal(504);
    expect(other?.fields.get("Proxy-Status")).to.equal("edge-1; error=connection_limit_reached");
    expect(origin.asked).to.have.length(32);
  });

  it("take no turn for a client that has left", async () => {
    const client = new AbortController();
    const leaving = ask("/other", client.signal);
    await settled();
    client.abort();
    expect((await leaving).outcome).to.include({ kind: "error", detail: "client-left" });
    origin.gate?.open();
    await Promise.all(begun);
    expect(origin.asked).to.not.include("/other");
  });

  it("take their turn as long as one of the clients that wait for it is there", async () => {
    const client = new AbortController();
    const leaving = ask("/other", client.signal);
    const staying = ask("/other");
    await settled();
    client.abort();
    origin.gate?.open();
    expect((await staying).status).to.equal(200);
    expect((await leaving).status).to.equal(200);
    expect(origin.asked.filter((target) => target === "/other")).to.have.length(1);
  });
});
