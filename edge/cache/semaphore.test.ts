import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { Failure } from "../../process/failure.ts";
import { Gate } from "../../test/rig/gate.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { Semaphore } from "./semaphore.ts";

describe("a semaphore", () => {
  let clock: ManualClock;

  beforeEach(() => {
    clock = new ManualClock();
  });

  /** "done" when the task ran, else the code of the failure. */
  function codeOf(run: Promise<unknown>): Promise<string> {
    return run.then(
      () => "done",
      (thrown: unknown) => (thrown instanceof Failure ? thrown.code : String(thrown)),
    );
  }

  it("runs no more than its limit at once, and the others in the order in which they came", async () => {
    const semaphore = new Semaphore(2, 100, 1_000, clock);
    const gates = Array.from({ length: 5 }, () => new Gate());
    const begun: number[] = [];
    const tasks = gates.map((gate, i) =>
      semaphore.run(async () => {
        begun.push(i);
        await gate.passed;
      }),
    );
    await turn();
    expect(begun).to.deep.equal([0, 1]);
    expect(semaphore.hasRoom).to.equal(false);
    gates[1]?.open();
    await turn();
    expect(begun).to.deep.equal([0, 1, 2]);
    for (const gate of gates) gate.open();
    await Promise.all(tasks);
    expect(begun).to.deep.equal([0, 1, 2, 3, 4]);
    expect(semaphore.hasRoom).to.equal(true);
  });

  it("lets so many wait, and refuses the next one at once", async () => {
    const semaphore = new Semaphore(1, 2, 1_000, clock);
    const gate = new Gate();
    const runs = Array.from({ length: 4 }, () => semaphore.run(() => gate.passed));
    expect(await codeOf(runs[3] ?? gate.passed)).to.equal("connection_limit_reached");
    gate.open();
    expect(await Promise.all(runs.slice(0, 3).map(codeOf))).to.deep.equal(["done", "done", "done"]);
  });

  it("runs the next one after a failure", async () => {
    const semaphore = new Semaphore(1, 100, 1_000, clock);
    const failing = semaphore.run(() => Promise.reject(new Error("no")));
    const next = semaphore.run(() => Promise.resolve("in"));
    expect(await failing.catch(String)).to.equal("Error: no");
    expect(await next).to.equal("in");
  });

  it("gives up a task that has waited too long, and not a moment before", async () => {
    const semaphore = new Semaphore(1, 100, 1_000, clock);
    const gate = new Gate();
    const running = semaphore.run(() => gate.passed);
    const late = codeOf(semaphore.run(() => Promise.resolve()));
    clock.advance(1);
    const inTime = codeOf(semaphore.run(() => Promise.resolve()));
    clock.advance(999);
    expect(await late).to.equal("connection_limit_reached");
    gate.open();
    expect(await inTime).to.equal("done");
    await running;
    expect(semaphore.hasRoom).to.equal(true);
  });

  it("gives no turn to a client that has left, be it before it waits or while", async () => {
    const semaphore = new Semaphore(1, 100, 1_000, clock);
    const gate = new Gate();
    const running = semaphore.run(() => gate.passed);
    const client = new AbortController();
    let ran = 0;
    const task = async (): Promise<void> => {
      ran += 1;
    };
    const leaving = codeOf(semaphore.run(task, client.signal));
    const staying = codeOf(semaphore.run(task));
    client.abort();
    expect(await leaving).to.equal("client-left");
    expect(await codeOf(semaphore.run(task, client.signal))).to.equal("client-left");
    gate.open();
    expect(await staying).to.equal("done");
    await running;
    expect(ran).to.equal(1);
  });
});
