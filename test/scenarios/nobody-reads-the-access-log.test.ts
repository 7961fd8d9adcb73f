import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { RawConnection } from "../rig/raw-connection.ts";
import { until } from "../rig/until.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
// With lines of more than 3 KiB that is half as much again as may wait.
const REQUESTS = 2_000;
const QUERY = "q".repeat(3 * 1024);

describe("an edge whose standard output nobody reads", function () {
  this.timeout(60_000);

  let folder: string;
  let edge: ChildProcess;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "edgecache-access-"));
    writeFileSync(join(folder, "page"), "page");
    const ports = ["--port", "0", "--grpc-port", "0", "--admin-port", "0"];
    const log = ["--access-log", "stdout", "--log-level", "silent", "--drain", "0"];
    edge = spawn(process.execPath, ["edge/main.ts", "--origin", folder, ...ports, ...log], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
    });
  });
  afterEach(async () => {
    if (edge.exitCode === null && edge.kill("SIGKILL")) await once(edge, "exit");
    rmSync(folder, { recursive: true });
  });

  it("answers all requests, drops lines and counts them", async () => {
    const { front, operator } = await listening(edge.stderr as Readable);
    const client = await RawConnection.open(front);
    for (let n = 0; n < REQUESTS; n++) {
      client.send(`GET /page?${n}${QUERY} HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect((await client.reply()).status).to.equal(200);
    }
    client.destroy();
    const dropped = async () => {
      const metrics = await (await fetch(`${operator}/metrics`)).text();
      return Number(/^edgecache_edge_access_log_dropped_total\{.*\} (\d+)$/m.exec(metrics)?.[1]);
    };
    await until("lines are dropped", async () => (await dropped()) > 0);
    let lines = 0;
    createInterface(edge.stdout as Readable).on("line", (line) => {
      expect(JSON.parse(line)).to.include({ status: 200, method: "GET" });
      lines += 1;
    });
    await until("each line came or is counted", async () => lines + (await dropped()) === REQUESTS);
    expect(lines).to.be.greaterThan(REQUESTS / 4);
  });
});

/** The URLs at which it says that it listens. */
async function listening(stderr: Readable): Promise<{ readonly front: string; readonly operator: string }> {
  for await (const line of createInterface(stderr)) {
    const [, http, admin] = /listens: http (\S+),.* operator (\S+)/.exec(line) ?? [];
    if (http !== undefined) return { front: `http://${http}`, operator: `http://${admin}` };
  }
  throw new Error("it does not listen");
}
