import type { Latencies } from "./latencies.ts";
import type { Policy } from "./policy.ts";
import { PERFECT } from "./rival-policies.ts";
import type { Round } from "./tournament.ts";

const COLUMNS = ["scenario", "policy", "requests", "mean", "p50", "p95", "p99", "mean ×", "p95 ×", "lost"];

/** Milliseconds, and how many times the mean and the 95th percentile of perfect knowledge. */
export function resultTable(rounds: readonly Round[], policies: readonly Policy[]): string {
  const perfectAt = policies.indexOf(PERFECT);
  const rows = rounds.flatMap(({ scenario, results }) =>
    results.map((result, index) => [
      index === 0 ? scenario : "",
      policies[index]?.name ?? "",
      ...figures(result, results[perfectAt] ?? result),
    ]),
  );
  const widths = COLUMNS.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      // The first two columns are words.
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return `${[COLUMNS, ...rows].map(line).join("\n")}\n`;
}

function figures(result: Latencies, perfect: Latencies): string[] {
  return [
    String(result.count),
    result.meanMs.toFixed(1),
    ...[0.5, 0.95, 0.99].map((share) => result.quantileMs(share).toFixed(1)),
    (result.meanMs / perfect.meanMs).toFixed(2),
    (result.quantileMs(0.95) / perfect.quantileMs(0.95)).toFixed(2),
    String(result.lost),
  ];
}
