// npm run docs: writes the tables of settings and metrics in docs/reference.md from the code that they describe.
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import {
  clientConnectionsGauge,
  edgeCounters,
  edgeGauges,
  edgeHistograms,
  edgeSiteCounters,
  edgeSiteGauges,
} from "../edge/cache/metric-rows.ts";
import { edgeProgram } from "../edge/config.ts";
import { Failure } from "../process/failure.ts";
import { settingsTable } from "../process/settings/help.ts";
import { routerProgram } from "../router/config.ts";
import { routerCounters, routerGauges, routerHistograms } from "../router/metric-rows.ts";
import { startProgram } from "./config.ts";

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  readonly grows?: true;
}

const TABLES: ReadonlyMap<string, string> = new Map([
  ["flags:start", settingsTable(startProgram)],
  ["flags:edge", settingsTable(edgeProgram)],
  ["flags:router", settingsTable(routerProgram)],
  [
    "counters:edge",
    metricsTable(
      "edge",
      [...edgeCounters, ...edgeSiteCounters],
      [...edgeGauges, clientConnectionsGauge, ...edgeSiteGauges, ...edgeHistograms],
    ),
  ],
  ["counters:router", metricsTable("router", routerCounters, [...routerGauges, ...routerHistograms])],
]);

/** Metrics by the names that Prometheus reads; a name that ends in _total only ever grows. */
function metricsTable(program: string, counters: readonly Metric[], gauges: readonly Metric[]): string {
  const row = ({ name, help, labels = [] }: Metric, end: string) => {
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const by = labels.length === 0 ? "" : `{${labels.join(", ")}}`;
    return `| \`edgecache_${program}_${snake}${end}${by}\` | ${help} |`;
  };
  return [
    "| metric | meaning |",
    "| --- | --- |",
    ...counters.map((each) => row(each, "_total")),
    ...gauges.map((each) => row(each, each.grows ? "_total" : "")),
  ].join("\n");
}

/** The same text with every table between its markers made anew. Throws when a table or a marker is missing. */
export function withTables(page: string): string {
  const placed = new Set<string>();
  const filled = page.replace(
    /(<!-- begin ([a-z]+:[a-z]+) -->)[\s\S]*?(<!-- end \2 -->)/g,
    (_, begin: string, name: string, end: string) => {
      const table = TABLES.get(name);
      if (table === undefined)
        throw new Failure("bad-reference", "config", `docs/reference.md: no table is named ${name}`);
      placed.add(name);
      return `${begin}\n\n${table}\n\n${end}`;
    },
  );
  for (const name of TABLES.keys()) {
    if (placed.has(name)) continue;
    throw new Failure(
      "bad-reference",
      "config",
      `docs/reference.md: must have the markers of the table ${name}, got none`,
    );
  }
  return filled;
}

if (import.meta.main) {
  const path = resolve(import.meta.dirname, "../docs/reference.md");
  writeFileSync(path, withTables(readFileSync(path, "utf8")));
}
