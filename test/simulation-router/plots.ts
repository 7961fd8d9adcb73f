import { HERD_GROWS_MS, type Herd } from "./herd.ts";
import type { Latencies } from "./latencies.ts";
import { linePanel } from "./line-panel.ts";
import { BEGINS_MS, ENDS_MS } from "./scenarios.ts";
import { spanPanel } from "./span-panel.ts";
import { type LegendEntry, svgFigure } from "./svg-figure.ts";
import type { Round } from "./tournament.ts";

// The scenarios that are shown over time last a minute.
const SECONDS = 60;

// Below a short hop and above a minute's queue there is nothing to see.
const LEAST_MS = 20;
const MOST_MS = 10_000;

/** Mean and 95th percentile of every policy in every scenario. */
export function latencyPlot(rounds: readonly Round[], policies: readonly string[]): string {
  return svgFigure({
    title: "Latency by scenario and policy: mean (dot) to 95th percentile (end)",
    description: "edgeCache is close to perfect knowledge in every scenario; the others are not.",
    legend: legendOf(policies),
    panels: [
      spanPanel({
        xLabel: "from the router to an edge and back, ms (logarithmic)",
        from: LEAST_MS,
        to: MOST_MS,
        rows: rounds.map(({ scenario, results }) => ({
          title: scenario,
          spans: results.map((result, colour) => span(result, colour)),
        })),
      }),
    ],
  });
}

function span(result: Latencies, colour: number): { colour: number; dot: number; end: number } {
  return { colour, dot: result.meanMs, end: result.quantileMs(0.95) };
}

/** What those near one edge see over time while something happens there: means of each second, by policy. */
export interface Followed {
  readonly scenario: string;
  readonly edge: string;
  readonly marks: readonly [begins: string, ends: string];
  readonly means: readonly (readonly (readonly [seconds: number, meanMs: number | undefined])[])[];
}

export function followsPlot(followed: readonly Followed[], policies: readonly string[]): string {
  return svgFigure({
    title: "What clients see whose nearest edge gets far, slow or crowded",
    description: "edgeCache moves away within seconds and comes back; the static choice stays.",
    legend: legendOf(policies),
    panels: followed.map(({ scenario, edge, marks: [begins, ends], means }) =>
      linePanel({
        title: `${scenario}: those near ${edge}`,
        xLabel: "time, s",
        yLabel: `mean of each second, ms (up to ${FOLLOWED_MS})`,
        xTo: SECONDS,
        yTo: FOLLOWED_MS,
        marks: [
          { x: BEGINS_MS / 1000, text: begins },
          { x: ENDS_MS / 1000, text: ends },
        ],
        lines: means.map((points, colour) => ({ colour, points })),
      }),
    ),
  });
}

// What stays on the nearest edge leaves the picture here.
const FOLLOWED_MS = 300;

export function herdPlot(herds: readonly { readonly title: string; readonly herd: Herd }[]): string {
  return svgFigure({
    title: "1,000 routers that see the same best edge",
    description:
      "With edgeCache the shares settle; with the least round trip alone they swing from edge to edge.",
    legend: legendOf(["edge 1, 10 ms", "edge 2, 15 ms", "edge 3, 20 ms"]),
    panels: herds.map(({ title, herd }) =>
      linePanel({
        title,
        xLabel: "time, s",
        yLabel: "share of all requests",
        xTo: SECONDS,
        yTo: 1,
        marks: [{ x: HERD_GROWS_MS / 1000, text: "three times the demand" }],
        lines: herd.shares.map((points, colour) => ({ colour, points })),
      }),
    ),
  });
}

function legendOf(texts: readonly string[]): LegendEntry[] {
  return texts.map((text, colour) => ({ text, colour }));
}
