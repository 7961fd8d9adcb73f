import { expect } from "chai";
import type { LogServer } from "../../purge-log/purge-log.ts";
import { type ExaminedFacts, findingsOf } from "./findings.ts";

const SERVER: LogServer = {
  version: "Redis 7.2.4",
  roundTripMs: 1,
  maxMemory: 0,
  evicts: "noeviction",
  isReplica: false,
  appendOnly: true,
  usedMemory: 0,
  writesFail: false,
  replicas: [],
  awaited: 0,
  refusesAlone: false,
  missingRights: [],
  isPrivate: true,
  certificateDaysLeft: undefined,
};
const HEALTHY: ExaminedFacts = {
  state: "serving",
  certificates: [],
  unreachable: [],
  server: SERVER,
  disk: undefined,
  eventLoopDelayMs: 1,
  openFiles: 524_288,
  node: "26.13.1",
};

const found = (facts: Partial<ExaminedFacts>) =>
  findingsOf({ ...HEALTHY, ...facts }).map(({ severity, about, text }) => `${severity} ${about}: ${text}`);
const foundOf = (server: Partial<LogServer>) => found({ server: { ...SERVER, ...server } });

describe("what an edge finds of itself", () => {
  it("is nothing when all is well", () => {
    expect(found({})).to.deep.equal([]);
    expect(found({ server: undefined })).to.deep.equal([]);
    expect(foundOf({ version: "Valkey 8.0.1" })).to.deep.equal([]);
  });

  it("names what does not answer", () => {
    expect(
      found({ state: "lapsed", unreachable: [{ site: "shop", error: "ENOTFOUND" }], server: "ECONNREFUSED" }),
    ).to.deep.equal([
      "problem lease: the edge has lapsed: it asks the origin for everything until the purge log answers; see that Redis runs and is in time",
      "problem site shop: its origin cannot be reached: ENOTFOUND; start it, or correct the origin of the site",
      "problem purge log: it does not answer: ECONNREFUSED; see that Redis runs, and that --redis of the edge names it",
    ]);
  });

  it("says that the system lets it have too few files open, where that is known", () => {
    expect(found({ openFiles: 12_500 })).to.deep.equal([]);
    expect(found({ openFiles: undefined })).to.deep.equal([]);
    expect(found({ openFiles: 12_499 })[0]).to.match(
      /^warning open files: the system lets the edge have 12499 open/,
    );
  });

  it("puts problems before warnings", () => {
    const certificates = [
      { severity: "warning", about: "a.pem", text: "ends soon" },
      { severity: "problem", about: "b.pem", text: "has expired" },
    ] as const;
    expect(found({ certificates })).to.deep.equal(["problem b.pem: has expired", "warning a.pem: ends soon"]);
  });

  it("tells what is slow, and not what is just fast enough", () => {
    expect(foundOf({ roundTripMs: 51 })[0]).to.contain("warning purge log: a command takes 51 ms");
    expect(found({ eventLoopDelayMs: 20 })).to.deep.equal([]);
    expect(found({ eventLoopDelayMs: 21 })).to.deep.equal([
      "warning event loop: requests wait 21 ms for their turn; give the edge more --workers, or add an edge",
    ]);
  });

  it("names what is wrong with the disk", () => {
    expect(found({ disk: { kind: "full", cause: "ENOSPC: no space left" } })).to.deep.equal([
      "problem disk: there is no room for more, and what is there is served; free some, or lower --disk-size: ENOSPC: no space left",
    ]);
  });

  it("tells of a Node with known defects", () => {
    expect(found({ node: "26.12.1" })[0]).to.contain("warning node: This Node (v26.12.1) has known");
  });
});
