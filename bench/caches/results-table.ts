import { median } from "../median.ts";

/** What came of a workload on one cache: the medians of its turns, or why there are none. */
export type Result =
  | {
      readonly kind: "measured";
      readonly perSecond: number;
      /** Microseconds of processor time for a request. */
      readonly processorUs: number;
      /** NaN: the client does not tell. */
      readonly p99Ms: number;
      /** How late a client with a constant rate was by itself; NaN: it has none. */
      readonly lateMs: number;
    }
  | { readonly kind: "unable"; readonly why: string };

export type Measured = Extract<Result, { kind: "measured" }>;

const COLUMNS = [
  "load",
  "cache",
  "requests/s",
  "processor us a request",
  "p99 ms",
  "ours / it: requests",
  "ours / it: processor",
  "ours / it: p99",
];

export const HEADER: readonly string[] = [row(COLUMNS), row(COLUMNS.map(() => "---"))];

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

export function medians(all: readonly Measured[]): Measured {
  return {
    kind: "measured",
    perSecond: median(all.map(({ perSecond }) => perSecond)),
    processorUs: median(all.map(({ processorUs }) => processorUs)),
    p99Ms: median(all.map(({ p99Ms }) => p99Ms)),
    lateMs: median(all.map(({ lateMs }) => lateMs)),
  };
}

function figure(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : "";
}

/** The rows of a workload, ours first. */
export function rowsOf(load: string, ours: string, results: ReadonlyMap<string, Result>): readonly string[] {
  const own = results.get(ours);
  return [...results].map(([name, result]) =>
    row([load, name, ...cells(result, name === ours ? undefined : own)]),
  );
}

function cells(result: Result, ours: Result | undefined): readonly string[] {
  switch (result.kind) {
    case "unable":
      return [result.why, "", "", "", "", ""];
    case "measured":
      return [
        figure(result.perSecond, 0),
        figure(result.processorUs, 1),
        figure(result.p99Ms, 2) +
          (Number.isFinite(result.lateMs) ? `, client ${figure(result.lateMs, 2)}` : ""),
        ...ratios(result, ours),
      ];
  }
}

function ratios(theirs: Measured, ours: Result | undefined): readonly string[] {
  if (ours?.kind !== "measured") return ["", "", ""];
  return [
    figure(ours.perSecond / theirs.perSecond, 2),
    figure(ours.processorUs / theirs.processorUs, 2),
    figure(ours.p99Ms / theirs.p99Ms, 2),
  ];
}
