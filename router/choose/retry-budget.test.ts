import { expect } from "chai";
import fc from "fast-check";
import { RetryBudget } from "./retry-budget.ts";

function taken(budget: RetryBudget, asked: number, now: number): number {
  let granted = 0;
  for (let i = 0; i < asked; i += 1) granted += budget.take(now) ? 1 : 0;
  return granted;
}

describe("the retry budget", () => {
  it("lets single failures through before there has been any traffic", () => {
    expect(taken(new RetryBudget(0), 1000, 0)).to.equal(100);
  });

  it("lets ten a second through for ever, however little the traffic", () => {
    const budget = new RetryBudget(0);
    taken(budget, 1000, 0);
    for (let second = 1; second <= 60; second += 1) expect(taken(budget, 1000, second * 1000)).to.equal(10);
  });

  it("lets one more try for every five requests through when every edge fails everything", () => {
    const budget = new RetryBudget(0);
    taken(budget, 100, 0);
    let retries = 0;
    for (let i = 0; i < 10_000; i += 1) {
      budget.request();
      if (budget.take(0)) retries += 1;
    }
    expect(retries).to.be.within(1998, 2001);
  });

  it("lets everything that was under way at a busy edge turn to the next when it dies", () => {
    const budget = new RetryBudget(0);
    for (let i = 0; i < 50_000; i += 1) budget.request();
    expect(taken(budget, 10_000, 0)).to.equal(4096);
  });

  it("never grants more than its bound, in whatever order things happen", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("requests" as const), count: fc.nat(500) }),
      fc.record({ kind: fc.constant("tries" as const), count: fc.nat(500) }),
      fc.record({ kind: fc.constant("time" as const), count: fc.nat(5000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const budget = new RetryBudget(0);
        const sum = { requests: 0, tries: 0, time: 0 };
        for (const { kind, count } of steps) {
          if (kind === "time") sum.time += count;
          for (let i = 0; kind === "requests" && i < count; i += 1) budget.request();
          if (kind === "requests") sum.requests += count;
          if (kind === "tries") sum.tries += taken(budget, count, sum.time);
          expect(sum.tries).to.be.at.most(100.5 + sum.requests * 0.2 + sum.time / 100);
        }
      }),
    );
  });
});
