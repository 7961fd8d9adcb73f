import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { ask, type EdgeCore, edgeCore, textOf } from "../../test/model/edge-core.ts";
import { Gate } from "../../test/rig/gate.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { until } from "../../test/rig/until.ts";
import { type OriginRequest, type OriginResponse, plainBody } from "../origin/origin.ts";
import type { NotStored } from "../rules/not-stored.ts";
import type { CacheOutcome } from "./outcome.ts";

type Lines = readonly (readonly [string, string])[];

const FRESH = ["Cache-Control", "max-age=60"] as const;

function reply(fields: Lines = [FRESH], more: Partial<OriginResponse> = {}): OriginResponse {
  return { status: 200, fields: Fields.of(fields), body: plainBody(Buffer.from("0123456789")), ...more };
}

describe("a response that has arrived", () => {
  let clock: ManualClock;
  let purgeLog: MemoryPurgeLog;
  let edge: EdgeCore;
  let answer: (request: OriginRequest) => Promise<OriginResponse>;

  beforeEach(async () => {
    clock = new ManualClock();
    purgeLog = new MemoryPurgeLog(clock);
    const origin = {
      fetch: (request: OriginRequest) => answer(request),
      probe: async () => undefined,
      close: async () => undefined,
    };
    edge = edgeCore({ clock, origin, purgeLog, leaseMs: 30_000 });
    await edge.follower.start({ edge: "edge-1", bootId: "b", grpcAddress: "h:1", httpAddress: "h:2" });
    for (let i = 0; i < 5; i += 1) await turn();
  });

  afterEach(async () => {
    await edge.follower.stop();
    await purgeLog.close();
  });

  /** Asks for `/a` and reads the answer to its end. */
  async function outcomeOf(fields: Lines = [], method = "GET"): Promise<CacheOutcome> {
    const served = await ask({ method, target: "/a", fields }, edge);
    await textOf(served.content, method);
    await turn();
    return served.outcome;
  }

  const counted = () =>
    Object.fromEntries(edge.counters.sites.sums("notStored").filter(([, count]) => count > 0));

  /** A reply whose body has come with its fields. */
  function wholeReply(): OriginResponse {
    const bytes = Buffer.from("0123456789");
    const body = { [Symbol.asyncIterator]: () => plainBody(bytes), takeWhole: () => bytes };
    return reply([FRESH], { body });
  }

  it("is counted among the bytes that came from origins, though it came whole and is not in flight", async () => {
    answer = async () => wholeReply();
    expect(await outcomeOf()).to.include({ kind: "miss", stored: true });
    expect([edge.fillBudget.everTaken, edge.fillBudget.taken]).to.deep.equal([10, 0]);
    expect(await outcomeOf()).to.include({ kind: "hit" });
  });

  it("is too large when fills in flight hold what they may, though it came whole", async () => {
    answer = async () => wholeReply();
    edge.fillBudget.take(edge.fillBudget.left - 9);
    await outcomeOf();
    expect(counted()).to.deep.equal({ "too-large": 1 });
    edge.fillBudget.give(1);
    expect(await outcomeOf()).to.include({ kind: "miss", stored: true });
    expect(await outcomeOf()).to.include({ kind: "hit" });
  });

  const refused: readonly (readonly [NotStored, Lines, OriginResponse])[] = [
    ["status", [], reply([FRESH], { status: 416 })],
    ["must-understand", [], reply([["Cache-Control", "max-age=60, must-understand"]], { status: 299 })],
    ["partial", [], reply([FRESH, ["Content-Range", "bytes 0-9/20"]], { status: 206 })],
    ["no-store", [], reply([["Cache-Control", "no-store"]])],
    ["private", [], reply([["Cache-Control", "private"]])],
    ["authorization", [["Authorization", "x"]], reply()],
    ["not-cacheable", [], reply([], { status: 302 })],
    ["set-cookie", [], reply([["Set-Cookie", "a=b"]])],
    ["vary", [], reply([FRESH, ["Vary", "*"]])],
    ["tags", [], reply([FRESH, ["Cache-Groups", "a"]])],
    ["length-unknown", [], reply([FRESH], { endsWithConnection: true })],
  ];
  for (const [reason, asked, given] of refused) {
    it(`says ${reason} in Cache-Status and in the counter`, async () => {
      answer = async () => given;
      expect(await outcomeOf(asked)).to.deep.include({ kind: "miss", stored: false, detail: reason });
      expect(counted()).to.deep.equal({ [reason]: 1 });
      expect(edge.store.objects).to.equal(0);
    });
  }

  it("says method for the answer to a HEAD that a stored response was validated by", async () => {
    answer = async () => reply();
    await outcomeOf();
    expect(await outcomeOf([["Cache-Control", "no-cache"]], "HEAD")).to.deep.include({
      kind: "miss",
      stored: false,
      detail: "method",
    });
  });

  it("is counted as incomplete when the origin breaks off, and as too large when it outgrows its share", async () => {
    answer = async () =>
      reply([FRESH], {
        body: (async function* () {
          yield Buffer.from("01234");
          throw new Error("broken off");
        })(),
      });
    await outcomeOf();
    answer = async () => reply([FRESH], { body: plainBody(Buffer.alloc(5 * 1024 * 1024)) });
    await outcomeOf();
    expect(counted()).to.deep.equal({ incomplete: 1, "too-large": 1 });
    expect(edge.store.objects).to.equal(0);
  });

  it("is counted as overtaken by a purge that comes while its body arrives", async () => {
    const gate = new Gate();
    answer = async () =>
      reply([FRESH], {
        body: (async function* () {
          await gate.passed;
          yield Buffer.from("old");
        })(),
      });
    const asking = outcomeOf();
    await turn();
    const purge = {
      purgeId: "p",
      targets: [{ kind: "url", target: "/a" }] as const,
      soft: false,
      by: "test",
    };
    await purgeLog.append(purge, edge.follower.position);
    await until("the purge is applied", () => edge.follower.purges > 0);
    gate.open();
    await asking;
    expect(edge.counters.get("fillsOvertaken")).to.equal(1);
    expect([counted(), edge.store.objects]).to.deep.equal([{}, 0]);
  });

  it("is counted as superseded when one that was asked for later is stored already", async () => {
    const gate = new Gate();
    answer = async ({ fields }) => {
      if (!fields.has("Range")) return reply();
      await gate.passed;
      return reply([FRESH, ["Content-Range", "bytes 0-9/20"], ["ETag", '"old"']], { status: 206 });
    };
    const early = outcomeOf([["Range", "bytes=0-9"]]);
    await turn();
    clock.advance(1_000);
    await outcomeOf();
    gate.open();
    await early;
    expect(counted()).to.deep.equal({ superseded: 1 });
    expect(edge.store.peek("default /a").map(({ status }) => status)).to.deep.equal([200]);
  });

  it("finds its place among 16 variants of made-up fields, and the one in use keeps its own", async () => {
    answer = async () => reply([FRESH, ["Vary", "Accept-Language"]]);
    await outcomeOf([["Accept-Language", "de"]]);
    for (let i = 0; i < 40; i += 1) {
      const made = await outcomeOf([["Accept-Language", `x${i}`]]);
      expect(made).to.deep.include({ kind: "miss", stored: true });
      expect(await outcomeOf([["Accept-Language", "de"]]), `after ${i}`).to.deep.include({ kind: "hit" });
    }
    expect(await outcomeOf([["Accept-Language", "x39"]])).to.deep.include({ kind: "hit" });
    expect([counted(), edge.store.objects]).to.deep.equal([{}, 16]);
  });

  it("goes from the store when the origin confirms it with a 304 that forbids storing", async () => {
    answer = async () => reply([FRESH, ["ETag", '"a"']]);
    await outcomeOf();
    answer = async () => reply([["Cache-Control", "no-store"]], { status: 304, body: plainBody() });
    const outcome = await outcomeOf([["Cache-Control", "no-cache"]]);
    expect(outcome).to.deep.include({ kind: "revalidated", stored: false });
    expect([counted(), edge.store.objects]).to.deep.equal([{ "no-store": 1 }, 0]);
  });
});
