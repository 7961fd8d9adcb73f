import { expect } from "chai";
import {
  MOST_GROWTH_BYTES,
  MOST_NEW_DESCRIPTORS,
  type Sample,
  SETTLING_MS,
  SHORTEST_JUDGED_MS,
  verdictOf,
} from "./verdict.ts";

const CLEAN = { violations: 0, lost: 0 };
const MS = SHORTEST_JUDGED_MS;
const BYTES = 100 * 2 ** 20;

/** A look each minute; `grown` is how far through the run it is, from 0 to 1. */
function samples(make: (grown: number) => Partial<Sample>): readonly Sample[] {
  return Array.from({ length: MS / 60_000 + 1 }, (_, minute) => {
    const usual = { program: "edge-1", pid: 7, at: minute * 60_000, residentBytes: BYTES, descriptors: 40 };
    return { ...usual, ...make((minute * 60_000) / MS) };
  });
}

/** All of it comes between the first part and the last. */
const late = (grown: number) => (grown > 0.7 ? 1 : 0);

describe("the verdict on a soak", () => {
  it("is held when nothing was broken and nothing grew, and says from what to what", () => {
    expect(
      verdictOf(
        CLEAN,
        samples(() => ({})),
        MS,
      ),
    ).to.deep.equal({
      kind: "held",
      growth: [{ program: "edge-1", residentBytes: [BYTES, BYTES], descriptors: [40, 40] }],
    });
  });

  it("is broken by one violation or one lost request, however short the run", () => {
    const why = (tally: Parameters<typeof verdictOf>[0]) => {
      const verdict = verdictOf(tally, [], 60_000);
      return verdict.kind === "broken" ? verdict.why : [];
    };
    expect(why({ violations: 1, lost: 0 })).to.deep.equal(["1 violations"]);
    expect(why({ violations: 0, lost: 1 })).to.deep.equal(["1 lost requests"]);
  });

  it("lets memory grow up to the bound, and no further", () => {
    const grows = (bytes: number) =>
      verdictOf(
        CLEAN,
        samples((grown) => ({ residentBytes: BYTES + late(grown) * bytes })),
        MS,
      );
    expect(grows(MOST_GROWTH_BYTES).kind).to.equal("held");
    expect(grows(MOST_GROWTH_BYTES + 1))
      .to.have.property("why")
      .deep.equal(["edge-1 grew by 24.0 MiB, more than 24 MiB"]);
  });

  it("lets descriptors grow up to the bound, and no further", () => {
    const grows = (count: number) =>
      verdictOf(
        CLEAN,
        samples((grown) => ({ descriptors: 40 + late(grown) * count })),
        MS,
      );
    expect(grows(MOST_NEW_DESCRIPTORS).kind).to.equal("held");
    expect(grows(MOST_NEW_DESCRIPTORS + 1).kind).to.equal("broken");
  });

  it("does not count what comes while the programs settle", () => {
    const settling = samples((grown) => ({ residentBytes: grown * MS < SETTLING_MS ? 1 : BYTES }));
    expect(verdictOf(CLEAN, settling, MS).kind).to.equal("held");
  });

  it("does not judge the growth of a program that was started anew", () => {
    const restarted = samples((grown) => ({
      pid: 7 + late(grown),
      residentBytes: BYTES * (1 + late(grown)),
    }));
    expect(verdictOf(CLEAN, restarted, MS)).to.deep.equal({ kind: "held", growth: [] });
  });

  it("says of a run that is too short that nothing can be said of growth", () => {
    const kind = (ms: number) =>
      verdictOf(
        CLEAN,
        samples(() => ({})),
        ms,
      ).kind;
    expect(kind(MS - 1)).to.equal("too-short");
    expect(kind(MS)).to.equal("held");
  });
});
