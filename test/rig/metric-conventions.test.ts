import { expect } from "chai";
import { conventionsBroken } from "./metric-conventions.ts";

function broken(name: string, type = "gauge", labels: Readonly<Record<string, string>> = {}): number {
  const sample = { series: name, name, labels: new Map(Object.entries(labels)), value: 1 };
  return conventionsBroken(new Map([[name, { name, help: "Help.", type, samples: [sample] }]])).length;
}

describe("Prometheus' conventions of names", () => {
  it("are kept by base units, and by endings that fit the type", () => {
    expect(broken("edgecache_edge_lease_left_seconds")).to.equal(0);
    expect(broken("edgecache_edge_response_bytes_total", "counter")).to.equal(0);
    expect(broken("edgecache_edge_response_seconds", "histogram", { le: "1" })).to.equal(0);
    expect(broken("edgecache_router_edge_share_ratio", "gauge", { edge: "a" })).to.equal(0);
  });

  it("are broken by other units, endings, types and labels", () => {
    for (const name of ["x_lag_ms", "x_certificate_days_left", "x_lag_milliseconds", "x_kilobytes", "x_pct"])
      expect(broken(name), name).to.equal(1);
    for (const name of ["x_total", "x_count", "x_gauge", "xLag", "x:y", "x_share"])
      expect(broken(name), name).to.equal(1);
    expect(broken("x", "counter")).to.equal(1);
    for (const label of ["le", "quantile", "camelCase"])
      expect(broken("x", "gauge", { [label]: "1" })).to.equal(1);
  });
});
