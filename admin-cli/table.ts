import Table from "cli-table3";
import { printable } from "../process/printable.ts";
import type { Colour, Painter } from "./terminal.ts";

/** One cell: any text, made printable, with an optional colour. */
export type Cell = string | { readonly text: string; readonly colour: Colour };

export interface TableLayout {
  readonly head?: readonly string[];
  /** The columns (from 0) that are aligned right, because they hold figures. */
  readonly figures?: readonly number[];
}

// Only blanks between columns, so that a copied table stays readable.
const NO_LINES = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

/** Aligned columns, one line per row. Each line ends in a line break. */
export function table(painter: Painter, layout: TableLayout, rows: readonly (readonly Cell[])[]): string {
  const lines = layout.head === undefined ? rows : [layout.head.map(asHead), ...rows];
  if (lines.length === 0) return "";
  const columns = Math.max(...lines.map((line) => line.length));
  const grid = new Table({
    chars: NO_LINES,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [], compact: true },
    colAligns: Array.from({ length: columns }, (_, i) => (layout.figures?.includes(i) ? "right" : "left")),
  });
  for (const line of lines) grid.push(line.map((cell) => shown(painter, cell)));
  return `${grid
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")}\n`;
}

/** The state of an edge or a receipt in its colour; `text` replaces the state's own word. */
export function stateCell(state: string, text = state): Cell {
  return { text, colour: STATE_COLOURS[state] ?? "yellow" };
}

const STATE_COLOURS: Readonly<Record<string, Colour>> = {
  serving: "green",
  lapsed: "yellow",
  draining: "yellow",
  unreachable: "red",
  applied: "green",
  fenced: "yellow",
  pending: "red",
};

function asHead(text: string): Cell {
  return { text, colour: "dim" };
}

function shown(painter: Painter, cell: Cell): string {
  return typeof cell === "string" ? printable(cell) : painter.paint(cell.colour, printable(cell.text));
}
