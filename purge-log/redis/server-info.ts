import type { LogServer } from "../purge-log.ts";

/** Reads what INFO answers: lines of `name:value`, under headings. Valkey answers the same. */
export function readServerInfo(text: string, roundTripMs: number): LogServer {
  const values = new Map(
    text.split("\r\n").map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
  );
  const value = (name: string) => values.get(name) ?? "";
  return {
    // Valkey has both, and tells the version of Redis that it stands for in the second.
    version: values.has("valkey_version")
      ? `Valkey ${value("valkey_version")}`
      : `Redis ${value("redis_version") || "unknown"}`,
    roundTripMs,
    maxMemory: Number(value("maxmemory")) || 0,
    evicts: value("maxmemory_policy") || "unknown",
    isReplica: value("role") === "slave",
    appendOnly: value("aof_enabled") === "1",
  };
}
