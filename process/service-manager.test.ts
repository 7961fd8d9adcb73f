import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { pino } from "pino";
import { ManualClock } from "../test/rig/manual-clock.ts";
import { until } from "../test/rig/until.ts";
import { ServiceManager, watchdogMs } from "./service-manager.ts";
import type { Standing } from "./thread-watch.ts";

// Reads datagrams as a service manager does: the descriptors in them are closed, for which systemd-notify waits.
const RECEIVER = `
import socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
while True:
    datagram = receiver.recv(4096)
    with open(sys.argv[2], "ab") as file: file.write(datagram + b"\\n")
`;
const THIRTY_SECONDS = "30000000";

describe("a program that a service manager started", () => {
  let directory: string;
  let clock: ManualClock;
  let threads: Standing[];
  let logged: string[];

  const received = (): readonly string[] => {
    const file = join(directory, "received");
    return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  };

  /** `sender` stands where systemd-notify would. */
  function manager(
    more: Record<string, string> = {},
    sender = 'echo "$1" >> "$NOTIFY_SOCKET"',
  ): ServiceManager {
    const command = join(directory, "systemd-notify");
    writeFileSync(command, `#!/bin/sh\n${sender}\n`);
    chmodSync(command, 0o755);
    const PATH = `${directory}:${process.env.PATH}`;
    return made({ PATH, NOTIFY_SOCKET: join(directory, "received"), ...more });
  }

  function made(env: Record<string, string>): ServiceManager {
    const log = pino({}, { write: (line) => logged.push(JSON.parse(line).cause ?? JSON.parse(line).msg) });
    return new ServiceManager({ env, log, clock, threads: () => threads });
  }

  beforeEach(function () {
    if (process.platform !== "linux") this.skip();
    directory = mkdtempSync(join(tmpdir(), "edgecache-notify-"));
    clock = new ManualClock();
    [threads, logged] = [[], []];
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it("says that it is ready, what it listens on, and that it stops", async () => {
    const told = manager();
    told.serves("edge-1 listens: http 127.0.0.1:8081");
    told.stops();
    const all = ["STATUS=edge-1 listens: http 127.0.0.1:8081", "READY=1", "STOPPING=1"];
    await until("all is told", () => received().length === all.length);
    expect(received()).to.deep.equal(all);
    expect(clock.waiting, "no watchdog was asked for").to.equal(0);
  });

  it("says three times in the time of the watchdog that it goes on, while its threads serve", async () => {
    threads = ["serves", "absent"];
    manager({ WATCHDOG_USEC: THIRTY_SECONDS, WATCHDOG_PID: String(process.pid) }).serves("");
    const alive = () => received().filter((line) => line === "WATCHDOG=1").length;
    await until("it has said so at once", () => alive() === 1);
    clock.advance(9_999);
    await new Promise(setImmediate);
    clock.advance(1);
    await until("it has said so again", () => alive() === 2);
    expect(logged).to.deep.equal([]);
  });

  it("says nothing while a serving thread hangs, and goes on once it does not", async () => {
    const told = manager({ WATCHDOG_USEC: THIRTY_SECONDS });
    threads = ["serves", "hangs"];
    told.serves("");
    clock.advance(10_000);
    await until("it has looked twice", () => logged.length === 2);
    expect(logged[0]).to.match(/^serving threads do not answer/);
    threads = ["serves", "serves"];
    clock.advance(10_000);
    await until("it goes on", () => received().includes("WATCHDOG=1"));
    expect(received().filter((line) => line === "WATCHDOG=1")).to.have.length(1);
  });

  it("starts another sender when one has ended", async () => {
    const told = manager({}, `echo "$1" >> "$NOTIFY_SOCKET"; case $1 in READY*) kill $PPID;; esac`);
    told.serves("");
    await until("the sender ended", () => logged.length > 0);
    expect(logged).to.deep.equal(["its sender ended with SIGTERM"]);
    told.stops();
    await until("another one has sent", () => received().includes("STOPPING=1"));
  });

  it("says once that systemd-notify is not there", async () => {
    const told = manager({}, "exit 127");
    told.serves("");
    await until("it is said", () => logged.length > 0);
    told.stops();
    expect(logged).to.deep.equal(["systemd-notify is not installed"]);
  });

  it("tells nobody when nobody asked", () => {
    made({ PATH: "/nowhere", WATCHDOG_USEC: THIRTY_SECONDS }).serves("");
    expect([clock.waiting, logged]).to.deep.equal([0, []]);
  });

  it("reaches a real Unix datagram socket by the real systemd-notify", async function () {
    const missing = ["systemd-notify", "python3"].filter(
      (name) => spawnSync(name, ["--version"]).error !== undefined,
    );
    if (missing.length > 0) {
      if (this.test) this.test.title += ` (needs ${missing.join(" and ")})`;
      this.skip();
    }
    const socket = join(directory, "socket");
    const receiver = spawn("python3", ["-c", RECEIVER, socket, join(directory, "received")]);
    try {
      await until("it listens", () => existsSync(socket));
      made({ PATH: process.env.PATH ?? "", NOTIFY_SOCKET: socket }).serves("ready for a real socket");
      // After each message it sends a barrier, and waits until that was read.
      const barriers = () => received().filter((line) => line === "BARRIER=1").length;
      await until("all has come", () => barriers() === 2);
      expect(received()).to.include.members(["STATUS=ready for a real socket", "READY=1"]);
    } finally {
      receiver.kill();
      await once(receiver, "exit");
    }
  });
});

describe("the time of a watchdog", () => {
  it("is that of WATCHDOG_USEC, for the process that it names or the one that started it", () => {
    const env = { WATCHDOG_USEC: THIRTY_SECONDS };
    expect(watchdogMs(env, [7, 6])).to.equal(30_000);
    expect(watchdogMs({ ...env, WATCHDOG_PID: "7" }, [7, 6])).to.equal(30_000);
    expect(watchdogMs({ ...env, WATCHDOG_PID: "6" }, [7, 6])).to.equal(30_000);
    expect(watchdogMs({ ...env, WATCHDOG_PID: "8" }, [7, 6])).to.equal(undefined);
  });

  it("is none where there is no number", () => {
    for (const WATCHDOG_USEC of [undefined, "", "0", "-1", "soon"])
      expect(watchdogMs({ WATCHDOG_USEC }, [7])).to.equal(undefined);
  });
});
