import { askForAll } from "./asking-client.ts";
import { type Held, heldUnder } from "./loaded-edge.ts";
import type { MemoryRow } from "./rows.ts";

/** So much more than fits is asked for: what is evicted must be given back, too. */
const OVERFLOW = 1.5;

export interface Filled extends Held {
  readonly requests: number;
}

/** Fills an edge of `memoryBytes` with one kind of response, beyond what it can hold. */
export async function fillAnEdge(row: MemoryRow, memoryBytes: number): Promise<Filled> {
  const requests = Math.ceil((OVERFLOW * memoryBytes) / row.leastCost);
  const body = Buffer.alloc(row.bodyBytes, "x");
  const held = await heldUnder(
    memoryBytes,
    (request, response) => {
      const n = Number(request.headers["x-number"] ?? 0);
      const lines = `${row.originLines?.(n) ?? ""}Cache-Control: max-age=3600\r\nContent-Length: ${body.length}`;
      response.writeHead(
        200,
        lines.split("\r\n").flatMap((line) => line.split(": ")),
      );
      response.end(body);
    },
    (port) =>
      askForAll(port, requests, (n) => {
        const target = row.target?.(n) ?? `/${n}`;
        return `GET ${target} HTTP/1.1\r\nHost: a\r\nX-Number: ${n}\r\n${row.clientLines?.(n) ?? ""}\r\n`;
      }),
  );
  return { ...held, requests };
}
