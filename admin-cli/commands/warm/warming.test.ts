import { expect } from "chai";
import { systemClock } from "../../../process/clock.ts";
import { outcomeOf } from "./warm-edge.ts";
import { warm } from "./warming.ts";

describe("warming", () => {
  const urls = ["/1", "/2", "/3", "/4", "/5"];
  const common = { told: () => undefined, clock: systemClock, signal: new AbortController().signal };

  it("never has more requests under way than it may, and asks for each URL once", async () => {
    let [now, most, ms] = [0, 0, 0];
    // Always late: nothing waits for the rate.
    const clock = { ...systemClock, monotonic: () => (ms += 1_000) };
    const asked: string[] = [];
    const ask = async (url: string) => {
      asked.push(url);
      now += 1;
      most = Math.max(most, now);
      await new Promise(setImmediate);
      now -= 1;
      return { kind: "stored" } as const;
    };
    const tally = await warm("e", urls, { concurrency: 2, rate: 10_000 }, { ...common, clock, ask });
    expect([most, asked, tally.stored]).to.deep.equal([2, urls, 5]);
  });

  it("asks no faster than its rate", async () => {
    const waits: number[] = [];
    const clock = {
      ...systemClock,
      monotonic: () => 0,
      wait: async (ms: number) => void waits.push(ms),
    };
    const ask = async () => ({ kind: "hit" }) as const;
    await warm("e", urls, { concurrency: 1, rate: 10 }, { ...common, clock, ask });
    expect(waits).to.deep.equal([100, 200, 300, 400]);
  });

  it("ends when it is told to, without counting the request that was cut", async () => {
    const stop = new AbortController();
    const ask = async (url: string) => {
      if (url === "/3") stop.abort();
      return { kind: "hit" } as const;
    };
    const tally = await warm(
      "e",
      urls,
      { concurrency: 1, rate: 10_000 },
      { ...common, signal: stop.signal, ask },
    );
    expect(tally.hits).to.equal(2);
  });

  it("reads the member of the nearest cache", () => {
    expect(outcomeOf(200, "shield; hit, edge-1; fwd=uri-miss; stored").kind).to.equal("stored");
    expect(outcomeOf(200, "shield; fwd=uri-miss; stored, edge-1; hit").kind).to.equal("hit");
    expect(outcomeOf(200, "edge-1; fwd=uri-miss; collapsed").kind).to.equal("stored");
    expect(outcomeOf(200, "edge-1; fwd=bypass").kind).to.equal("not-stored");
    expect(outcomeOf(200, undefined).kind).to.equal("error");
    expect(outcomeOf(503, "edge-1; hit").kind).to.equal("error");
  });
});
