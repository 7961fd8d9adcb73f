import type { Finding } from "../process/finding.ts";
import type { LogServer } from "./purge-log.ts";

// The scripts of the log begin with `#!lua`.
const OLDEST_REDIS = 7;
// A heartbeat takes a round trip, a purge two. From here on receipts take longer than people expect of them.
const SLOW_MS = 50;
// Redis refuses writes at 100 %. The rest is for the minutes until somebody has read this.
const FULL_SHARE = 0.9;
// Enough to notice over a holiday.
const ENDS_SOON_DAYS = 14;
// A replica reports every second.
const SILENT_SECONDS = 3;

/** Why a log must not be kept there, as one sentence about --redis; undefined: it may. */
export function unfitness(server: LogServer): string | undefined {
  return tooOld(server) ?? (server.maxMemory > 0 ? evicting(server) : undefined);
}

/** What an operator should know of the server of the log. */
export function logServerFindings(server: LogServer): readonly Finding[] {
  const { maxMemory, usedMemory, missingRights, roundTripMs, certificateDaysLeft } = server;
  const findings: Finding[] = [];
  const find = (severity: Finding["severity"], text: string | undefined) => {
    if (text !== undefined) findings.push({ severity, about: "purge log", text });
  };
  find("problem", tooOld(server));
  if (server.isReplica) find("problem", "the server is a replica: purges are rejected there");
  if (missingRights.length > 0)
    find(
      "problem",
      `the user of Redis may not use ${missingRights.join(", ")}: the log needs all of docs/redis.md`,
    );
  find(maxMemory > 0 ? "problem" : "warning", evicting(server));
  if (maxMemory > 0 && usedMemory >= maxMemory * FULL_SHARE)
    find(
      "warning",
      `the memory is ${Math.floor((usedMemory / maxMemory) * 100)} % full: when it is full, purges are rejected and edges lapse`,
    );
  if (server.writesFail)
    find("problem", "the server cannot write to its disk: purges are rejected and edges lapse");
  if (!server.appendOnly)
    find(
      "warning",
      "appendonly is off: after a crash of the server the edges trust nothing that they stored before it",
    );
  findings.push(...replicaFindings(server));
  if (!server.isPrivate)
    find(
      "warning",
      "the connection is not encrypted: who can read it on its way learns the password; use rediss://",
    );
  if (certificateDaysLeft !== undefined && certificateDaysLeft < ENDS_SOON_DAYS)
    find(
      "warning",
      `the certificate of the server ends in ${Math.floor(certificateDaysLeft)} days: then nobody connects any more`,
    );
  if (roundTripMs > SLOW_MS)
    find("warning", `a command takes ${Math.round(roundTripMs)} ms: receipts take at least twice as long`);
  return findings;
}

function replicaFindings({ replicas, awaited, refusesAlone }: LogServer): readonly Finding[] {
  const findings: Finding[] = [];
  const find = (severity: Finding["severity"], text: string) =>
    findings.push({ severity, about: "purge log", text });
  if (replicas.length < awaited)
    find(
      "problem",
      `the server has ${replicas.length} replicas and --redis-replicas is ${awaited}: purges are unknown and edges lapse`,
    );
  if (replicas.length > 0 && awaited === 0 && !refusesAlone)
    find(
      "warning",
      "the server has a replica, and may go on alone after that was promoted: a purge may be applied without the edges there. Give the edges --redis-replicas, or the server min-replicas-to-write",
    );
  const silent = Math.max(0, ...replicas.map(({ silentSeconds }) => silentSeconds));
  if (silent >= SILENT_SECONDS) find("warning", `a replica has not answered for ${silent} s`);
  return findings;
}

function tooOld({ version }: LogServer): string | undefined {
  const [, major = ""] = /^Redis (\d+)\./.exec(version) ?? [];
  if (major === "" || Number(major) >= OLDEST_REDIS) return undefined;
  return `${version} is too old: it must be Redis ${OLDEST_REDIS}.0 or later`;
}

/** volatile-* too: the ids by which a retry of a purge is known have a time to live. */
function evicting({ evicts }: LogServer): string | undefined {
  if (evicts === "noeviction" || evicts === "unknown") return undefined;
  return `maxmemory-policy is ${evicts}: the server may evict the log. It must be noeviction`;
}
