// In seconds. The store answers within a millisecond; most origins within one to three steps of this ladder around 100 ms,
// of which neighbours are at most 2.5 times apart; and 10 s is as long as a request waits for a place at an origin. Each
// bound is a time series for every outcome of every edge, so there are twelve.
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10] as const;

/** The same in milliseconds. */
export const BOUNDS_MS: readonly number[] = BOUNDS.map((seconds) => seconds * 1_000);

/** Of one series: what falls between two bounds, above the last one, and the sum. */
export const HISTOGRAM_CELLS = BOUNDS.length + 2;

/** The cell of the sum, beside those of the buckets. */
export const SUM_CELL = BOUNDS.length + 1;

/** The cell of the bucket for so many seconds. */
export function bucketOf(seconds: number): number {
  let bucket = 0;
  for (const bound of BOUNDS) {
    if (seconds <= bound) return bucket;
    bucket += 1;
  }
  return bucket;
}

export interface HistogramSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** So many as HISTOGRAM_CELLS. */
  readonly cells: readonly number[];
}

/** As Prometheus text: a classic histogram, whose buckets are cumulative. */
export function histogramText(name: string, help: string, series: readonly HistogramSeries[]): string {
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`];
  for (const { labels, cells } of series) {
    const text = Object.entries(labels)
      .map(([label, value]) => `${label}="${escaped(value)}"`)
      .join(",");
    let count = 0;
    [...BOUNDS, "+Inf"].forEach((bound, i) => {
      count += cells[i] ?? 0;
      lines.push(`${name}_bucket{le="${bound}",${text}} ${count}`);
    });
    lines.push(`${name}_sum{${text}} ${cells[SUM_CELL] ?? 0}`, `${name}_count{${text}} ${count}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Prometheus' text format 0.0.4: these three are escaped in the value of a label. */
function escaped(value: string): string {
  return value.replace(/\\/g, "\\\\").replace(/\n/g, "\\n").replace(/"/g, '\\"');
}
