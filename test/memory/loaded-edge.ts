import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { EdgeProcess } from "../rig/edge-process.ts";

const MIB = 2 ** 20;

/** What an edge process held, in bytes. */
export interface Held {
  /** The most resident memory that it ever had. */
  readonly peakBytes: number;
  /** In its store, after the load. */
  readonly storedBytes: number;
}

/** Starts an edge before an origin and puts a load on it. */
export async function heldUnder(
  memoryBytes: number,
  origin: RequestListener,
  load: (port: number) => Promise<void>,
): Promise<Held> {
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
    const storedBytes = await storedOf(edge.adminPort);
    return { peakBytes: await peakOf(edge.pid), storedBytes };
  } finally {
    await edge.kill();
    server.closeAllConnections();
    server.close();
  }
}

async function storedOf(operatorPort: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${operatorPort}/metrics`)).text();
  const bytes = /^edgecache_edge_bytes\{.*\} (\d+)$/m.exec(text);
  if (bytes === null) throw new Error("no edgecache_edge_bytes in /metrics");
  return Number(bytes[1]);
}

/** The most resident memory that a process ever had, as Linux counts it. */
async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(status);
  if (peak === null) throw new Error(`no VmHWM in /proc/${pid}/status`);
  return Number(peak[1]) * 1024;
}
