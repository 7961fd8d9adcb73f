import { expect } from "chai";
import { readServerInfo } from "./server-info.ts";

const TEXT = [
  "# Server",
  "redis_version:7.0.15",
  "",
  "# Memory",
  "maxmemory:1048576",
  "maxmemory_policy:allkeys-lru",
  "aof_enabled:1",
  "role:slave",
  "",
].join("\r\n");

describe("what Redis tells of itself", () => {
  it("is read from INFO", () => {
    expect(readServerInfo(TEXT, 3)).to.deep.equal({
      version: "Redis 7.0.15",
      roundTripMs: 3,
      maxMemory: 1_048_576,
      evicts: "allkeys-lru",
      isReplica: true,
      appendOnly: true,
    });
  });

  it("names Valkey", () => {
    const text = `server_name:valkey\r\nvalkey_version:8.1.0\r\n${TEXT}`;
    expect(readServerInfo(text, 3).version).to.equal("Valkey 8.1.0");
  });

  it("is unknown where the server does not tell it", () => {
    expect(readServerInfo("", 3)).to.deep.include({
      version: "Redis unknown",
      evicts: "unknown",
      maxMemory: 0,
    });
  });
});
