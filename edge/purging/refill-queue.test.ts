import { expect } from "chai";
import fc from "fast-check";
import { RefillQueue, type Waiting } from "./refill-queue.ts";

const waiting = (id: string, uses: number, pace = 50): Waiting => ({ id, key: id, uses, pace, failures: 0 });

/** Takes the most used until nothing waits. */
function drained(queue: RefillQueue): Waiting[] {
  const taken: Waiting[] = [];
  for (let top = queue.mostUsed(); top !== undefined; top = queue.mostUsed()) {
    queue.remove(top.id);
    taken.push(top);
  }
  return taken;
}

describe("the refill queue", () => {
  it("gives the most used first", () => {
    const queue = new RefillQueue();
    for (const [id, uses] of Object.entries({ a: 2, b: 0, c: 9, d: 2.5 })) queue.add(waiting(id, uses));
    expect(drained(queue).map(({ id }) => id)).to.deep.equal(["c", "d", "a", "b"]);
    expect([queue.size, queue.pace]).to.deep.equal([0, undefined]);
  });

  it("holds each once: what waits already keeps its place and takes the new pace", () => {
    const queue = new RefillQueue();
    expect(queue.add(waiting("a", 3, 10))).to.equal(true);
    expect(queue.add(waiting("b", 2, 10))).to.equal(true);
    expect(queue.add(waiting("a", 1, 80))).to.equal(false);
    expect(drained(queue)).to.deep.equal([waiting("a", 3, 80), waiting("b", 2, 10)]);
  });

  it("goes at the slowest pace of what waits, until that is gone", () => {
    const queue = new RefillQueue();
    queue.add(waiting("a", 1, 50));
    queue.add(waiting("b", 9, 5));
    queue.add(waiting("c", 8, 5));
    expect(queue.pace).to.equal(5);
    queue.remove("b");
    expect(queue.pace).to.equal(5);
    queue.remove("c");
    expect(queue.pace).to.equal(50);
  });

  it("is as a list sorted by uses, whatever is added, removed and taken in whatever order", () => {
    const id = fc.integer({ min: 0, max: 12 }).map(String);
    const step = fc.oneof(
      fc.record({
        kind: fc.constant("add" as const),
        id,
        uses: fc.nat(5),
        pace: fc.integer({ min: 1, max: 3 }),
      }),
      fc.record({ kind: fc.constant("remove" as const), id }),
      fc.record({ kind: fc.constant("take" as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new RefillQueue();
        const model = new Map<string, Waiting>();
        for (const each of steps) {
          const most = Math.max(...[...model.values()].map(({ uses }) => uses));
          expect(queue.mostUsed()?.uses).to.equal(model.size === 0 ? undefined : most);
          if (each.kind === "add") {
            const known = model.get(each.id);
            expect(queue.add(waiting(each.id, each.uses, each.pace))).to.equal(known === undefined);
            model.set(each.id, waiting(each.id, known?.uses ?? each.uses, each.pace));
          } else {
            const gone = each.kind === "remove" ? each.id : queue.mostUsed()?.id;
            if (gone === undefined) continue;
            queue.remove(gone);
            model.delete(gone);
          }
          const paces = [...model.values()].map(({ pace }) => pace);
          expect([queue.size, queue.pace]).to.deep.equal([
            model.size,
            paces.length === 0 ? undefined : Math.min(...paces),
          ]);
          expect([...queue]).to.have.deep.members([...model.values()]);
        }
      }),
    );
  });

  it("compares each of a hundred thousand entries a few dozen times, also when they are queued again", () => {
    const count = 100_000;
    let looks = 0;
    const counted = (id: string, uses: number, pace: number): Waiting => ({
      ...waiting(id, uses, pace),
      get uses() {
        looks += 1;
        return uses;
      },
    });
    const queue = new RefillQueue();
    for (let round = 0; round < 3; round += 1) {
      for (let i = 0; i < count; i += 1) queue.add(counted(`${i}`, (i * 7919) % 1_000, 50 + round));
    }
    expect(queue.size).to.equal(count);
    expect(drained(queue)).to.have.length(count);
    // A heap of n entries has log2 n levels, and compares four times at each.
    expect(looks).to.be.below(4 * count * Math.ceil(Math.log2(count)));
  });
});
