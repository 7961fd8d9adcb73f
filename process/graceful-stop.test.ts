import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { expect } from "chai";

type Child = ChildProcessByStdio<null, Readable, null>;

/**
 * A program that prints "ready"; `stop` is JavaScript, and each look at its clock is `tick` ms after the last. Its start ends
 * as `start` does. Of 5 s that it is to wait, `patience` ms are left.
 */
async function started(
  stop: string,
  tick = 1,
  hangup = "async () => undefined",
  { start = "Promise.resolve()", patience = 60_000 } = {},
): Promise<Child> {
  const program = `
    import { setTimeout as sleep } from "node:timers/promises";
    import { stopOnSignal } from ${JSON.stringify(import.meta.resolve("./graceful-stop.ts"))};
    import { createLog } from ${JSON.stringify(import.meta.resolve("./log.ts"))};
    import { Failure } from ${JSON.stringify(import.meta.resolve("./failure.ts"))};
    let now = 0;
    const print = (word) => process.stdout.write(word);
    const wait = (ms, signal) => sleep(ms === 5_000 ? ${patience} : ms, undefined, { signal });
    process.on("SIGUSR2", () => print("heard"));
    stopOnSignal(${start}, () => ${stop}, createLog("test", "silent"), {
      hangup: ${hangup},
      clock: { monotonic: () => (now += ${tick}), wait },
    });
    setInterval(() => {}, 60_000);
    print("ready");`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

const NEVER_STOPS = `new Promise(() => print("stopping"))`;

describe("stopping on a signal", () => {
  let child: Child;
  afterEach(() => child.kill("SIGKILL"));

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`exits with 0 after ${signal} once everything has stopped`, async () => {
      child = await started("Promise.resolve()");
      child.kill(signal);
      expect(await once(child, "exit")).to.deep.equal([0, null]);
    });
  }

  it("reads again what may change after SIGHUP, when it is a server, and goes on", async () => {
    child = await started("Promise.resolve()", 1, '() => print("read")');
    child.kill("SIGHUP");
    expect(String((await once(child.stdout, "data"))[0])).to.equal("read");
    child.kill("SIGTERM");
    expect(await once(child, "exit")).to.deep.equal([0, null]);
  });

  it("goes on when what it reads again is wrong", async () => {
    const wrong = `() => { throw new Failure("bad-config", "config", "wrong"); }`;
    child = await started("Promise.resolve()", 1, wrong);
    child.kill("SIGHUP");
    // Handled after the signal before it: the program still lives then.
    child.kill("SIGUSR2");
    expect(String((await once(child.stdout, "data"))[0])).to.equal("heard");
    child.kill("SIGTERM");
    expect(await once(child, "exit")).to.deep.equal([0, null]);
  });

  it("exits with 0 after SIGHUP, when it belongs to the terminal that is gone", async () => {
    child = await started("Promise.resolve()", 1, '"stops"');
    child.kill("SIGHUP");
    expect(await once(child, "exit")).to.deep.equal([0, null]);
  });

  it("lets the program start before it stops it", async () => {
    // It has started once it has heard the second signal.
    const start = 'new Promise((resolve) => process.on("SIGUSR2", resolve))';
    child = await started('print("stopped")', 1, undefined, { start });
    child.kill("SIGTERM");
    child.kill("SIGUSR2");
    expect(String((await once(child.stdout, "data"))[0])).to.match(/^heard/);
    expect(await once(child, "exit")).to.deep.equal([0, null]);
  });

  it("does not wait for ever for a start", async () => {
    child = await started(NEVER_STOPS, 1, undefined, { start: "new Promise(() => undefined)", patience: 1 });
    child.kill("SIGTERM");
    expect(await once(child, "exit")).to.deep.equal([0, null]);
  });

  it("leaves a start that fails to whoever began it", async () => {
    const start = 'new Promise((_, reject) => process.on("SIGUSR2", () => reject(new Error("no"))))';
    child = await started(NEVER_STOPS, 1000, undefined, { start });
    child.kill("SIGTERM");
    child.kill("SIGUSR2");
    expect(String((await once(child.stdout, "data"))[0])).to.equal("heard");
    child.kill("SIGTERM");
    expect(await once(child, "exit")).to.deep.equal([130, null]);
  });

  it("exits with 1 when stopping fails", async () => {
    child = await started(`Promise.reject(new Error("stuck"))`);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).to.deep.equal([1, null]);
  });

  it("exits at once with 130 at a second signal while stopping takes for ever", async () => {
    child = await started(NEVER_STOPS, 1000);
    child.kill("SIGINT");
    await once(child.stdout, "data");
    child.kill("SIGINT");
    expect(await once(child, "exit")).to.deep.equal([130, null]);
  });

  it("takes two signals of one moment for one, as npm doubles Ctrl-C", async () => {
    child = await started(NEVER_STOPS, 1);
    child.kill("SIGINT");
    await once(child.stdout, "data");
    child.kill("SIGINT");
    // Handled after the signal before it: the program still lives then.
    child.kill("SIGUSR2");
    expect(String(await once(child.stdout, "data"))).to.equal("heard");
  });
});
