import { expect } from "chai";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { whileWanted } from "./wanted-fetch.ts";

describe("a request at the origin whose clients have left", () => {
  /** Whether the fetch has been given up, so long after the clients left. */
  async function isOver(method: string, afterMs: number): Promise<boolean> {
    const clock = new ManualClock();
    const fetching = new AbortController();
    const leaving = new AbortController();
    const answer = Promise.withResolvers<void>();
    const wanted = whileWanted(method, leaving.signal, () => answer.promise, fetching, clock);
    leaving.abort();
    clock.advance(afterMs);
    await new Promise(setImmediate);
    answer.resolve();
    await wanted;
    return fetching.signal.aborted;
  }

  it("ends a second later, and not sooner", async () => {
    expect(await isOver("GET", 999)).to.equal(false);
    expect(await isOver("GET", 1_000)).to.equal(true);
  });

  it("goes on when it is unsafe", async () => {
    expect(await isOver("POST", 60_000)).to.equal(false);
  });

  it("goes on when the origin has begun its answer", async () => {
    const clock = new ManualClock();
    const fetching = new AbortController();
    const leaving = new AbortController();
    await whileWanted("GET", leaving.signal, () => Promise.resolve(), fetching, clock);
    leaving.abort();
    clock.advance(60_000);
    await new Promise(setImmediate);
    expect(fetching.signal.aborted).to.equal(false);
  });
});
