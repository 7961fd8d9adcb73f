import { expect } from "chai";
import fc from "fast-check";
import type { StatsRow } from "../proto/json/stats-row.ts";
import { LiveScreen } from "./live-screen.ts";
import { sparkline } from "./sparkline.ts";
import type { Painter } from "./terminal.ts";

const plain: Painter = { paint: (_colour, text) => text };

function row(edge: string, seconds: number, requests: number, hits: number, state = "serving"): StatsRow {
  const figures = { lagMs: 0, misses: 0, stale: 0, revalidated: 0, bypass: 0, objects: 0, bytes: 0 };
  return {
    ...{
      edge,
      state,
      position: "1-1",
      ...figures,
      collapsed: 0,
      purges: 0,
      bytesSent: 0,
      hitBytes: 0,
      disk: null,
    },
    ...{ requests, hits, errors: 0, fills: requests - hits, uptimeMs: seconds * 1_000 },
  };
}

describe("a sparkline", () => {
  it("has the newest figure on the right, a full bar for the highest, and none where nothing is known", () => {
    expect(sparkline([0, 50, 100], 3)).to.equal("▁▅█");
    expect(sparkline([1, null, 1], 5)).to.equal("  █ █");
    expect(sparkline([9, 9, 0, 0], 2)).to.equal("▁▁");
    expect(sparkline([], 0)).to.equal("");
  });
});

describe("the live screen", () => {
  it("shows what happened in the last second, at the fleet and at each edge", () => {
    const screen = new LiveScreen();
    screen.take([row("edge-1", 1, 100, 90), row("edge-2", 9, 0, 0)]);
    screen.take([row("edge-1", 2, 300, 240), row("edge-2", 10, 100, 100)]);
    const text = screen.lines(plain, { columns: 60, rows: 24 }).join("\n");
    expect(text).to.match(/^requests\/s +300 +█$/m);
    expect(text).to.match(/^hits +83 % +█$/m);
    expect(text).to.match(/^fills\/s +50 +█$/m);
    expect(text).to.match(/^edge-1 +serving +200\/s +75 % +█$/m);
    expect(text).to.match(/^edge-2 +serving +100\/s +100 % +█$/m);
  });

  it("takes no figures over a restart, or from an edge that is gone", () => {
    const screen = new LiveScreen();
    screen.take([row("edge-1", 500, 9_000, 9_000)]);
    screen.take([row("edge-1", 1, 5, 5)]);
    screen.take([{ ...row("edge-1", 2, 7, 7), requests: null, uptimeMs: null, state: "unreachable" }]);
    expect(screen.lines(plain, { columns: 60, rows: 24 }).at(-1)).to.match(/^edge-1 +unreachable +-\/s +-/);
  });

  it("fits every screen, whatever the edges are called", () => {
    const names = fc.array(fc.string({ maxLength: 40 }), { maxLength: 40 });
    const sizes = fc.record({
      columns: fc.integer({ min: 1, max: 200 }),
      rows: fc.integer({ min: 8, max: 60 }),
    });
    fc.assert(
      fc.property(names, sizes, (edges, size) => {
        const screen = new LiveScreen();
        for (const second of [1, 2, 3])
          screen.take(edges.map((edge) => row(edge, second, second * 1_000_000, second * 999_999)));
        const lines = screen.lines(plain, size);
        expect(lines.length).to.be.below(size.rows);
        for (const line of lines) {
          expect(line.length).to.be.at.most(size.columns);
          expect(line).to.match(/^\P{Cc}*$/u);
        }
      }),
    );
  });
});
