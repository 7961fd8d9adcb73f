import { expect } from "chai";
import fc from "fast-check";
import { Fields } from "../../http/message/fields.ts";
import { processorMs } from "../../test/rig/processor-time.ts";
import { isLoop } from "./loop.ts";

const loops = (name: string, ...lines: string[]) =>
  isLoop(Fields.of(lines.map((line) => [name, line] as const)), "edge-1");

describe("isLoop", () => {
  it("is false for a request that has been nowhere", () => {
    expect(isLoop(Fields.of([["Accept", "edge-1"]]), "edge-1")).to.equal(false);
  });

  const seen: readonly [name: string, ...lines: string[]][] = [
    ["CDN-Loop", "edge-1"],
    ["cdn-loop", "other, edge-1"],
    ["CDN-Loop", "other", "edge-1"],
    ["CDN-Loop", "edge-1; x=1"],
    ["CDN-Loop", ' other;note="a, b" ,\tedge-1;a;b="c" '],
    ["CDN-Loop", 'other;note="never closed, edge-1'],
    ["Via", "1.1 edge-1"],
    ["Via", "1.0 fred, HTTP/1.1 edge-1:8081 (edgeCache)"],
    ["Via", "1.1 fred (a, (nested\\)) b), 1.1 edge-1"],
    ["Via", '1.1 fred (say "hi), 1.1 edge-1, 1.1 bob (")'],
    ["Via", "1.1 fred (never closed, 1.1 edge-1"],
    ["Via", "1.1 fred", "1.1\tedge-1(comment)"],
  ];
  for (const [name, ...lines] of seen) {
    it(`sees the node in ${name}: ${lines.join(" | ")}`, () => expect(loops(name, ...lines)).to.equal(true));
  }

  const other: readonly [name: string, ...lines: string[]][] = [
    ["CDN-Loop", ""],
    ["CDN-Loop", "edge-10, my-edge-1, edge-1.example, Edge-1"],
    ["CDN-Loop", "other; edge-1"],
    ["CDN-Loop", 'other;note="x, edge-1"'],
    ["Via", "1.1 edge-10, edge-1 fred, 1.1 edge-1.example:80"],
    ["Via", "1.1 fred (x, 1.1 edge-1)"],
    ["Via", "1.1 fred (a (b) , 1.1 edge-1 \\) , 1.1 edge-1)"],
    ["Via", "edge-1"],
    ["Via", "1.1 [::1]:80"],
  ];
  for (const [name, ...lines] of other) {
    it(`sees others in ${name}: ${lines.join(" | ")}`, () => expect(loops(name, ...lines)).to.equal(false));
  }

  it("takes more than a hundred hops for a loop, whatever their names", () => {
    const hops = (count: number) => Array.from({ length: count }, (_, i) => `1.1 hop-${i}`).join(",");
    expect([loops("Via", hops(100)), loops("Via", hops(101))]).to.deep.equal([false, true]);
    expect(loops("CDN-Loop", "a,".repeat(101))).to.equal(true);
  });

  it("sees the node after any other members", () => {
    const token = fc.stringMatching(/^[a-z0-9.-]{1,20}$/);
    fc.assert(
      fc.property(fc.array(token, { maxLength: 50 }), (hops) => {
        expect(loops("CDN-Loop", [...hops, "edge-1"].join(", "))).to.equal(true);
        expect(loops("Via", [...hops.map((hop) => `1.1 ${hop} (x)`), "1.1 edge-1"].join(","))).to.equal(true);
      }),
    );
  });

  it("never throws, and takes time in proportion to the length", () => {
    fc.assert(fc.property(fc.string(), (text) => typeof loops("Via", text) === "boolean"));
    const took = processorMs(() => {
      for (const part of ["(", ")", "\\", '"', ",", " ", "1.1 a (", "a "]) {
        loops("Via", part.repeat(100_000));
        loops("CDN-Loop", part.repeat(100_000));
      }
    });
    expect(took).to.be.below(2_000);
  });
});
