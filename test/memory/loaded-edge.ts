import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { EdgeProcess } from "../rig/edge-process.ts";

const MIB = 2 ** 20;

/** Starts an edge before an origin, puts a load on it, and resolves with the most resident bytes that it had. */
export async function peakUnder(
  memoryBytes: number,
  origin: RequestListener,
  load: (port: number) => Promise<void>,
): Promise<number> {
  const server = createServer(origin);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const edge = await EdgeProcess.start({
    id: "edge-1",
    origin: new URL(`http://127.0.0.1:${port}`),
    flags: ["--memory", `${memoryBytes / MIB}MiB`],
  });
  try {
    await load(edge.httpPort);
    return await peakOf(edge.pid);
  } finally {
    await edge.kill();
    server.closeAllConnections();
    server.close();
  }
}

/** The most resident memory that a process ever had, as Linux counts it. */
async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(status);
  if (peak === null) throw new Error(`no VmHWM in /proc/${pid}/status`);
  return Number(peak[1]) * 1024;
}
