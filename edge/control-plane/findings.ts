import type { Finding } from "../../process/finding.ts";
import { runtimeWarning } from "../../process/runtime.ts";
import { logServerFindings } from "../../purge-log/log-server-findings.ts";
import type { LogServer } from "../../purge-log/purge-log.ts";
import type { OriginState } from "../origin/reachable.ts";
import type { DiskTrouble } from "../store/disk/disk-health.ts";

/** What an edge knows of itself. */
export interface ExaminedFacts {
  readonly state: "serving" | "lapsed" | "draining";
  readonly certificates: readonly Finding[];
  readonly unreachable: readonly Pick<OriginState, "site" | "error">[];
  /** undefined: the log is in memory. A text: why the server does not answer. */
  readonly server: LogServer | string | undefined;
  /** undefined: it works, or there is none. */
  readonly disk: DiskTrouble | undefined;
  readonly eventLoopDelayMs: number;
  /** What the system lets the edge have open; undefined: it does not say. */
  readonly openFiles: number | undefined;
  /** Such as "26.13.1". */
  readonly node: string;
}

// The 6,000 connections of clients that an edge takes, as many to origins in the worst case, and files of its own.
const FILES_NEEDED = 12_500;

// A request waits about as long for its turn. An edge at rest has less than a millisecond.
const BUSY_MS = 20;

const DISK_TEXT: Record<DiskTrouble["kind"], string> = {
  full: "there is no room for more, and what is there is served; free some, or lower --disk-size",
  "read-only": "nothing can be written to it, and what is there is served; mount it for writing",
  forbidden: "the edge may not use its files; give them to its user",
  hanging: "it does not answer, and the edge goes on without it; look at the device",
  failing: "it fails, and what cannot be read is fetched anew; look at the device",
};

/** What an operator should know of the edge, problems first. */
export function findingsOf(facts: ExaminedFacts): readonly Finding[] {
  const { state, certificates, unreachable, server, disk, eventLoopDelayMs, openFiles, node } = facts;
  const findings: Finding[] = [...certificates];
  const find = (severity: Finding["severity"], about: string, text: string) =>
    findings.push({ severity, about, text });
  if (state === "lapsed")
    find(
      "problem",
      "lease",
      "the edge has lapsed: it asks the origin for everything until the purge log answers; see that Redis runs and is in time",
    );
  if (state === "draining")
    find(
      "warning",
      "state",
      "the edge is draining: it will stop, or `edges drain` has taken it out of service",
    );
  for (const { site, error = "no reason is known" } of unreachable)
    find(
      "problem",
      `site ${site}`,
      `its origin cannot be reached: ${error}; start it, or correct the origin of the site`,
    );
  if (typeof server === "string")
    find(
      "problem",
      "purge log",
      `it does not answer: ${server}; see that Redis runs, and that --redis of the edge names it`,
    );
  else if (server !== undefined) findings.push(...logServerFindings(server));
  if (disk !== undefined) find("problem", "disk", `${DISK_TEXT[disk.kind]}: ${disk.cause}`);
  if (eventLoopDelayMs > BUSY_MS)
    find(
      "warning",
      "event loop",
      `requests wait ${Math.round(eventLoopDelayMs)} ms for their turn; give the edge more --workers, or add an edge`,
    );
  if (openFiles !== undefined && openFiles < FILES_NEEDED)
    find(
      "warning",
      "open files",
      `the system lets the edge have ${openFiles} open, fewer than the ${FILES_NEEDED} that it may need; raise the limit (ulimit -Hn, or LimitNOFILE= of systemd)`,
    );
  const runtime = runtimeWarning(node);
  if (runtime !== undefined) find("warning", "node", runtime);
  return findings.sort((a, b) => Number(b.severity === "problem") - Number(a.severity === "problem"));
}
