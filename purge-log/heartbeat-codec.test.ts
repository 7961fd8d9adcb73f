import { expect } from "chai";
import fc from "fast-check";
import { beatOf } from "../test/rig/purge-log-entries.ts";
import { decodeHeartbeat, encodeHeartbeat } from "./heartbeat-codec.ts";

const BEAT = beatOf("edge-1", { epoch: 1_790_000_000_000_000, seq: 42 });

function reasonFor(changed: object): string {
  const decoded = decodeHeartbeat(JSON.stringify({ ...BEAT, ...changed }));
  return decoded.kind === "unreadable" ? decoded.reason : decoded.kind;
}

describe("a heartbeat as JSON", () => {
  it("comes back as it was", () => {
    expect(decodeHeartbeat(encodeHeartbeat(BEAT))).to.deep.equal({ kind: "heartbeat", beat: BEAT });
  });

  it("may say more, which is left out", () => {
    const more = { ...BEAT, mood: "good", position: { ...BEAT.position, more: 1 } };
    expect(decodeHeartbeat(JSON.stringify(more))).to.deep.equal({ kind: "heartbeat", beat: BEAT });
  });

  it("keeps its meaning when an earlier version of an edge that serves stale without a lease has sent it", () => {
    const { sites: _, staleWhenLapsed: __, ...earlier } = BEAT;
    expect(decodeHeartbeat(JSON.stringify(earlier))).to.deep.equal({
      kind: "heartbeat",
      beat: { ...earlier, sites: "", staleWhenLapsed: true },
    });
  });

  const wrong: readonly (readonly [object, string])[] = [
    [{ edge: "" }, "edge: must be not empty"],
    [{ edge: 5 }, "edge: must be a string"],
    [{ bootId: null }, "bootId: must be a string"],
    [{ grpcAddress: [] }, "grpcAddress: must be a string"],
    [{ httpAddress: {} }, "httpAddress: must be a string"],
    [{ runId: undefined }, "runId: must be a string: undefined"],
    [{ position: "7-1" }, "position: must be an object"],
    [{ position: [7, 1] }, "position: must be an object"],
    [{ position: { epoch: 7.5, seq: 1 } }, "epoch: must be a whole number"],
    [{ position: { epoch: 7, seq: -1 } }, "seq: must be a number from 0"],
    [{ position: { epoch: 2 ** 53, seq: 1 } }, "epoch: must be a whole number below 2^53"],
    [{ leaseMs: -1 }, "leaseMs: must be a number from 0"],
    [{ leaseMs: "2000" }, "leaseMs: must be a number from 0"],
    [{ sites: 5 }, "sites: must be a string"],
    [{ staleWhenLapsed: "no" }, "staleWhenLapsed: must be true or false"],
    [{ applied: {} }, "applied: must be an array"],
    [{ applied: [null] }, "applied: must be an object"],
    [{ applied: [{ position: BEAT.position, objects: 1.5 }] }, "objects: must be a whole number"],
  ];
  for (const [changed, reason] of wrong) {
    it(`is unreadable with ${JSON.stringify(changed)}, and says why`, () => {
      expect(reasonFor(changed)).to.contain(reason);
    });
  }

  it("has no number that is too large to be one", () => {
    const json = encodeHeartbeat(BEAT).replace('"leaseMs":2000', '"leaseMs":1e999');
    expect(decodeHeartbeat(json).kind).to.equal("unreadable");
  });

  it("never makes its reader throw, whatever it is", () => {
    fc.assert(fc.property(fc.string(), (text) => decodeHeartbeat(text).kind === "unreadable"));
    fc.assert(
      fc.property(fc.json(), (text) => ["unreadable", "heartbeat"].includes(decodeHeartbeat(text).kind)),
    );
  });
});
