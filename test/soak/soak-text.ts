import type { Violation } from "../chaos/history.ts";
import type { Verdict } from "./verdict.ts";

/** What a run has seen so far. */
export interface SoakSums {
  readonly minutes: number;
  readonly requests: number;
  readonly violations: number;
  readonly lost: number;
  /** Without an answer while the origin failed. */
  readonly excused: number;
  readonly cut: number;
  /** By outcome. */
  readonly purges: ReadonlyMap<string, number>;
  readonly operations: number;
}

/** One program in one minute. */
export interface ProgramLine {
  readonly program: string;
  readonly residentBytes: number;
  readonly descriptors: number;
  /** The longest; undefined when it stood still, or did not say. */
  readonly loopDelayMs: number | undefined;
}

const MIB = 2 ** 20;
const SHOWN_VIOLATIONS = 5;

/** What a minute's line shows. */
export function minuteText(sums: SoakSums, programs: readonly ProgramLine[]): string {
  const { minutes, requests, violations, lost, excused, cut, purges, operations } = sums;
  const applied = (purges.get("applied") ?? 0) + (purges.get("applied with fenced") ?? 0);
  const others = [...purges.values()].reduce((all, one) => all + one, 0) - applied;
  const counts =
    `${String(Math.round(minutes)).padStart(4)} min  ${requests} requests, ${violations} violations, ${lost} lost ` +
    `(${excused} while the origin failed, ${cut} cut), purges ${applied} applied and ${others} others, ${operations} operations`;
  return [counts, ...programs.map(programText)].join(" | ");
}

function programText({ program, residentBytes, descriptors, loopDelayMs }: ProgramLine): string {
  const delay = loopDelayMs === undefined ? "-" : `${loopDelayMs.toFixed(0)} ms`;
  return `${program} ${(residentBytes / MIB).toFixed(1)} MiB ${descriptors} fd ${delay}`;
}

export function verdictText(verdict: Verdict): string {
  const growth = "growth" in verdict ? verdict.growth : [];
  const rows = growth.map(({ program, residentBytes, descriptors }) => {
    const [from, to] = residentBytes.map((bytes) => (bytes / MIB).toFixed(1));
    return `growth      ${program}: ${from} MiB to ${to} MiB, ${descriptors.join(" to ")} descriptors\n`;
  });
  switch (verdict.kind) {
    case "held":
      return `${rows.join("")}verdict     held\n`;
    case "too-short":
      return `verdict     nothing was broken; growth is judged from ${verdict.neededMs / 60_000} minutes on\n`;
    case "broken":
      return `${rows.join("")}verdict     broken: ${verdict.why.join("; ")}\n`;
  }
}

/** By name, the most frequent first. */
export function countsText(name: string, counts: ReadonlyMap<string, number>): string {
  const parts = [...counts].sort(([, a], [, b]) => b - a).map(([what, count]) => `${what} ${count}`);
  return `${name.padEnd(12)}${parts.length === 0 ? "none" : parts.join(", ")}\n`;
}

/** The first, each with its history. */
export function violationsText(violations: readonly Violation[]): string {
  return violations
    .slice(0, SHOWN_VIOLATIONS)
    .map(({ rule, url, what, history }) =>
      [
        `\n${rule}${url === undefined ? "" : ` violated at ${url}`}: ${what}\n`,
        ...history.map((line) => `  ${line}\n`),
      ].join(""),
    )
    .join("");
}
