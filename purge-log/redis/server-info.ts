import type { LogServer } from "../purge-log.ts";

/** What a server tells of itself: the parts of LogServer that INFO has. */
export type ServerInfo = Pick<
  LogServer,
  | "version"
  | "maxMemory"
  | "usedMemory"
  | "evicts"
  | "isReplica"
  | "appendOnly"
  | "writesFail"
  | "replicas"
  | "refusesAlone"
>;

/** Reads what INFO answers: lines of `name:value`, under headings. Valkey answers the same. */
export function readServerInfo(text: string): ServerInfo {
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
    maxMemory: Number(value("maxmemory")) || 0,
    usedMemory: Number(value("used_memory")) || 0,
    evicts: value("maxmemory_policy") || "unknown",
    isReplica: value("role") === "slave",
    appendOnly: value("aof_enabled") === "1",
    writesFail: value("aof_last_write_status") === "err",
    replicas: [...values]
      .filter(([name]) => /^slave\d+$/.test(name))
      .flatMap(([, fields]) => replicaOf(fields)),
    // It is there only with min-replicas-to-write.
    refusesAlone: values.has("min_slaves_good_slaves"),
  };
}

/** `ip=…,port=…,state=online,offset=…,lag=1`; no replica while it copies everything. */
function replicaOf(fields: string): readonly { readonly silentSeconds: number }[] {
  const values = new Map(
    fields.split(",").map((field): [string, string] => {
      const [name = "", value = ""] = field.split("=");
      return [name, value];
    }),
  );
  return values.get("state") === "online" ? [{ silentSeconds: Number(values.get("lag")) || 0 }] : [];
}
