import type { ChaosReport } from "./chaos.ts";
import type { Violation } from "./history.ts";

// The history of a page is long, and one of each rule is mostly enough to see what went wrong.
const SHOWN_OF_A_RULE = 2;

/** The result of a run for people: a few lines, then the history of each violation. */
export function chaosText(report: ChaosReport): string {
  const { seed, seconds, leaseMs, violations, originRequests } = report;
  const recoveries = [...report.recoveriesMs].sort((a, b) => a - b);
  const p50 = recoveries[Math.floor(recoveries.length / 2)] ?? 0;
  const lines = [
    `chaos       seed ${seed}, ${seconds.toFixed(0)} s, three edges, lease ${leaseMs} ms`,
    `faults      ${counted(report.faults)}`,
    `reads       ${counted(report.reads)}; without content ${counted(report.failures)}`,
    `origin      ${originRequests} requests`,
    `purges      ${counted(report.purges)}`,
    `recovery    p50 ${p50.toFixed(0)} ms, max ${(recoveries.at(-1) ?? 0).toFixed(0)} ms (${recoveries.length} times)`,
    `violations  ${counted(byRule(violations))}`,
  ];
  for (const { rule, url, what, history } of firstOfEach(violations)) {
    lines.push(
      "",
      `${rule}${url === undefined ? "" : ` violated at ${url}`}: ${what}`,
      ...history.map((line) => `  ${line}`),
    );
  }
  return `${lines.join("\n")}\n`;
}

function byRule(violations: readonly Violation[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { rule } of violations) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  return counts;
}

function firstOfEach(violations: readonly Violation[]): readonly Violation[] {
  return violations.filter(({ rule }, index) => {
    return violations.slice(0, index).filter((earlier) => earlier.rule === rule).length < SHOWN_OF_A_RULE;
  });
}

/** The sum, then the parts. */
function counted(counts: ReadonlyMap<string, number>): string {
  const sum = [...counts.values()].reduce((all, one) => all + one, 0);
  const parts = [...counts].sort(([, a], [, b]) => b - a).map(([name, number]) => `${name} ${number}`);
  return parts.length === 0 ? "0" : `${sum}: ${parts.join(", ")}`;
}
