import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { pino } from "pino";
import { ManualClock } from "../test/rig/manual-clock.ts";
import { until } from "../test/rig/until.ts";
import { KeptThread, standings } from "./kept-thread.ts";

const RESTART_MS = 250;

// Listens, and beats only when it is told to.
const BEATING = `
  const { parentPort, workerData: beats } = require("node:worker_threads");
  parentPort.on("message", ({ kind }) => {
    if (kind === "beat") Atomics.add(beats, 0, 1);
    if (kind === "end") process.exit();
    parentPort.postMessage({ kind: kind === "close" ? "closed" : "told", of: kind });
  });
  parentPort.postMessage({ kind: "listens" });
`;

describe("a serving thread that is kept", () => {
  let clock: ManualClock;
  let spawned: Worker[];
  let said: string[];
  let gone: number;
  let logged: string[];
  let thread: KeptThread<{ kind: "told"; of: string }, { kind: string }>;

  function kept(code: string): typeof thread {
    clock = new ManualClock();
    [spawned, said, gone, logged] = [[], [], 0, []];
    const log = pino({}, { write: (line) => logged.push(JSON.parse(line).msg) });
    thread = new KeptThread({
      number: 1,
      log,
      clock,
      spawn: (beats) => {
        const worker = new Worker(code, { eval: true, workerData: beats });
        spawned.push(worker);
        return { worker, take: ({ of }) => said.push(of), gone: () => (gone += 1) };
      },
    });
    return thread;
  }

  const current = (): Worker => {
    const worker = spawned.at(-1);
    if (worker === undefined) throw new Error("no thread was started");
    return worker;
  };

  afterEach(async () => {
    const closing = thread.close({ kind: "close" }, 1_000);
    clock.advance(1_000);
    await closing;
    for (const worker of spawned) await worker.terminate();
  });

  it("takes messages, and closes when it is asked to", async () => {
    await kept(BEATING).open();
    thread.send({ kind: "hello" });
    await until("it has answered", () => said.includes("hello"));
    await thread.close({ kind: "close" }, 10_000);
    expect([thread.runs, gone, spawned.length]).to.deep.equal([false, 1, 1]);
  });

  it("is replaced a quarter of a second after it has ended, and not once it is closed", async () => {
    await kept(BEATING).open();
    const ended = once(current(), "exit");
    thread.send({ kind: "end" });
    await ended;
    expect([thread.runs, gone]).to.deep.equal([false, 1]);
    clock.advance(RESTART_MS - 1);
    expect(spawned.length).to.equal(1);
    clock.advance(1);
    await until("another one takes its place", () => spawned.length === 2 && thread.runs);
    expect(logged).to.include("serving thread ended: another one takes its place");
  });

  it("is ended when it has not beaten for a hundred looks, and not while it beats", async () => {
    await kept(BEATING).open();
    const look = async (): Promise<void> => {
      clock.advance(50);
      await new Promise(setImmediate);
    };
    for (let looks = 0; looks < 90; looks += 1) await look();
    thread.send({ kind: "beat" });
    await until("it has beaten", () => said.includes("beat"));
    for (let looks = 0; looks < 100; looks += 1) await look();
    expect([thread.runs, logged.length]).to.deep.equal([true, 0]);
    const ended = once(current(), "exit");
    await look();
    await look();
    await ended;
    expect(logged).to.include("serving thread hangs: it is replaced");
  });

  it("is among the threads of this process from when it is opened until it is closed, with what it does", async () => {
    const opening = kept(BEATING).open();
    expect(standings()).to.deep.equal(["absent"]);
    await opening;
    expect(standings()).to.deep.equal(["serves"]);
    const ended = once(current(), "exit");
    thread.send({ kind: "end" });
    await ended;
    expect(standings()).to.deep.equal(["absent"]);
    await thread.close({ kind: "close" }, 1_000);
    expect(standings()).to.deep.equal([]);
  });

  it("hangs for as long as it cannot be ended", async () => {
    const directory = mkdtempSync(join(tmpdir(), "edgecache-hang-"));
    const pipe = join(directory, "pipe");
    execFileSync("mkfifo", [pipe]);
    // A thread inside of a call to the system ends when the call does.
    await kept(`
      const { parentPort } = require("node:worker_threads");
      parentPort.on("message", () => {
        parentPort.postMessage({ kind: "told", of: "reads" });
        require("node:fs").readFileSync(${JSON.stringify(pipe)});
      });
      parentPort.postMessage({ kind: "listens" });
    `).open();
    thread.send({ kind: "read" });
    await until("it reads", () => said.includes("reads"));
    for (let looks = 0; looks < 110; looks += 1) {
      clock.advance(50);
      await new Promise(setImmediate);
    }
    expect(standings()).to.deep.equal(["hangs"]);
    const ended = once(current(), "exit");
    await writeFile(pipe, "");
    await ended;
    expect(standings()).to.deep.equal(["absent"]);
    rmSync(directory, { recursive: true });
  });

  it("is ended when it hangs while it closes, long before the time that it has", async () => {
    await kept(`
      const { parentPort } = require("node:worker_threads");
      parentPort.on("message", () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
      parentPort.postMessage({ kind: "listens" });
    `).open();
    const ended = once(current(), "exit");
    const closing = thread.close({ kind: "close" }, 3_600_000);
    for (let looks = 0; looks < 110; looks += 1) {
      clock.advance(50);
      await new Promise(setImmediate);
    }
    await Promise.all([ended, closing]);
    expect([logged, spawned.length]).to.deep.equal([["serving thread hangs: it is ended"], 1]);
  });

  it("is closed when it ends by itself meanwhile, and no other takes its place", async () => {
    await kept(`
      const { parentPort } = require("node:worker_threads");
      parentPort.on("message", () => process.exit());
      parentPort.postMessage({ kind: "listens" });
    `).open();
    await thread.close({ kind: "close" }, 3_600_000);
    clock.advance(RESTART_MS);
    await new Promise(setImmediate);
    expect([thread.runs, spawned.length, logged]).to.deep.equal([false, 1, []]);
  });

  it("says nothing when it is closed before it listens again", async () => {
    await kept(BEATING).open();
    thread.send({ kind: "end" });
    await once(current(), "exit");
    clock.advance(RESTART_MS);
    await until("another one takes its place", () => spawned.length === 2);
    const ended = once(current(), "exit");
    await thread.close({ kind: "close" }, 1_000);
    await ended;
    await new Promise(setImmediate);
    expect(logged).to.deep.equal(["serving thread ended: another one takes its place"]);
  });

  it("may take as long as it needs to start", async () => {
    const opening = kept(`
      const { parentPort } = require("node:worker_threads");
      parentPort.on("message", () => parentPort.postMessage({ kind: "listens" }));
    `).open();
    for (let looks = 0; looks < 500; looks += 1) {
      clock.advance(50);
      await new Promise(setImmediate);
    }
    thread.send({ kind: "go on" });
    await opening;
    expect(logged).to.deep.equal([]);
  });

  for (const [what, code] of [
    ["ends before it listens", "process.exit()"],
    ["fails before it listens", "throw new Error('broken')"],
    [
      "cannot have its port",
      `require("node:worker_threads").parentPort.postMessage({ kind: "cannot-listen", code: "port-in-use", message: "in use" }); setInterval(() => undefined, 1_000)`,
    ],
  ] as const) {
    it(`says so to whoever opens it when it ${what}`, async () => {
      const thrown = await kept(code)
        .open()
        .then(
          () => "it listens",
          (error: Error) => error.message,
        );
      expect(thrown).to.match(/ended before it listened|broken|in use/);
    });
  }
});
