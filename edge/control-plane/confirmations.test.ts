import { expect } from "chai";
import type { Confirmation } from "../../purge-log/purge-log.ts";
import { Confirmations } from "./confirmations.ts";

const at = (seq: number) => ({ epoch: 7, seq });

describe("the confirmations that an edge remembers", () => {
  let confirm: (confirmation: Confirmation) => void;
  let confirmations: Confirmations;

  beforeEach(() => {
    confirmations = new Confirmations("taker", {
      onConfirmation: (_edge, listener) => {
        confirm = listener;
        return () => undefined;
      },
    });
  });

  const applied = (edge: string, seq: number): void => {
    confirm({
      edge,
      position: at(seq),
      runId: "r",

      applied: [{ position: at(seq), objects: seq }],
    });
  };

  it("have the objects of the latest 256 purges", () => {
    for (let seq = 1; seq <= 256; seq += 1) applied("edge-1", seq);
    expect(confirmations.objects(at(1), "edge-1")).to.equal(1);
    applied("edge-1", 257);
    expect([1, 2, 257].map((seq) => confirmations.objects(at(seq), "edge-1"))).to.deep.equal([
      undefined,
      2,
      257,
    ]);
  });

  it("are of ten thousand edges at most", () => {
    for (let edge = 1; edge <= 10_000; edge += 1) applied(`edge-${edge}`, 1);
    expect([...confirmations.latest()]).to.have.length(10_000);
    expect(confirmations.objects(at(1), "edge-1")).to.equal(1);
    applied("edge-10001", 1);
    expect([...confirmations.latest()]).to.have.length(10_000);
    expect(["edge-1", "edge-2"].map((edge) => confirmations.objects(at(1), edge))).to.deep.equal([
      undefined,
      1,
    ]);
  });
});
