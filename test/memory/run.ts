// npm run memory -- --memory 256MiB: fills an edge with each kind of response, and prints what it took at most beside
// what it promises.
import { parseArgs } from "node:util";
import { promisedBytes } from "../../edge/cache/memory-watch.ts";
import { fillAnEdge } from "./fill-an-edge.ts";
import { MEMORY_ROWS } from "./rows.ts";

const MIB = 2 ** 20;

const { values } = parseArgs({ options: { memory: { type: "string", default: "256MiB" } } });
const memory = Number.parseInt(values.memory, 10) * MIB;
const promised = promisedBytes(memory);
const row = (name: string, cells: readonly string[]): string =>
  `${name.padEnd(52)}${cells.map((cell) => cell.padStart(12)).join("")}\n`;

process.stdout.write(row(`--memory ${memory / MIB} MiB`, ["requests", "peak MiB", "promised", "ratio"]));
for (const kind of MEMORY_ROWS) {
  const { peakBytes, requests } = await fillAnEdge(kind, memory);
  const cells = [peakBytes / MIB, promised / MIB].map((mib) => mib.toFixed(0));
  process.stdout.write(row(kind.name, [String(requests), ...cells, (peakBytes / promised).toFixed(2)]));
}
