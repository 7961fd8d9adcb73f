import type { Finding } from "../process/finding.ts";

/** One program of the fleet, and what it said of itself. */
export interface Examined {
  readonly name: string;
  /** A digest of an edge's sites; empty when unknown. */
  readonly sites: string;
  /** A text: why it said nothing. */
  readonly answer: Answer | string;
  /** Of an edge. `trouble`: why it cannot be reached from here; undefined when it can. */
  readonly dataPort?: { readonly address: string; readonly trouble: string | undefined };
}

interface Answer {
  readonly version: string;
  /** How far its wall clock is ahead of this machine's, in milliseconds. */
  readonly clockOffByMs: number;
  readonly findings: readonly Finding[];
}

/** A finding of one program, or of all of them together. */
export interface Diagnosis extends Finding {
  readonly program: string;
}

// Far more than a round trip. Freshness counts in seconds.
const CLOCKS_DIFFER_MS = 1_000;

/** What an operator should know of the fleet, problems first. `outdated`: why the list of edges may be an old one. */
export function diagnose(
  edges: readonly Examined[],
  routers: readonly Examined[],
  outdated: readonly string[],
): readonly Diagnosis[] {
  const programs = [...edges, ...routers];
  const found = [
    ...programs.flatMap(ofProgram),
    ...outdated.map((text) => ofFleet("warning", "members", text)),
    ...differences(
      "version",
      "the programs run different versions; this is right only during an upgrade",
      programs.map(({ name, answer }) => [name, typeof answer === "string" ? "" : answer.version]),
    ),
    ...differences(
      "sites",
      "the edges have different sites: a purge that names a site may mean another one there",
      edges.map(({ name, sites }) => [name, sites.slice(0, 8)]),
    ),
  ];
  return found.sort((a, b) => Number(b.severity === "problem") - Number(a.severity === "problem"));
}

function ofProgram({ name: program, answer, dataPort }: Examined): readonly Diagnosis[] {
  if (typeof answer === "string")
    return [{ program, severity: "problem", about: "connection", text: answer }];
  const found = answer.findings.map((finding): Diagnosis => ({ program, ...finding }));
  if (dataPort?.trouble !== undefined) {
    const { address, trouble } = dataPort;
    const text = `${address} cannot be reached from here (${trouble}): routers send requests there; see --advertise, --port and firewalls`;
    found.push({ program, severity: "warning", about: "data port", text });
  }
  const { clockOffByMs } = answer;
  if (Math.abs(clockOffByMs) < CLOCKS_DIFFER_MS) return found;
  const text = `its clock is ${(Math.abs(clockOffByMs) / 1_000).toFixed(1)} s ${clockOffByMs > 0 ? "ahead of" : "behind"} this machine's: ages and Expires are wrong by as much; let NTP set the clocks`;
  return [...found, { program, severity: "warning", about: "clock", text }];
}

function ofFleet(severity: Finding["severity"], about: string, text: string): Diagnosis {
  return { program: "fleet", severity, about, text };
}

/** One finding when the values, as far as they are known, differ. */
function differences(
  about: string,
  text: string,
  values: readonly (readonly [name: string, value: string])[],
): readonly Diagnosis[] {
  const known = values.filter(([, value]) => value !== "");
  if (new Set(known.map(([, value]) => value)).size <= 1) return [];
  const list = known.map(([name, value]) => `${name} ${value}`).join(", ");
  return [ofFleet("warning", about, `${text} (${list})`)];
}
