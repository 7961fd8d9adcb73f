import { expect } from "chai";
import { readServerInfo } from "./server-info.ts";

const TEXT = [
  "# Server",
  "redis_version:7.0.15",
  "",
  "# Memory",
  "maxmemory:1048576",
  "used_memory:524288",
  "maxmemory_policy:allkeys-lru",
  "aof_enabled:1",
  "aof_last_write_status:err",
  "role:slave",
  "connected_slaves:2",
  "min_slaves_good_slaves:1",
  "slave0:ip=127.0.0.1,port=6380,state=online,offset=42,lag=1",
  "slave1:ip=127.0.0.1,port=6381,state=wait_bgsave,offset=0,lag=0",
  "slave_repl_offset:42",
  "",
].join("\r\n");

describe("what Redis tells of itself", () => {
  it("is read from INFO", () => {
    expect(readServerInfo(TEXT)).to.deep.equal({
      version: "Redis 7.0.15",
      maxMemory: 1_048_576,
      usedMemory: 524_288,
      evicts: "allkeys-lru",
      isReplica: true,
      appendOnly: true,
      writesFail: true,
      replicas: [{ silentSeconds: 1 }],
      refusesAlone: true,
    });
  });

  it("names Valkey", () => {
    const text = `server_name:valkey\r\nvalkey_version:8.1.0\r\n${TEXT}`;
    expect(readServerInfo(text).version).to.equal("Valkey 8.1.0");
  });

  it("is unknown where the server does not tell it", () => {
    expect(readServerInfo("")).to.deep.equal({
      version: "Redis unknown",
      maxMemory: 0,
      usedMemory: 0,
      evicts: "unknown",
      isReplica: false,
      appendOnly: false,
      writesFail: false,
      replicas: [],
      refusesAlone: false,
    });
  });
});
