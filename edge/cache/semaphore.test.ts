import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { Gate } from "../../test/rig/gate.ts";
import { Turnstile } from "./semaphore.ts";

describe("a turnstile", () => {
  it("lets no more than its limit in at once, and the others in the order in which they came", async () => {
    const turnstile = new Turnstile(2);
    const gates = Array.from({ length: 5 }, () => new Gate());
    const entered: number[] = [];
    const tasks = gates.map((gate, i) =>
      turnstile.pass(async () => {
        entered.push(i);
        await gate.passed;
      }),
    );
    await turn();
    expect(entered).to.deep.equal([0, 1]);
    expect(turnstile.hasRoom).to.equal(false);
    gates[1]?.open();
    await turn();
    expect(entered).to.deep.equal([0, 1, 2]);
    for (const gate of gates) gate.open();
    await Promise.all(tasks);
    expect(entered).to.deep.equal([0, 1, 2, 3, 4]);
    expect(turnstile.hasRoom).to.equal(true);
  });

  it("lets the next one in after a failure", async () => {
    const turnstile = new Turnstile(1);
    const failing = turnstile.pass(() => Promise.reject(new Error("no")));
    const next = turnstile.pass(() => Promise.resolve("in"));
    expect(await failing.catch(String)).to.equal("Error: no");
    expect(await next).to.equal("in");
  });
});
