import { expect } from "chai";
import { logServerFindings, unfitness } from "./log-server-findings.ts";
import type { LogServer } from "./purge-log.ts";

const SERVER: LogServer = {
  version: "Redis 7.2.4",
  roundTripMs: 1,
  maxMemory: 0,
  usedMemory: 1,
  evicts: "noeviction",
  isReplica: false,
  appendOnly: true,
  writesFail: false,
  replicas: [],
  awaited: 0,
  refusesAlone: false,
  missingRights: [],
  isPrivate: true,
  certificateDaysLeft: undefined,
};

const found = (server: Partial<LogServer>) =>
  logServerFindings({ ...SERVER, ...server }).map(({ severity, text }) => `${severity}: ${text}`);
const EVICTS = "maxmemory-policy is volatile-lru: the server may evict the log. It must be noeviction";

describe("what is wrong with the server of a log", () => {
  it("is nothing when all is well", () => {
    expect(found({})).to.deep.equal([]);
    expect(found({ version: "Valkey 8.0.1" })).to.deep.equal([]);
    expect(unfitness(SERVER)).to.equal(undefined);
    expect(unfitness({ ...SERVER, version: "Redis unknown", evicts: "unknown" })).to.equal(undefined);
  });

  it("is its age, and then no log may be kept there", () => {
    const text = "Redis 6.2.1 is too old: it must be Redis 7.0 or later";
    expect(found({ version: "Redis 6.2.1" })).to.deep.equal([`problem: ${text}`]);
    expect(unfitness({ ...SERVER, version: "Redis 6.2.1" })).to.equal(text);
  });

  it("is that it evicts; no log may be kept there once it has a limit of memory", () => {
    expect(found({ evicts: "volatile-lru" })).to.deep.equal([`warning: ${EVICTS}`]);
    expect(unfitness({ ...SERVER, evicts: "volatile-lru" })).to.equal(undefined);
    expect(found({ evicts: "volatile-lru", maxMemory: 2 })).to.deep.equal([`problem: ${EVICTS}`]);
    expect(unfitness({ ...SERVER, evicts: "volatile-lru", maxMemory: 2 })).to.equal(EVICTS);
  });

  it("is memory that is nearly full", () => {
    expect(found({ maxMemory: 100, usedMemory: 89 })).to.deep.equal([]);
    expect(found({ maxMemory: 100, usedMemory: 90 })[0]).to.contain("warning: the memory is 90 % full");
  });

  it("is that it is no primary, or does not keep what it accepts", () => {
    expect(found({ isReplica: true })).to.deep.equal([
      "problem: the server is a replica: purges are rejected there",
    ]);
    expect(found({ appendOnly: false })[0]).to.contain("warning: appendonly is off");
    expect(found({ writesFail: true })[0]).to.contain("problem: the server cannot write to its disk");
  });

  it("is that its user lacks rights", () => {
    expect(found({ missingRights: ["xadd", "xinfo|stream"] })[0]).to.contain(
      "problem: the user of Redis may not use xadd, xinfo|stream",
    );
  });

  it("is that it has fewer replicas than a purge waits for", () => {
    const replicas = [{ silentSeconds: 0 }];
    expect(found({ replicas, awaited: 1 })).to.deep.equal([]);
    expect(found({ replicas, awaited: 2 })[0]).to.contain(
      "problem: the server has 1 replicas and --redis-replicas is 2",
    );
  });

  it("is that it may go on alone beside a replica that was promoted", () => {
    const replicas = [{ silentSeconds: 0 }];
    expect(found({ replicas, refusesAlone: true })).to.deep.equal([]);
    expect(found({ replicas })[0]).to.contain("warning: the server has a replica, and may go on alone");
  });

  it("is a replica that says nothing", () => {
    expect(found({ replicas: [{ silentSeconds: 2 }], awaited: 1 })).to.deep.equal([]);
    expect(found({ replicas: [{ silentSeconds: 3 }], awaited: 1 })).to.deep.equal([
      "warning: a replica has not answered for 3 s",
    ]);
  });

  it("is a certificate that ends soon", () => {
    expect(found({ certificateDaysLeft: 14 })).to.deep.equal([]);
    expect(found({ certificateDaysLeft: 13.9 })[0]).to.contain(
      "warning: the certificate of the server ends in 13 days",
    );
  });

  it("is that others can read the connection, and that it is slow", () => {
    expect(found({ isPrivate: false })[0]).to.contain("warning: the connection is not encrypted");
    expect(found({ roundTripMs: 50 })).to.deep.equal([]);
    expect(found({ roundTripMs: 51 })[0]).to.contain("warning: a command takes 51 ms");
  });
});
