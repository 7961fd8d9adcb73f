import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { ManualClock } from "../test/rig/manual-clock.ts";
import { logTo } from "./log.ts";
import { LogWriter } from "./log-writer.ts";

const LINES = 20_000;

/** Logs `LINES` lines of 100 characters, says so, and tells how many were dropped each time it is asked. */
const PROGRAM = `
  import { createLog, droppedLogLines } from ${JSON.stringify(import.meta.resolve("./log.ts"))};
  const log = createLog("test", "info");
  for (let i = 0; i < ${LINES}; i++) log.info("x".repeat(100));
  process.on("message", () => process.send(droppedLogLines()));
  process.send("logged");`;

function start(stderr: "pipe" | number, stdout: "ignore" | number = "ignore"): ChildProcess {
  return spawn(process.execPath, ["--input-type=module", "--eval", PROGRAM], {
    stdio: ["ignore", stdout, stderr, "ipc"],
  });
}

async function dropped(child: ChildProcess): Promise<number> {
  child.send("how many");
  const [count] = await once(child, "message");
  return count;
}

describe("a program's log", () => {
  let child: ChildProcess;
  afterEach(() => child?.kill("SIGKILL"));

  it("is written as one JSON line each", async () => {
    const lines: string[] = [];
    const log = logTo(new LogWriter((bytes) => lines.push(Buffer.from(bytes).toString())), {
      program: "edge",
      level: "info",
      clock: new ManualClock(),
    });
    log.info({ a: 1 }, "said");
    expect(JSON.parse(lines.join())).to.include({ level: 30, program: "edge", a: 1, msg: "said" });
  });

  it("has at most two lines a second of a kind that is sampled, and every other line", async () => {
    const lines: { msg: string; n?: number; times?: number; sampled?: string }[] = [];
    const clock = new ManualClock();
    const writer = new LogWriter((bytes, done) => {
      lines.push(JSON.parse(Buffer.from(bytes).toString()));
      done(true);
    });
    const log = logTo(writer, { program: "edge", level: "info", clock });
    for (let n = 1; n <= 1000; n++) log.info({ sampled: "404", n }, "refused");
    for (let n = 1; n <= 3; n++) log.info({ n }, "said");
    await turn();
    clock.advance(1000);
    await turn();
    expect(lines.map(({ msg, n, times, sampled }) => [msg, n, times, sampled])).to.deep.equal([
      ["refused", 1, undefined, undefined],
      ["said", 1, undefined, undefined],
      ["said", 2, undefined, undefined],
      ["said", 3, undefined, undefined],
      ["refused", 1000, 999, undefined],
    ]);
  });

  it("does not end the program when the disk is full", async () => {
    const full = openSync("/dev/full", "w");
    child = start(full, full);
    await once(child, "message");
    expect(await dropped(child)).to.equal(LINES);
  });

  it("does not hold the program up when nobody reads it; then it tells what was dropped", async () => {
    child = start("pipe");
    await once(child, "message");
    const lost = await dropped(child);
    // What waits is bounded by bytes: 1 MiB is less than half of what was logged.
    expect(lost).to.be.within(LINES / 2, LINES - 1);
    const lines = lineWith(child.stderr as Readable, "dropped");
    expect(JSON.parse(await lines)).to.include({ lines: lost, msg: "log lines were dropped" });
    expect(await dropped(child)).to.equal(lost);
  });

  it("does not end the program when its reader has left", async () => {
    child = start("pipe");
    child.stderr?.destroy();
    await once(child, "message");
    expect(await dropped(child)).to.be.greaterThan(0);
  });

  it("is whole when it is read", async () => {
    child = start("pipe");
    const read = text(child.stderr as Readable);
    await once(child, "message");
    child.disconnect();
    const lines = (await read).trimEnd().split("\n");
    for (const line of lines) JSON.parse(line);
  });
});

/** The first line with this word. */
async function lineWith(stream: Readable, word: string): Promise<string> {
  let tail = "";
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    const lines = `${tail}${chunk}`.split("\n");
    tail = lines.pop() ?? "";
    const found = lines.find((line) => line.includes(word));
    if (found !== undefined) return found;
  }
  throw new Error(`no line has "${word}"`);
}
