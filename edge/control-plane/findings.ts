import type { Finding } from "../../process/finding.ts";
import { runtimeWarning } from "../../process/runtime.ts";
import type { LogServer } from "../../purge-log/purge-log.ts";

/** What an edge knows of itself. */
export interface ExaminedFacts {
  readonly state: "serving" | "lapsed" | "draining";
  readonly certificates: readonly Finding[];
  readonly unreachableSites: readonly string[];
  /** undefined: the log is in memory. A text: why the server does not answer. */
  readonly server: LogServer | string | undefined;
  readonly eventLoopDelayMs: number;
  /** Such as "26.13.1". */
  readonly node: string;
}

// A heartbeat takes a round trip, a purge two. From here on receipts take longer than people expect of them.
const SLOW_LOG_MS = 50;
// A request waits about as long for its turn. An edge at rest has less than a millisecond.
const BUSY_MS = 20;
// The scripts of the log begin with `#!lua`.
const OLDEST_REDIS = 7;

/** What an operator should know of the edge, problems first. */
export function findingsOf(facts: ExaminedFacts): readonly Finding[] {
  const { state, certificates, unreachableSites, server, eventLoopDelayMs, node } = facts;
  const findings: Finding[] = [...certificates];
  const find = (severity: Finding["severity"], about: string, text: string) =>
    findings.push({ severity, about, text });
  if (state === "lapsed")
    find(
      "problem",
      "lease",
      "the edge has lapsed: it asks the origin for everything until the purge log answers",
    );
  if (state === "draining") find("warning", "state", "the edge is draining: it will stop");
  for (const site of unreachableSites)
    find("problem", `site ${site}`, "its origin cannot be reached; the log of the edge says why");
  if (typeof server === "string") find("problem", "purge log", `it does not answer: ${server}`);
  else if (server !== undefined) findings.push(...serverFindings(server));
  if (eventLoopDelayMs > BUSY_MS)
    find("warning", "event loop", `requests wait ${Math.round(eventLoopDelayMs)} ms for their turn`);
  const runtime = runtimeWarning(node);
  if (runtime !== undefined) find("warning", "node", runtime);
  return findings.sort((a, b) => Number(b.severity === "problem") - Number(a.severity === "problem"));
}

function serverFindings({
  version,
  roundTripMs,
  maxMemory,
  evicts,
  isReplica,
  appendOnly,
}: LogServer): readonly Finding[] {
  const findings: Finding[] = [];
  const find = (severity: Finding["severity"], text: string) =>
    findings.push({ severity, about: "purge log", text });
  const [, major = "0"] = /^Redis (\d+)\./.exec(version) ?? [];
  if (major !== "0" && Number(major) < OLDEST_REDIS)
    find("problem", `${version} is too old: it must be Redis ${OLDEST_REDIS}.0 or later`);
  if (isReplica) find("problem", "the server is a replica: purges are rejected there");
  if (evicts !== "noeviction" && evicts !== "unknown")
    find(
      maxMemory > 0 ? "problem" : "warning",
      `maxmemory-policy is ${evicts}: the server may evict the log. It must be noeviction`,
    );
  if (!appendOnly)
    find(
      "warning",
      "appendonly is off: after a crash of the server the edges trust nothing that they stored before it",
    );
  if (roundTripMs > SLOW_LOG_MS)
    find("warning", `a command takes ${Math.round(roundTripMs)} ms: receipts take at least twice as long`);
  return findings;
}
