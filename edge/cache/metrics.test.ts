import { expect } from "chai";
import fc from "fast-check";
import { readPrometheusText, sampleValue } from "../../test/rig/prometheus-text.ts";
import { BOUNDS_MS } from "./histogram.ts";
import {
  clientConnectionsGauge,
  edgeCounters,
  edgeGauges,
  edgeHistograms,
  edgeSiteCounters,
  edgeSiteGauges,
} from "./metric-rows.ts";
import { counterCells, EdgeCounters, type GaugeName, statsOf } from "./metrics.ts";
import { metricsText } from "./metrics-page.ts";
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

describe("the counters of an edge", () => {
  it("add up, whatever is answered", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...OUTCOMES)), (outcomes) => {
        const counters = new EdgeCounters();
        for (const outcome of outcomes) counters.answered("a", outcome, 200);
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
      for (let n = 0; n <= i; n += 1) counters.answered("a", outcome, 200);
    });
    const names = ["hits", "misses", "stale", "revalidated", "bypass", "errors"] as const;
    expect(names.map((name) => counters.get(name))).to.deep.equal([1, 2, 3, 4, 5, 6]);
    expect(counters.get("fills")).to.equal(0);
  });
});

describe("the counters of all outcomes together", () => {
  it("have a count for each step of the time until answers began, and what took longer", () => {
    const counters = new EdgeCounters();
    for (const [at, waited] of [0, 0.001, 0.0011, 2.5, 11].entries())
      counters.answered("a", OUTCOMES[at] ?? { kind: "hit" }, 200, 0, waited);
    expect(counters.waits).to.have.length(BOUNDS_MS.length + 1);
    const counted = counters.waits.flatMap((count, step) =>
      count === 0 ? [] : [[BOUNDS_MS[step] ?? "longer", count]],
    );
    expect(counted).to.deep.equal([
      [1, 2],
      [2.5, 1],
      [2_500, 1],
      ["longer", 1],
    ]);
  });

  it("have the bytes that clients were given, and those of stored responses among them", () => {
    const counters = new EdgeCounters();
    counters.sites.name(["a"]);
    OUTCOMES.forEach((outcome, i) => {
      counters.answered(i % 2 === 0 ? "a" : "other", outcome, 200, 10 ** i);
    });
    // In their order: hit, miss, stale, revalidated, bypass, error.
    expect(counters.sites.bytes).to.deep.equal({ sent: 111_111, ofHits: 1_101 });
  });
});

describe("metrics in the Stats RPC", () => {
  it("is the rows that say so, by their names", () => {
    const counters = new EdgeCounters();
    counters.add("fills", 2);
    const stats = statsOf(counters, GAUGES);
    expect(stats).to.include({ fills: 2, hits: 0, objects: GAUGES.objects });
    expect(stats).to.not.have.any.keys("fillsOvertaken", "eventLoopDelaySeconds");
  });
});

describe("the metrics page", () => {
  it("has every counter and every gauge, with its type, its help and its value", async () => {
    const counters = new EdgeCounters();
    counters.sites.name(["a"]);
    for (const outcome of OUTCOMES) counters.answered("a", outcome, 200);
    counters.add("fills");
    counters.sites.notStored("a", "too-large");
    const page = readPrometheusText(await metricsText("edge-1", counters, GAUGES));
    expect(sampleValue(page, "edgecache_edge_requests_total")).to.equal(6);
    expect(sampleValue(page, "edgecache_edge_hits_total")).to.equal(1);
    expect(sampleValue(page, "edgecache_edge_not_stored_total", { reason: "too-large" })).to.equal(1);
    expect(sampleValue(page, "edgecache_edge_objects", { edge: "edge-1" })).to.equal(GAUGES.objects);
    expect(sampleValue(page, "edgecache_edge_lease_left_seconds")).to.equal(GAUGES.leaseLeftSeconds);
    expect(page.get("edgecache_edge_requests_total")?.type).to.equal("counter");
    expect(page.get("edgecache_edge_objects")?.type).to.equal("gauge");
    const rows = [
      ...edgeCounters,
      ...edgeSiteCounters,
      ...edgeGauges,
      clientConnectionsGauge,
      ...edgeSiteGauges,
      ...edgeHistograms,
    ];
    expect(page.size).to.equal(rows.length);
    expect([...page.values()].map(({ help }) => help)).to.include.members(rows.map(({ help }) => help));
    for (const row of [...edgeCounters, ...edgeSiteCounters].filter((each) => "labels" in each)) {
      const name = `edgecache_edge_${row.name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_total`;
      for (const { labels } of page.get(name)?.samples ?? [])
        expect([...labels.keys()]).to.deep.equal(["edge", ...row.labels]);
    }
  });

  it("splits a counter by reason, and counts them together too", async () => {
    const counters = new EdgeCounters();
    for (const reason of ["room", "memory-short", "room"] as const) counters.addReason("evicted", reason);
    const page = readPrometheusText(await metricsText("edge-1", counters, GAUGES));
    const counts = ["room", "memory-short"].map((reason) =>
      sampleValue(page, "edgecache_edge_evicted_total", { reason }),
    );
    expect(counts).to.deep.equal([2, 1]);
    expect(counters.get("evicted")).to.equal(3);
  });

  it("tells how long answers took to begin, of every thread together", async () => {
    const cells = counterCells();
    const [counters, thread] = [new EdgeCounters(counterCells(), [cells]), new EdgeCounters(cells)];
    counters.answered("a", { kind: "hit" }, 200);
    thread.answered("a", { kind: "hit" }, 200);
    thread.answered("a", { kind: "hit" }, 200, 0, 0.2);
    counters.answered("a", { kind: "miss" }, 200, 0, 0.2);
    counters.took("originSeconds", 0.15);
    const page = readPrometheusText(await metricsText("edge-1", counters, GAUGES));
    const below = (outcome: string, le: string) =>
      sampleValue(page, "edgecache_edge_response_seconds_bucket", { outcome, le });
    expect([below("hit", "0.001"), below("hit", "0.1"), below("hit", "0.25")]).to.deep.equal([2, 2, 3]);
    expect([below("miss", "0.1"), below("miss", "+Inf"), below("error", "+Inf")]).to.deep.equal([0, 1, 0]);
    expect(sampleValue(page, "edgecache_edge_origin_seconds_sum")).to.equal(0.15);
    expect(sampleValue(page, "edgecache_edge_purge_seconds_count")).to.equal(0);
  });

  it("tells the connections to the origins of 1000 sites, and those of further sites together", async () => {
    const pageOf = async (sites: number) =>
      readPrometheusText(
        await metricsText("edge-1", new EdgeCounters(), GAUGES, {
          sites: new Map(
            Array.from({ length: sites }, (_, i) => [`s${i}`, { active: 2, idle: 1, waiting: 3 }]),
          ),
        }),
      );
    const active = { site: "s999", state: "active" };
    const most = await pageOf(1_000);
    expect(sampleValue(most, "edgecache_edge_origin_connections", active)).to.equal(2);
    expect(sampleValue(most, "edgecache_edge_origin_requests_waiting", { site: "_other" })).to.equal(
      undefined,
    );
    const more = await pageOf(1_002);
    expect(more.get("edgecache_edge_origin_requests_waiting")?.samples).to.have.length(1_001);
    expect(sampleValue(more, "edgecache_edge_origin_connections", active)).to.equal(2);
    expect(sampleValue(more, "edgecache_edge_origin_connections", { ...active, site: "_other" })).to.equal(4);
    expect(sampleValue(more, "edgecache_edge_origin_requests_waiting", { site: "_other" })).to.equal(6);
  });
});
