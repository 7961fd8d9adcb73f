import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { EdgeProcess } from "../rig/edge-process.ts";
import { askForAll } from "./asking-client.ts";
import type { MemoryRow } from "./rows.ts";

/** So much more than fits is asked for: what is evicted must be given back, too. */
const OVERFLOW = 1.5;

/** What an edge process held, in bytes of resident memory, and what it was allowed. */
export interface Filled {
  readonly peakBytes: number;
  readonly requests: number;
}

/** Fills an edge of `memoryBytes` with one kind of response, beyond what it can hold. */
export async function fillAnEdge(row: MemoryRow, memoryBytes: number): Promise<Filled> {
  const requests = Math.ceil((OVERFLOW * memoryBytes) / row.leastCost);
  const body = Buffer.alloc(row.bodyBytes, "x");
  const origin = createServer((request, response) => {
    const n = Number(request.headers["x-number"] ?? 0);
    const lines = `${row.originLines?.(n) ?? ""}Cache-Control: max-age=3600\r\nContent-Length: ${body.length}`;
    response.writeHead(
      200,
      lines.split("\r\n").flatMap((line) => line.split(": ")),
    );
    response.end(body);
  });
  origin.listen(0, "127.0.0.1");
  await once(origin, "listening");
  const { port } = origin.address() as AddressInfo;
  const edge = await EdgeProcess.start({
    id: "edge-1",
    origin: new URL(`http://127.0.0.1:${port}`),
    flags: ["--memory", `${memoryBytes / (1024 * 1024)}MiB`],
  });
  try {
    await askForAll(edge.httpPort, requests, (n) => {
      const target = row.target?.(n) ?? `/${n}`;
      return `GET ${target} HTTP/1.1\r\nHost: a\r\nX-Number: ${n}\r\n${row.clientLines?.(n) ?? ""}\r\n`;
    });
    return { peakBytes: await peakOf(edge.pid), requests };
  } finally {
    await edge.kill();
    origin.closeAllConnections();
    origin.close();
  }
}

/** The most resident memory that a process ever had, as Linux counts it. */
async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(status);
  if (peak === null) throw new Error(`no VmHWM in /proc/${pid}/status`);
  return Number(peak[1]) * 1024;
}
