import { expect } from "chai";
import { benchmarksPage, type Run } from "./benchmarks-page.ts";
import { HEADER } from "./results-table.ts";

const RUN: Run = {
  date: "2026-11-27",
  commit: "abc",
  machine: "2 cores of a processor, Linux 6",
  node: "26.0.0",
  caches: ["edgeCache", "nginx 1.22"],
  rounds: 3,
  seconds: 2,
  busy: "0.1",
  missing: ["Varnish is not on PATH (Debian: apt-get install varnish)"],
  rows: ["| hits | edgeCache |", "| hits | nginx 1.22 |"],
};

describe("the page of the benchmark", () => {
  it("tells the circumstances, what is missing, and the rows below the header", () => {
    const page = benchmarksPage(RUN);
    expect(page).to.include("2026-11-27, commit abc, 2 cores of a processor, Linux 6,\nnode 26.0.0.");
    expect(page).to.include("Compared: edgeCache, nginx 1.22.");
    expect(page).to.include("\nVarnish is not on PATH (Debian: apt-get install varnish).\n");
    expect(page.endsWith(`\n${[...HEADER, ...RUN.rows].join("\n")}\n`)).to.equal(true);
  });
});
