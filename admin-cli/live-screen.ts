import { printable } from "../process/printable.ts";
import type { StatsRow } from "../proto/json/stats-row.ts";
import { sparkline } from "./sparkline.ts";
import { stateCell } from "./table.ts";
import type { Painter } from "./terminal.ts";

// Two minutes: as much as a wide screen has columns for.
const KEPT_REPORTS = 120;

// Ids are longer than this only where nobody would type them.
const NAME_COLUMNS = 12;
const STATE_COLUMNS = 11;
// Nine digits with their commas.
const FIGURE_COLUMNS = 12;
const GAP = "  ";

/** The size of a screen in characters. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** What happened at one edge, or at all of them, between two reports. */
interface Rates {
  readonly requests: number;
  readonly hits: number;
  /** Responses that were begun to be fetched or validated. */
  readonly fills: number;
  readonly errors: number;
}

/** The live screen of `stats --watch`: what happens each second at the fleet and at each edge. */
export class LiveScreen {
  #reports: (readonly StatsRow[])[] = [];

  take(rows: readonly StatsRow[]): void {
    this.#reports = [...this.#reports, rows].slice(-KEPT_REPORTS);
  }

  /** Lines that fit the screen, whatever its size, without a line break at the end. */
  lines(painter: Painter, { columns, rows }: ScreenSize): readonly string[] {
    const now = this.#reports.at(-1) ?? [];
    const fleet = this.#rates(now.map(({ edge }) => edge));
    const [latest] = fleet.slice(-1);
    const bars = columns - NAME_COLUMNS - FIGURE_COLUMNS - GAP.length;
    const of = (name: string, figure: string, history: readonly (number | null)[]) => {
      const words = `${name.padEnd(NAME_COLUMNS)}${figure.padStart(FIGURE_COLUMNS)}`;
      return fitted(`${words}${GAP}${sparkline(history, bars)}`, columns);
    };
    const head = [
      of("requests/s", whole(latest?.requests), fleet.map(by("requests"))),
      of("hits", percent(latest), fleet.map(shareOf)),
      of("fills/s", whole(latest?.fills), fleet.map(by("fills"))),
      of("errors/s", whole(latest?.errors), fleet.map(by("errors"))),
      "",
    ];
    const room = Math.max(1, rows - head.length - 2);
    const shown = now.length > room ? now.slice(0, room - 1) : now;
    const edges = shown.map((row) => this.#edgeLine(row, painter, columns));
    const more = now.length - shown.length;
    return [...head, ...edges, ...(more === 0 ? [] : [fitted(`and ${more} more edges`, columns)])];
  }

  #edgeLine({ edge, state }: StatsRow, painter: Painter, columns: number): string {
    const history = this.#rates([edge]);
    const [latest] = history.slice(-1);
    const name = clipped(printable(edge), NAME_COLUMNS - 1).padEnd(NAME_COLUMNS);
    const cell = stateCell(state);
    const word = clipped(printable(typeof cell === "string" ? cell : cell.text), STATE_COLUMNS);
    const figures = `${`${whole(latest?.requests)}/s`.padStart(10)}${percent(latest).padStart(7)}`;
    const used = NAME_COLUMNS + STATE_COLUMNS + 1 + figures.length + 2;
    const bars = sparkline(history.map(by("requests")), columns - used);
    const plain = `${name}${word.padEnd(STATE_COLUMNS + 1)}${figures}  ${bars}`;
    if (typeof cell === "string" || plain.length > columns) return fitted(plain, columns);
    return `${name}${painter.paint(cell.colour, word)}${plain.slice(name.length + word.length)}`;
  }

  /** Of these edges together, from each report to the next; null where none of them was heard twice. */
  #rates(edges: readonly string[]): readonly (Rates | null)[] {
    return this.#reports.slice(1).map((rows, index) => {
      const before = new Map(this.#reports[index]?.map((row) => [row.edge, row]));
      const each = rows
        .filter(({ edge }) => edges.includes(edge))
        .map((row) => rateOf(before.get(row.edge), row))
        .filter((rates) => rates !== undefined);
      if (each.length === 0) return null;
      return ratesOf((name) => each.reduce((total, rates) => total + rates[name], 0));
    });
  }
}

/** A second of an edge; undefined when it did not report, or has started anew in between. */
function rateOf(before: StatsRow | undefined, now: StatsRow): Rates | undefined {
  const seconds = ((now.uptimeMs ?? 0) - (before?.uptimeMs ?? Number.POSITIVE_INFINITY)) / 1000;
  if (before === undefined || !(seconds > 0)) return undefined;
  const rate = (name: keyof Rates) => Math.max(0, ((now[name] ?? 0) - (before[name] ?? 0)) / seconds);
  return ratesOf(rate);
}

function ratesOf(figure: (name: keyof Rates) => number): Rates {
  return {
    requests: figure("requests"),
    hits: figure("hits"),
    fills: figure("fills"),
    errors: figure("errors"),
  };
}

function by(name: keyof Rates): (rates: Rates | null) => number | null {
  return (rates) => rates?.[name] ?? null;
}

function shareOf(rates: Rates | null): number | null {
  return rates === null || rates.requests === 0 ? null : rates.hits / rates.requests;
}

function percent(rates: Rates | null | undefined): string {
  const share = shareOf(rates ?? null);
  return share === null ? "-" : `${Math.floor(share * 100)} %`;
}

function whole(figure: number | undefined): string {
  return figure === undefined ? "-" : Math.round(figure).toLocaleString("en-US");
}

function clipped(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
}

function fitted(line: string, columns: number): string {
  return line.trimEnd().slice(0, columns);
}
