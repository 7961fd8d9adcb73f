import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { EdgeProcess } from "../rig/edge-process.ts";
import { NodeProgram } from "../rig/node-program.ts";
import { until } from "../rig/until.ts";

// In microseconds, as systemd gives it: short, so that the second message comes soon.
const WATCHDOG_USEC = "300000";

describe("a service manager", () => {
  const directory = mkdtempSync(join(tmpdir(), "edgecache-service-"));
  const messages = join(directory, "messages");
  // It stands where systemd-notify would, which no test machine needs to have.
  const command = join(directory, "systemd-notify");
  const env = {
    PATH: `${directory}:${process.env.PATH}`,
    NOTIFY_SOCKET: messages,
    WATCHDOG_USEC,
  };
  const heard = (line: string): number =>
    existsSync(messages)
      ? readFileSync(messages, "utf8")
          .split("\n")
          .filter((each) => each === line).length
      : 0;

  before(function () {
    if (process.platform !== "linux") this.skip();
    writeFileSync(command, '#!/bin/sh\necho "$1" >> "$NOTIFY_SOCKET"\n');
    chmodSync(command, 0o755);
  });
  beforeEach(() => rmSync(messages, { force: true }));
  after(() => rmSync(directory, { recursive: true, force: true }));

  for (const workers of ["1", "2"]) {
    it(`hears that an edge with --workers ${workers} is ready, goes on and stops`, async () => {
      const flags = ["--workers", workers, "--drain", "0"];
      const edge = await EdgeProcess.start({ id: "edge-1", origin: "assets", flags, env });
      try {
        await until("it goes on", () => heard("WATCHDOG=1") >= 2);
        expect(heard("READY=1")).to.equal(1);
        expect(readFileSync(messages, "utf8")).to.contain(
          `STATUS=edge-1 listens: http 127.0.0.1:${edge.httpPort}`,
        );
        expect(await edge.close()).to.equal(0);
        await until("it is told of the end", () => heard("STOPPING=1") === 1);
      } finally {
        await edge.kill();
      }
    });
  }

  it("hears that a router is ready, goes on and stops", async () => {
    const { program } = await NodeProgram.start({
      name: "router",
      command: [
        "router/main.ts",
        "--port",
        "0",
        "--admin-port",
        "0",
        "--edges",
        "127.0.0.1:1",
        "--workers",
        "2",
      ],
      ready: /router listening/,
      env,
    });
    try {
      await until("it goes on", () => heard("WATCHDOG=1") >= 2);
      expect(heard("READY=1")).to.equal(1);
      expect(await program.end("SIGTERM")).to.equal(0);
      await until("it is told of the end", () => heard("STOPPING=1") === 1);
    } finally {
      await program.end("SIGKILL");
    }
  });

  it("hears nothing of an edge that does not start", async () => {
    const start = EdgeProcess.start({ id: "edge-1", origin: "/no/such/directory", env });
    const said = await start.then(
      () => "it runs",
      (error: Error) => error.message,
    );
    expect(said).to.contain("/no/such/directory");
    expect(existsSync(messages)).to.equal(false);
  });
});
