import { expect } from "chai";
import { parsePosition } from "../../purge-log/position.ts";
import { Checker } from "./checker.ts";
import type { PurgeEvent, ReadEvent } from "./history.ts";

const LEASE_MS = 1_000;
// One per cent and 50 ms beyond the lease.
const BOUND_MS = 1_060;

/** A purge of /page that was sent at 1000 and accepted at 1010, and never said to be applied. */
function purge(differs: Partial<PurgeEvent> = {}): PurgeEvent {
  return {
    id: "purge-1",
    named: "/page",
    urls: ["/page"],
    sentAt: 1_000,
    acceptedBy: 1_010,
    position: parsePosition("7-1"),
    soft: false,
    provenAt: undefined,
    appliedBy: undefined,
    outcome: "pending",
    ...differs,
  };
}

/** A hit of what the origin read at 900, before the purge was sent. */
function read(differs: Partial<ReadEvent> = {}): ReadEvent {
  const sentAt = differs.sentAt ?? 5_000;
  return {
    edge: "edge-1",
    url: "/page",
    sentAt,
    decidedAfter: sentAt,
    endedAt: sentAt + 5,
    version: 1,
    contentVersion: 1,
    originReadAt: 900,
    outcome: "HIT",
    staleSeconds: 0,
    after: undefined,
    ...differs,
  };
}

/** The rules that a history breaks. */
function broken(purges: readonly PurgeEvent[], ...reads: readonly ReadEvent[]): string[] {
  const checker = new Checker({ leaseMs: LEASE_MS });
  for (const each of purges) checker.purged(each);
  for (const each of reads) checker.read(each);
  return checker.violations.map(({ rule }) => rule);
}

describe("the checker of histories", () => {
  it("finds an old version that is served after its purge was proven", () => {
    const proven = purge({ provenAt: 1_020, outcome: "applied" });
    expect(broken([proven], read({ sentAt: 1_021 }))).to.deep.equal(["Proven"]);
    expect(broken([proven], read({ sentAt: 1_019 }))).to.deep.equal([]);
    expect(broken([proven], read({ sentAt: 1_021, originReadAt: 1_001 }))).to.deep.equal([]);
  });

  it("finds an old version that is served later than the lease allows, whatever was answered", () => {
    expect(broken([purge()], read({ sentAt: 1_010 + BOUND_MS + 1 }))).to.deep.equal(["Bounded"]);
    expect(broken([purge()], read({ sentAt: 1_010 + BOUND_MS - 1 }))).to.deep.equal([]);
  });

  it("binds nobody to a purge that was never accepted", () => {
    expect(broken([purge({ acceptedBy: undefined, position: undefined })], read())).to.deep.equal([]);
  });

  it("finds what an edge serves when it wakes, though it was asked before", () => {
    const asked = { sentAt: 1_005, decidedAfter: 3_000, endedAt: 3_001 };
    expect(broken([purge()], read(asked))).to.deep.equal(["Bounded"]);
    expect(broken([purge()], read({ ...asked, decidedAfter: 1_005 }))).to.deep.equal([]);
  });

  it("finds a purge that is lost long after it was obeyed", () => {
    const obeyed = read({ sentAt: 4_000, originReadAt: 2_000 });
    expect(broken([purge()], obeyed, read({ sentAt: 500_000 }))).to.deep.equal(["Bounded"]);
  });

  it("goes by the latest of the purges that bind, and forgets none that still does", () => {
    const later = purge({
      id: "purge-2",
      sentAt: 100_000,
      acceptedBy: 100_010,
      position: parsePosition("7-2"),
    });
    const between = read({ sentAt: 100_011, originReadAt: 50_000 });
    expect(broken([purge(), later], between)).to.deep.equal([]);
    expect(broken([purge(), later], { ...between, originReadAt: 999 })).to.deep.equal(["Bounded"]);
    expect(broken([purge(), later], read({ sentAt: 102_000, originReadAt: 50_000 }))).to.deep.equal([
      "Bounded",
    ]);
  });

  it("judges each page by the purges that name it", () => {
    expect(broken([purge()], read({ url: "/other" }))).to.deep.equal([]);
  });

  it("finds an answer that is older than the purge that the client named", () => {
    const after = purge();
    expect(broken([], read({ sentAt: 1_011, after }))).to.deep.equal(["Read-your-purge"]);
    expect(broken([], read({ sentAt: 1_011, after, originReadAt: 1_000.5 }))).to.deep.equal([]);
  });

  describe("after soft purges", () => {
    const soft = purge({ soft: true, provenAt: 1_020, appliedBy: 1_020, outcome: "applied" });
    const stale = { outcome: "STALE", staleSeconds: 10, sentAt: 5_000 };

    it("allows STALE within stale-while-revalidate, and no longer", () => {
      expect(broken([soft], read(stale))).to.deep.equal([]);
      expect(broken([soft], read({ ...stale, sentAt: 11_200 }))).to.deep.equal(["Bounded"]);
      expect(broken([{ ...soft, appliedBy: undefined }], read({ ...stale, sentAt: 11_200 }))).to.deep.equal(
        [],
      );
    });

    it("finds an old version that is served as fresh, or of a page that does not say so", () => {
      expect(broken([soft], read({ ...stale, outcome: "HIT" }))).to.deep.equal(["Bounded"]);
      expect(broken([soft], read({ ...stale, staleSeconds: 0 }))).to.deep.equal(["Bounded"]);
    });

    it("finds what a hard purge covers too, whichever came first", () => {
      const hard = { id: "purge-2", soft: false };
      const [before, later] = [900.5, 1_000.5];
      expect(broken([soft, { ...soft, ...hard, sentAt: before }], read(stale))).to.deep.equal(["Bounded"]);
      expect(
        broken(
          [
            { ...soft, ...hard },
            { ...soft, sentAt: later },
          ],
          read(stale),
        ),
      ).to.deep.equal(["Bounded"]);
    });

    it("finds a stale answer to one who names a purge", () => {
      expect(broken([soft], read({ ...stale, after: purge({ sentAt: 800 }) }))).to.deep.equal(["Bounded"]);
    });
  });

  it("finds the fields of one version with the content of another", () => {
    expect(broken([], read({ version: 2, contentVersion: 1 }))).to.deep.equal(["Whole"]);
  });

  it("finds a position that does not lie behind what was answered before, and a retry with another one", () => {
    const checker = new Checker({ leaseMs: LEASE_MS });
    const at = (position: string) => purge({ position: parsePosition(position) });
    checker.ordered(at("7-1"), at("7-2"));
    checker.ordered(at("7-9"), at("8-0"));
    checker.repeated(at("7-1"), at("7-1"));
    checker.repeated(at("7-1"), at("8-3"));
    expect(checker.violations).to.deep.equal([]);
    checker.ordered(at("7-1"), at("7-1"));
    checker.ordered(at("8-0"), at("7-9"));
    checker.repeated(at("7-1"), at("7-2"));
    expect(checker.violations.map(({ rule }) => rule)).to.deep.equal(["In order", "In order", "In order"]);
  });

  it("shows what happened to the page, with the faults among it, in order of time", () => {
    const checker = new Checker({ leaseMs: LEASE_MS });
    checker.read(read({ sentAt: 990, endedAt: 995 }));
    checker.purged(purge());
    checker.faulted({ at: 1_500, what: "FLUSHALL" });
    checker.read(read({ sentAt: 4_000, endedAt: 4_002 }));
    const [violation] = checker.violations;
    expect(violation?.history.map((line) => line.split("  ")[0])).to.deep.equal([
      "995.0",
      "1000.0",
      "1010.0",
      "1500.0",
      "4002.0",
    ]);
  });
});
