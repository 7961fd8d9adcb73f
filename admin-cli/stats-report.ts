import type { Counter, StatsRow } from "../proto/json/stats-row.ts";
import { type Cell, stateCell, table } from "./table.ts";
import type { Painter } from "./terminal.ts";

/** One figure of the table. It has a sum if the sum means something. */
interface Figure {
  readonly name: string;
  readonly counter: Counter;
  readonly summed: boolean;
  readonly show: (value: number) => string;
}

const FIGURES: readonly Figure[] = [
  { name: "requests", counter: "requests", summed: true, show: String },
  { name: "  hits", counter: "hits", summed: true, show: String },
  { name: "  misses", counter: "misses", summed: true, show: String },
  { name: "  stale", counter: "stale", summed: true, show: String },
  { name: "  revalidated", counter: "revalidated", summed: true, show: String },
  { name: "  bypass", counter: "bypass", summed: true, show: String },
  { name: "  errors", counter: "errors", summed: true, show: String },
  { name: "fills", counter: "fills", summed: true, show: String },
  { name: "collapsed", counter: "collapsed", summed: true, show: String },
  { name: "objects", counter: "objects", summed: true, show: String },
  { name: "bytes", counter: "bytes", summed: true, show: shownBytes },
  { name: "sent", counter: "bytesSent", summed: true, show: shownBytes },
  { name: "purges", counter: "purges", summed: false, show: String },
  { name: "lag", counter: "lagMs", summed: false, show: (ms) => `${Math.round(ms)} ms` },
  { name: "up", counter: "uptimeMs", summed: false, show: shownSpan },
];

/** One column per edge and one for the fleet, one line per figure; "-" for an edge that did not answer. */
export function statsTable(painter: Painter, rows: readonly StatsRow[]): string {
  const lines: Cell[][] = [
    ["state", ...rows.map((row) => stateCell(row.state))],
    ["position", ...rows.map((row) => row.position)],
    ...FIGURES.map((figure) => figureLine(figure, rows)),
  ];
  const head = ["", ...rows.map((row) => row.edge), "fleet"];
  return table(painter, { head, figures: head.keys().drop(1).toArray() }, lines);
}

function figureLine({ name, counter, summed, show }: Figure, rows: readonly StatsRow[]): Cell[] {
  const values = rows.map((row) => row[counter]);
  const sum = values.reduce<number>((total, value) => total + (value ?? 0), 0);
  return [name, ...values.map((value) => (value === null ? "-" : show(value))), summed ? show(sum) : ""];
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

function shownBytes(bytes: number): string {
  const step = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), BYTE_UNITS.length - 1);
  return `${step === 0 ? bytes : (bytes / 1024 ** step).toFixed(1)} ${BYTE_UNITS[step]}`;
}

/** The two largest units: 42 s, 3 min 20 s, 5 h 3 min, 12 d 4 h. */
function shownSpan(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`;
}
