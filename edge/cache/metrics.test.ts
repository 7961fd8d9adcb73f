import { expect } from "chai";
import fc from "fast-check";
import { edgeCounters, edgeGauges } from "./metric-rows.ts";
import { EdgeCounters, type GaugeName, metricsText, statsOf } from "./metrics.ts";
import type { CacheOutcome } from "./outcome.ts";

const OUTCOMES: readonly CacheOutcome[] = [
  { kind: "hit", ttl: 1 },
  { kind: "miss", fwd: "uri-miss", stored: true, collapsed: false },
  { kind: "stale", ttl: -1, refreshing: false },
  { kind: "revalidated", fwd: "stale", fwdStatus: 304, stored: true },
  { kind: "bypass", fwd: "method" },
  { kind: "error", fwd: "bypass", detail: "no-host" },
];

const GAUGES = Object.fromEntries(edgeGauges.map(({ name }, i) => [name, i + 0.5])) as Record<
  GaugeName,
  number
>;

/** Samples and types of a Prometheus text, every line of which must be one of the three kinds. */
function parse(text: string): {
  samples: Map<string, number>;
  types: Map<string, string>;
  help: Map<string, string>;
} {
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  const help = new Map<string, string>();
  for (const line of text.split("\n").filter((each) => each !== "")) {
    const parts =
      /^# (?<what>HELP|TYPE) (?<name>[a-z_:][a-z0-9_:]*) (?<rest>.+)$/.exec(line)?.groups ??
      /^(?<name>[a-z_:][a-z0-9_:]*)\{edge="[^"]*"(?:,(?:reason|outcome|protocol)="(?<reason>[^"]*)")?\} (?<rest>-?[0-9.e+]+)$/.exec(
        line,
      )?.groups;
    if (parts === undefined) throw new Error(`not a line of Prometheus text: ${line}`);
    const { what, name = "", reason, rest = "" } = parts;
    if (what === "HELP") help.set(name, rest);
    else if (what === "TYPE") types.set(name, rest);
    else samples.set(reason === undefined ? name : `${name} ${reason}`, Number(rest));
  }
  return { samples, types, help };
}

describe("the counters of an edge", () => {
  it("add up, whatever is answered", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...OUTCOMES)), (outcomes) => {
        const counters = new EdgeCounters();
        for (const outcome of outcomes) counters.answered(outcome);
        const sum = (["hits", "misses", "stale", "revalidated", "bypass", "errors"] as const)
          .map((name) => counters.get(name))
          .reduce((a, b) => a + b);
        expect(counters.get("requests")).to.equal(outcomes.length).and.equal(sum);
      }),
    );
  });

  it("count each kind of outcome in its own place", () => {
    const counters = new EdgeCounters();
    OUTCOMES.forEach((outcome, i) => {
      for (let n = 0; n <= i; n += 1) counters.answered(outcome);
    });
    const names = ["hits", "misses", "stale", "revalidated", "bypass", "errors"] as const;
    expect(names.map((name) => counters.get(name))).to.deep.equal([1, 2, 3, 4, 5, 6]);
    expect(counters.get("fills")).to.equal(0);
  });
});

describe("metrics in the Stats RPC", () => {
  it("is the rows that say so, by their names", () => {
    const counters = new EdgeCounters();
    counters.add("fills", 2);
    const stats = statsOf(counters, GAUGES);
    expect(stats).to.include({ fills: 2, hits: 0, objects: GAUGES.objects, uptimeMs: GAUGES.uptimeMs });
    expect(stats).to.not.have.any.keys("fillsOvertaken", "eventLoopDelayMs");
  });
});

describe("the metrics page", () => {
  it("has every counter and every gauge, with its type, its help and its value", async () => {
    const counters = new EdgeCounters();
    for (const outcome of OUTCOMES) counters.answered(outcome);
    counters.add("fills");
    counters.addReason("notStored", "too-large");
    const { samples, types, help } = parse(await metricsText("edge-1", counters, GAUGES));
    expect(samples.get("edgecache_edge_requests_total")).to.equal(6);
    expect(samples.get("edgecache_edge_hits_total")).to.equal(1);
    expect(samples.get("edgecache_edge_not_stored_total too-large")).to.equal(1);
    expect(samples.get("edgecache_edge_objects")).to.equal(GAUGES.objects);
    expect(samples.get("edgecache_edge_lease_left_ms")).to.equal(GAUGES.leaseLeftMs);
    expect(types.get("edgecache_edge_requests_total")).to.equal("counter");
    expect(types.get("edgecache_edge_objects")).to.equal("gauge");
    const split = edgeCounters.filter((row) => "labels" in row);
    const reasons = split.flatMap(({ name }) => counters.reasons(name)).length;
    expect(samples.size).to.equal(edgeCounters.length - split.length + reasons + edgeGauges.length);
    expect([...help.values()]).to.include.members([...edgeCounters, ...edgeGauges].map((each) => each.help));
  });

  it("splits a counter by reason, and counts them together too", async () => {
    const counters = new EdgeCounters();
    for (const reason of ["vary", "too-large", "vary"] as const) counters.addReason("notStored", reason);
    const { samples } = parse(await metricsText("edge-1", counters, GAUGES));
    expect(samples.get("edgecache_edge_not_stored_total vary")).to.equal(2);
    expect(samples.get("edgecache_edge_not_stored_total too-large")).to.equal(1);
    expect(samples.get("edgecache_edge_not_stored_total private")).to.equal(0);
    expect(counters.get("notStored")).to.equal(3);
  });

  it("has no sample twice and shows a counter that is 0", async () => {
    const text = await metricsText("edge-1", new EdgeCounters(), GAUGES);
    expect(text).to.contain('edgecache_edge_errors_total{edge="edge-1"} 0\n');
    const lines = text.split("\n").filter((line) => line !== "");
    expect(new Set(lines).size).to.equal(lines.length);
  });
});
