import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { ByteBudget } from "./byte-budget.ts";
import { Lagged, prefixHash } from "./lagged.ts";
import { SharedBody } from "./shared-body.ts";

/** A body that a test sends chunk by chunk; it tells when it was asked for the next one and when it was left. */
class GatedSource implements AsyncIterable<Uint8Array> {
  pulls = 0;
  left = false;
  cancelled = false;
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

  cancel(): void {
    this.cancelled = true;
    this.#fail?.(new Error("given up"));
  }

  async fail(error: Error): Promise<void> {
    await this.#asked.promise;
    this.#fail?.(error);
  }
}

/** The same that can be gathered. */
class GatheredSource extends GatedSource {
  readonly told: (number | "scatter" | undefined)[] = [];

  gather(length: number | undefined): void {
    this.told.push(length);
  }

  scatter(): void {
    this.told.push("scatter");
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

  function shared(
    body: AsyncIterable<Uint8Array>,
    budget: ByteBudget,
    keepLimit: number,
    length?: number,
  ): SharedBody {
    const cancel = () => {
      if (body instanceof GatedSource) body.cancel();
    };
    return new SharedBody({ body, length, cancel }, budget, keepLimit, clock);
  }

  async function pass(ms: number): Promise<void> {
    await turn();
    clock.advance(ms);
    await turn();
  }

  describe("after its last reader has left", () => {
    const patience = [
      ["of unknown length, for a moment", undefined, 400],
      ["of known length, for a minute", 100, 60_000],
    ] as const;
    for (const [what, length, ms] of patience) {
      it(`goes on when it is ${what}, and is then given up`, async () => {
        const source = new GatedSource();
        const body = shared(source, new ByteBudget(1000), 1000, length);
        const reader = body.join();
        await source.send(10);
        reader.leave();
        await pass(ms - 1);
        expect(source.cancelled).to.equal(false);
        await pass(1);
        expect(source.cancelled).to.equal(true);
        expect((await body.end).kind).to.equal("failed");
        expect(clock.waiting).to.equal(0);
      });
    }

    it("is stored when it ends in that time", async () => {
      const source = new GatedSource();
      const body = shared(source, new ByteBudget(1000), 1000);
      body.join().leave();
      await pass(399);
      await source.send(10);
      await source.finish();
      expect(await body.end).to.include({ kind: "complete", length: 10 });
      await pass(10_000);
      expect([source.cancelled, clock.waiting]).to.deep.equal([false, 0]);
    });

    it("goes on for a reader that joins in that time, for as long as that one reads", async () => {
      const source = new GatedSource();
      const body = shared(source, new ByteBudget(1000), 1000);
      body.join().leave();
      await pass(399);
      const late = body.join();
      await pass(10_000);
      expect(source.cancelled).to.equal(false);
      late.leave();
      await pass(400);
      expect(source.cancelled).to.equal(true);
    });

    it("is given up at once when it is not kept, although its origin is silent", async () => {
      const source = new GatedSource();
      const body = shared(source, new ByteBudget(10_000), 1000, 1001);
      const reader = body.join();
      const reading = readAll(reader.read(0)).catch((error: Error) => error.message);
      await source.send(10);
      await turn();
      reader.leave();
      await pass(0);
      expect(source.cancelled).to.equal(true);
      expect(await reading).to.equal("given up");
    });

    it("goes on for as long as the one that left it last said", async () => {
      const source = new GatedSource();
      const body = shared(source, new ByteBudget(1000), 1000);
      body.join().leave(30_000);
      await pass(29_999);
      expect(source.cancelled).to.equal(false);
      await pass(1);
      expect(source.cancelled).to.equal(true);
    });
  });

  it("reaches a reader that joins in the middle from its first byte, and is read from the origin once", async () => {
    const source = new GatedSource();
    const body = shared(source, new ByteBudget(1000), 1000);
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
    const body = shared(source, new ByteBudget(1000), 1000);
    const tail = readAll(body.join().read(3));
    await source.send(2, 1);
    await source.send(2, 2);
    await source.send(2, 3);
    await source.finish();
    expect(await tail).to.deep.equal([2, 3, 3]);
  });

  it("goes on to its end when its only reader leaves, so that it can be stored", async () => {
    const source = new GatedSource();
    const body = shared(source, new ByteBudget(1000), 1000);
    const reader = body.join().read(0)[Symbol.asyncIterator]();
    await source.send(1);
    await reader.next();
    await reader.return?.();
    await source.send(1);
    await source.finish();
    expect((await body.end).kind).to.equal("complete");
    expect(source.left).to.equal(false);
  });

  it("is in memory once when it is whole, and charged until its last reader has it", async () => {
    const source = new GatedSource();
    const budget = new ByteBudget(10_000);
    const body = shared(source, budget, 1_000);
    const slow = body.join().read(0)[Symbol.asyncIterator]();
    await source.send(300, 1);
    expect((await slow.next()).value).to.have.length(300);
    await source.send(200, 2);
    await source.finish();
    const end = await body.end;
    expect(budget.taken).to.be.greaterThan(500);
    const { value } = await slow.next();
    expect([...value]).to.deep.equal(Array(200).fill(2));
    expect(end.kind === "complete" && end.chunks[0]?.buffer).to.equal(value.buffer);
    expect((await slow.next()).done).to.equal(true);
    expect(budget.taken).to.equal(0);
  });

  it("throws the origin's failure to every reader and keeps nothing", async () => {
    const source = new GatedSource();
    const budget = new ByteBudget(1000);
    const body = shared(source, budget, 1000);
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

  it("past its limit is no longer kept, is charged for what it holds and waits for its slowest reader", async () => {
    const source = new GatedSource();
    const budget = new ByteBudget(10_000_000);
    const body = shared(source, budget, 1_000_000);
    const slow = body.join().read(0)[Symbol.asyncIterator]();
    const fast = body.join().read(0)[Symbol.asyncIterator]();
    await source.send(900_000);
    expect((await fast.next()).value.byteLength).to.equal(900_000);
    expect(body.kept).to.equal(true);
    await source.send(900_000);
    expect((await fast.next()).value.byteLength).to.equal(900_000);
    expect(body.kept).to.equal(false);
    expect(budget.taken).to.be.within(1_800_000, 1_801_000);
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
    expect(budget.taken).to.equal(0);
  });

  it("is gathered for as long as it is kept", async () => {
    const source = new GatheredSource();
    const body = shared(source, new ByteBudget(100_000), 100, undefined);
    void readAll(body.join().read(0));
    await source.send(100);
    expect(source.told).to.deep.equal([undefined]);
    await source.send(1);
    await source.finish();
    await body.end;
    expect(source.told).to.deep.equal([undefined, "scatter"]);
    const tooLong = new GatheredSource();
    shared(tooLong, new ByteBudget(100_000), 100, 101);
    expect(tooLong.told).to.deep.equal([]);
  });

  it("is not kept from the start when it is known to be longer than the limit", async () => {
    const source = new GatedSource();
    const body = shared(source, new ByteBudget(10_000), 1000, 1001);
    expect([body.kept, body.joinable]).to.deep.equal([false, true]);
    const readers = [readAll(body.join().read(0)), readAll(body.join().read(0))];
    await source.send(1001);
    await source.finish();
    for (const reader of readers) expect(await reader).to.have.length(1001);
    expect((await body.end).kind).to.equal("not-kept");
  });

  it("past its limit drops, after a moment, the readers in the slowest half that hold up the others", async () => {
    const source = new GatedSource();
    const body = shared(source, new ByteBudget(10_000_000), 1_000_000);
    const [slow, middle, fast] = [0, 1, 2].map(() => body.join().read(0)[Symbol.asyncIterator]());
    if (slow === undefined || middle === undefined || fast === undefined) throw new Error("three readers");
    expect(await Promise.all([source.send(300_000, 1), slow.next()])).to.have.length(2);
    for (const reader of [middle, fast]) await reader.next();
    for (const value of [2, 3, 4]) {
      await source.send(300_000, value);
      await fast.next();
    }
    for (const _ of [2, 3]) await middle.next();
    const fifth = fast.next();
    await turn();
    expect(source.pulls).to.equal(4);
    clock.advance(1_000);
    await source.send(7);
    expect((await fifth).value.byteLength).to.equal(7);
    expect((await middle.next()).value.byteLength).to.equal(300_000);
    const behind = await slow.next().catch((thrown: unknown) => thrown);
    expect(behind).to.be.instanceOf(Lagged);
    const digest = prefixHash().update(new Uint8Array(300_000).fill(1)).digest("base64");
    expect(behind).to.deep.include({ offset: 300_000, prefix: { length: 300_000, digest } });
    await fast.return?.();
    await middle.return?.();
    await source.send(1);
    expect((await body.end).kind).to.equal("not-kept");
  });

  it("sends away a reader that comes too late for the first byte", async () => {
    const source = new GatedSource();
    const body = shared(source, new ByteBudget(10_000), 1000, 2000);
    const first = body.join().read(0)[Symbol.asyncIterator]();
    await source.send(600);
    await first.next();
    await source.send(600);
    await first.next();
    const late = await readAll(body.join().read(0)).catch((thrown: unknown) => thrown);
    expect(late).to.be.instanceOf(Lagged).with.property("offset", 0);
    expect(late).to.have.property("prefix", undefined);
    await first.return?.();
  });

  it("is not kept when all fills together hold too much", async () => {
    const source = new GatedSource();
    const budget = new ByteBudget(1000);
    budget.take(900);
    const body = shared(source, budget, 1000);
    const reader = readAll(body.join().read(0));
    await source.send(200);
    await source.finish();
    expect(await reader).to.have.length(200);
    expect(await body.end).to.deep.equal({ kind: "not-kept" });
    expect(budget.taken).to.equal(900);
  });

  it("is read only 64 KiB ahead when all fills together hold too much", async () => {
    for (const [ahead, pulls] of [
      [64 * 1024 - 2, 3],
      [64 * 1024 - 1, 2],
    ] as const) {
      const source = new GatedSource();
      const budget = new ByteBudget(1000);
      const body = shared(source, budget, 1000, 10_000_000);
      const reader = body.join().read(0)[Symbol.asyncIterator]();
      const first = reader.next();
      await source.send(1);
      // The reader is done with a byte when it asks for the next.
      await first;
      await source.send(ahead);
      await turn();
      expect(source.pulls, String(ahead)).to.equal(pulls);
      await reader.return?.();
    }
  });
});
