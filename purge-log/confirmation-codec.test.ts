import { expect } from "chai";
import { decodeConfirmation, decodeCounts, encodeConfirmation, encodeCounts } from "./confirmation-codec.ts";
import type { Confirmation } from "./purge-log.ts";

const confirmation: Confirmation = {
  edge: "edge-2",
  position: { epoch: 1_790_000_000_000_000, seq: 7 },
  runId: "run-1",
  applied: [
    { position: { epoch: 1_790_000_000_000_000, seq: 5 }, objects: 3 },
    { position: { epoch: 1_790_000_000_000_000, seq: 7 }, objects: 12 },
  ],
};

describe("a confirmation", () => {
  it("is read as it was written, and what a newer edge says more is left out", () => {
    const text = encodeConfirmation(confirmation);
    expect(decodeConfirmation(text)).to.deep.equal({ kind: "confirmation", confirmation });
    const more = JSON.stringify({ ...JSON.parse(text), more: 1 });
    expect(decodeConfirmation(more)).to.deep.equal({ kind: "confirmation", confirmation });
  });

  const whole = { edge: "edge-2", position: "1-2", runId: "", applied: "" };
  const damaged: readonly (readonly [string, unknown])[] = [
    ["edge", { ...whole, edge: "" }],
    ["edge", { ...whole, edge: 1 }],
    ["position", { ...whole, position: { epoch: 1, seq: 2 } }],
    ["position", { ...whole, position: "1-" }],
    ["runId", { ...whole, runId: null }],
    ["applied", { ...whole, applied: [] }],
    ["an object", 7],
    ["an object", null],
  ];
  for (const [field, message] of damaged) {
    it(`is ignored when it is damaged, and the reason names ${field}: ${JSON.stringify(message)}`, () => {
      const decoded = decodeConfirmation(JSON.stringify(message));
      expect(decoded).to.have.property("reason").that.contains(field);
    });
  }

  it("is ignored when it is not JSON", () => {
    expect(decodeConfirmation("{").kind).to.equal("unreadable");
  });
});

describe("counts", () => {
  it("stand with the newest first, so that the oldest are cut, and what is left of one is no count", () => {
    const text = encodeCounts(confirmation.applied);
    expect(text).to.match(/^1790000000000000-7=12 /);
    expect(decodeCounts(text)).to.deep.equal(confirmation.applied);
    expect(decodeCounts(text.slice(0, -1))).to.deep.equal(confirmation.applied.slice(1));
  });
});
