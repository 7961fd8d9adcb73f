import { expect } from "chai";
import { readPrometheusText, sampleValue } from "../../test/rig/prometheus-text.ts";
import { edgeGauges } from "./metric-rows.ts";
import { counterCells, EdgeCounters, type GaugeName } from "./metrics.ts";
import { metricsText } from "./metrics-page.ts";

const GAUGES = Object.fromEntries(edgeGauges.map(({ name }) => [name, 0])) as Record<GaugeName, number>;

function sites(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `s${i}`);
}

async function pageOf(counters: EdgeCounters) {
  const page = readPrometheusText(await metricsText("edge-1", counters, GAUGES));
  return (name: string, labels: Readonly<Record<string, string>>) =>
    sampleValue(page, `edgecache_edge_${name}_total`, labels);
}

describe("the counters of each site", () => {
  it("tell responses by outcome and class of status, and the bytes of their content", async () => {
    const counters = new EdgeCounters();
    counters.sites.name(["a", "b"]);
    counters.answered("a", { kind: "hit" }, 200, 1_000);
    counters.answered("a", { kind: "hit" }, 304);
    counters.answered("b", { kind: "miss" }, 599);
    counters.sites.gave("b", "miss", 5);
    counters.sites.gave("b", "miss", 7);
    // No class has them.
    for (const status of [99, 600, 999]) counters.answered("a", { kind: "bypass" }, status);
    const value = await pageOf(counters);
    const responses = (site: string, outcome: string, status: string) =>
      value("responses", { site, outcome, status });
    expect([
      responses("a", "hit", "2xx"),
      responses("a", "hit", "3xx"),
      responses("b", "miss", "5xx"),
      responses("b", "hit", "2xx"),
    ]).to.deep.equal([1, 1, 1, 0]);
    const count = counters.sites.sums("responses").reduce((sum, [, each]) => sum + each, 0);
    expect(count).to.equal(3);
    const bytes = (site: string, outcome: string) => value("response_bytes", { site, outcome });
    expect([bytes("a", "hit"), bytes("b", "miss"), bytes("a", "bypass")]).to.deep.equal([1_000, 12, 0]);
  });

  it("tell why responses were not stored, and how an origin failed", async () => {
    const counters = new EdgeCounters();
    counters.sites.name(["a"]);
    for (const reason of ["vary", "too-large", "vary"] as const) counters.sites.notStored("a", reason);
    counters.sites.originError("a", "dns_error");
    const value = await pageOf(counters);
    expect(value("not_stored", { site: "a", reason: "vary" })).to.equal(2);
    expect(value("not_stored", { site: "a", reason: "private" })).to.equal(0);
    expect(value("origin_errors", { site: "a", reason: "dns_error" })).to.equal(1);
  });

  it("tell requests that no site answers apart", async () => {
    const counters = new EdgeCounters();
    counters.sites.name(["a"]);
    counters.answered(undefined, { kind: "error" }, 421);
    const value = await pageOf(counters);
    expect(value("responses", { site: "_none", outcome: "error", status: "4xx" })).to.equal(1);
    expect(value("responses", { site: "a", outcome: "error", status: "4xx" })).to.equal(0);
  });

  it("are of 1000 sites, and of further ones together", async () => {
    const counters = new EdgeCounters();
    counters.sites.name(sites(1_001));
    for (const site of ["s999", "s1000", "s1001"]) counters.answered(site, { kind: "hit" }, 200);
    const value = await pageOf(counters);
    const hits = (site: string) => value("responses", { site, outcome: "hit", status: "2xx" });
    expect([hits("s999"), hits("s1000"), hits("_other")]).to.deep.equal([1, undefined, 2]);
  });

  it("are told before they have counted anything for 100 sites, and not for more", async () => {
    const hits = async (count: number) => {
      const counters = new EdgeCounters();
      counters.sites.name(sites(count));
      counters.answered("s1", { kind: "hit" }, 200);
      const value = await pageOf(counters);
      return ["s0", "s1"].map((site) => value("responses", { site, outcome: "hit", status: "2xx" }));
    };
    expect(await hits(100)).to.deep.equal([0, 1]);
    expect(await hits(101)).to.deep.equal([undefined, 1]);
  });

  it("have the same places in every thread, also when sites come and go", async () => {
    const cells = counterCells();
    const counters = new EdgeCounters(counterCells(), [cells]);
    for (const named of [["a", "b"], ["c", "b"], ["a"]]) counters.sites.name(named);
    const thread = new EdgeCounters(cells);
    thread.sites.name(counters.sites.named);
    for (const site of ["a", "c", "c"]) thread.answered(site, { kind: "hit" }, 200);
    counters.answered("c", { kind: "hit" }, 200);
    const value = await pageOf(counters);
    const hits = (site: string) => value("responses", { site, outcome: "hit", status: "2xx" });
    expect(["a", "b", "c"].map(hits)).to.deep.equal([1, 0, 3]);
  });
});
