import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { z } from "zod";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { readPrometheusText } from "../rig/prometheus-text.ts";
import { RoutedEdge } from "../rig/routed-edge.ts";
import { startTestEdge } from "../rig/test-edge.ts";
import { startTestRouter } from "../rig/test-router.ts";

const DOCS = resolve(import.meta.dirname, "../../docs");
const ALERTS = resolve(DOCS, "ops/alerts.yaml");

const alertFile = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          alert: z.string(),
          expr: z.string(),
          annotations: z.object({ summary: z.string(), runbook: z.string() }),
        }),
      ),
    }),
  ),
});

const dashboard = z.object({
  templating: z.object({ list: z.array(z.object({ name: z.string(), query: z.string() })) }),
  panels: z.array(
    z.object({
      title: z.string(),
      targets: z.array(z.object({ expr: z.string(), legendFormat: z.string() })),
    }),
  ),
});

/** A query, with the labels that are written into its text. */
interface Query {
  readonly where: string;
  readonly expr: string;
  readonly text: string;
}

// Prometheus gives each scraped sample these two.
const LABELS_OF_SCRAPES = ["instance", "job"];

/** The name of each sample with its labels. */
type Known = ReadonlyMap<string, ReadonlySet<string>>;

/** The names and labels in a query that there are not. */
function unknownIn({ where, expr, text }: Query, known: Known): readonly string[] {
  const names = [...new Set(expr.match(/\b(?:edgecache|process|nodejs)_\w+/g) ?? [])];
  const labels = new Set([
    ...[...expr.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)].map(([, label = ""]) => label),
    ...[...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(/,\s*/)),
    ...[...text.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map(([, label = ""]) => label),
  ]);
  if (names.length === 0) return [`${where}: names no metric`];
  return names.flatMap((name) => {
    const own = known.get(name);
    if (own === undefined) return [`${where}: ${name}`];
    return [...labels]
      .filter((label) => !own.has(label) && !LABELS_OF_SCRAPES.includes(label))
      .map((label) => `${where}: ${name} has no label ${label}`);
  });
}

describe("the dashboards and the alert rules", () => {
  let known: Known;
  const { groups } = alertFile.parse(parse(readFileSync(ALERTS, "utf8")));
  const rules = groups.flatMap((group) => group.rules);

  before(async () => {
    const origin = await HttpOrigin.start();
    const edge = await startTestEdge(origin.url);
    const routed = await RoutedEdge.start("routed");
    const router = await startTestRouter([routed]);
    await get(router.base, "/");
    const pages = await Promise.all([edge.operator, router.admin].map((base) => get(base, "/metrics")));
    const samples = pages.flatMap(({ text }) =>
      [...readPrometheusText(text).values()].flatMap((family) => family.samples),
    );
    known = new Map(samples.map(({ name, labels }) => [name, new Set(labels.keys())]));
    await router.running.stop();
    await routed.stop();
    await edge.stop();
    await origin.stop();
  });

  it("name metrics and labels that exist", () => {
    const ofRules = rules.map(({ alert, expr, annotations }) => ({
      where: alert,
      expr,
      text: annotations.summary,
    }));
    const files = readdirSync(resolve(DOCS, "ops")).filter((name) => name.endsWith(".grafana.json"));
    expect(files).to.have.length(2);
    const ofPanels = files.flatMap((file) => {
      const { panels, templating } = dashboard.parse(
        JSON.parse(readFileSync(resolve(DOCS, "ops", file), "utf8")),
      );
      const variables = templating.list.filter(({ name }) => name !== "datasource");
      return [
        ...variables.map(({ query }) => ({ where: file, expr: query, text: "" })),
        ...panels.flatMap(({ title, targets }) =>
          targets.map(({ expr, legendFormat }) => ({ where: title, expr, text: legendFormat })),
        ),
      ];
    });
    expect([...ofRules, ...ofPanels].flatMap((query) => unknownIn(query, known))).to.deep.equal([]);
  });

  it("would be found to name another metric, or a label that a metric has not", () => {
    const unknown = (expr: string, text = "") => unknownIn({ where: "w", expr, text }, known);
    expect(unknown("edgecache_edge_hits")).to.deep.equal(["w: edgecache_edge_hits"]);
    expect(unknown('edgecache_edge_objects{site="a"}')).to.deep.equal([
      "w: edgecache_edge_objects has no label site",
    ]);
    expect(unknown("sum by (edge, reason) (edgecache_edge_objects)")).to.have.length(1);
    expect(unknown("edgecache_edge_objects", "{{ $labels.reason }} of {{edge}}")).to.have.length(1);
  });

  it("have each alarm explained in the documentation", () => {
    const page = readFileSync(resolve(DOCS, "operate.md"), "utf8");
    const explained = [...page.matchAll(/^\| `(EdgeCache\w+)` \(\w+\) \| /gm)].map(([, name]) => name);
    expect(explained).to.deep.equal(rules.map(({ alert }) => alert));
  });

  it("are rules of which promtool has nothing to say", function () {
    if (spawnSync("promtool", ["--version"]).status !== 0) this.skip();
    const { status, stderr } = spawnSync("promtool", ["check", "rules", ALERTS], { encoding: "utf8" });
    expect([status, stderr]).to.deep.equal([0, ""]);
  });
});
