import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { ByteBudget } from "./byte-budget.ts";
import { LeftBehind, SharedBody } from "./shared-body.ts";

/** A body that a test sends chunk by chunk; it tells when it was asked for the next one and when it was left. */
class GatedSource implements AsyncIterable<Uint8Array> {
  pulls = 0;
  left = false;
  #waiting: ((result: IteratorResult<Uint8Array>) => void) | undefined;
  #fail: ((error: Error) => void) | undefined;
  #asked = Promise.withResolvers<void>();

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: () => {
        this.pulls += 1;
        return new Promise((resolve, reject) => {
          this.#waiting = resolve;
          this.#fail = reject;
          this.#asked.resolve();
        });
      },
      return: () => {
        this.left = true;
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  async send(bytes: number, value = 1): Promise<void> {
    await this.#asked.promise;
    this.#asked = Promise.withResolvers();
    this.#waiting?.({ done: false, value: new Uint8Array(bytes).fill(value) });
  }

  async finish(): Promise<void> {
    await this.#asked.promise;
    this.#waiting?.({ done: true, value: undefined });
  }

  async fail(error: Error): Promise<void> {
    await this.#asked.promise;
    this.#fail?.(error);
  }
}

async function readAll(body: AsyncIterable<Uint8Array>): Promise<number[]> {
  const bytes: number[] = [];
  for await (const chunk of body) bytes.push(...chunk);
  return bytes;
}

describe("a body shared by its readers", () => {
  let clock: ManualClock;

  beforeEach(() => {
    clock = new ManualClock();
  });

  it("reaches a reader that joins in the middle from its first byte, and is read from the origin once", async () => {
    const source = new GatedSource();
    const body = new SharedBody(source, new ByteBudget(1000), 1000, clock);
    const first = body.join().read(0)[Symbol.asyncIterator]();
    await source.send(2, 7);
    expect((await first.next()).value).to.deep.equal(Uint8Array.of(7, 7));
    const second = readAll(body.join().read(0));
    await source.send(1, 8);
    await source.finish();
    expect(await second).to.deep.equal([7, 7, 8]);
    expect((await first.next()).value).to.deep.equal(Uint8Array.of(8));
    expect(await body.end).to.deep.equal({ kind: "complete", chunks: [Uint8Array.of(7, 7, 8)], length: 3 });
  });

  it("starts a reader at any byte", async () => {
    const source = new GatedSource();
    const body = new SharedBody(source, new ByteBudget(1000), 1000, clock);
    const tail = readAll(body.join().read(3));
    await source.send(2, 1);
    await source.send(2, 2);
    await source.send(2, 3);
    await source.finish();
    expect(await tail).to.deep.equal([2, 3, 3]);
  });

  it("goes on to its end when its only reader leaves, so that it can be stored", async () => {
    const source = new GatedSource();
    const body = new SharedBody(source, new ByteBudget(1000), 1000, clock);
    const reader = body.join().read(0)[Symbol.asyncIterator]();
    await source.send(1);
    await reader.next();
    await reader.return?.();
    await source.send(1);
    await source.finish();
    expect((await body.end).kind).to.equal("complete");
    expect(source.left).to.equal(false);
  });

  it("throws the origin's failure to every reader and keeps nothing", async () => {
    const source = new GatedSource();
    const budget = new ByteBudget(1000);
    const body = new SharedBody(source, budget, 1000, clock);
    const readers = [readAll(body.join().read(0)), readAll(body.join().read(0))].map((read) =>
      read.catch(String),
    );
    await source.send(5);
    await source.fail(new Error("cut"));
    expect(await Promise.all(readers)).to.deep.equal(["Error: cut", "Error: cut"]);
    expect((await body.end).kind).to.equal("failed");
    expect(body.joinable).to.equal(false);
    expect(budget.taken).to.equal(0);
  });

  it("past its limit is no longer kept, gives back its budget and waits for its slowest reader", async () => {
    const source = new GatedSource();
    const budget = new ByteBudget(10_000_000);
    const body = new SharedBody(source, budget, 1_000_000, clock);
    const slow = body.join().read(0)[Symbol.asyncIterator]();
    const fast = body.join().read(0)[Symbol.asyncIterator]();
    await source.send(900_000);
    expect((await fast.next()).value.byteLength).to.equal(900_000);
    expect(budget.taken).to.be.greaterThan(0);
    await source.send(900_000);
    expect((await fast.next()).value.byteLength).to.equal(900_000);
    expect(budget.taken).to.equal(0);
    const pullsWhileHeld = source.pulls;
    expect((await slow.next()).value.byteLength).to.equal(900_000);
    expect(source.pulls).to.equal(pullsWhileHeld);
    await slow.next();
    await source.send(1);
    expect(body.joinable).to.equal(false);
    await slow.return?.();
    await fast.return?.();
    await source.send(1);
    expect(await body.end).to.deep.equal({ kind: "not-kept" });
    expect(source.left).to.equal(true);
  });

  it("past its limit leaves behind, after a moment, a reader that holds up the others", async () => {
    const source = new GatedSource();
    const body = new SharedBody(source, new ByteBudget(10_000_000), 1_000_000, clock);
    const slow = body.join().read(0)[Symbol.asyncIterator]();
    const fast = body.join().read(0)[Symbol.asyncIterator]();
    for (const _ of [1, 2]) {
      await source.send(900_000);
      await fast.next();
    }
    expect((await slow.next()).value.byteLength).to.equal(900_000);
    const third = fast.next();
    await turn();
    expect(source.pulls).to.equal(2);
    clock.advance(1_000);
    await source.send(7);
    expect((await third).value.byteLength).to.equal(7);
    const behind = await slow.next().catch((thrown: unknown) => thrown);
    expect(behind).to.be.instanceOf(LeftBehind).with.property("offset", 900_000);
    await fast.return?.();
    await source.send(1);
    expect((await body.end).kind).to.equal("not-kept");
  });

  it("is not kept when all fills together hold too much", async () => {
    const source = new GatedSource();
    const budget = new ByteBudget(1000);
    budget.take(900);
    const body = new SharedBody(source, budget, 1000, clock);
    const reader = readAll(body.join().read(0));
    await source.send(200);
    await source.finish();
    expect(await reader).to.have.length(200);
    expect(await body.end).to.deep.equal({ kind: "not-kept" });
    expect(budget.taken).to.equal(900);
  });
});
