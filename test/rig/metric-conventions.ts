import type { MetricFamily } from "./prometheus-text.ts";

// The units of Prometheus' naming conventions are base units: https://prometheus.io/docs/practices/naming/#base-units.
const OTHER_UNITS =
  /_(?:(?:milli|micro|nano|kilo|mega|giga|kibi|mebi|gibi)\w*|minutes?|hours?|days?|weeks?|percent|bits?)(?:_|$)/;
const ABBREVIATED = /_(?:s|ms|us|ns|sec|h|d|b|kb|mb|gb|kib|mib|gib|pct)(?:_|$)/;
const TYPE_IN_NAME = /_(?:gauge|counter|histogram|summary)(?:_|$)/;
const SNAKE_CASE = /^[a-z][a-z0-9_]*$/;
const OF_HISTOGRAMS = /_(?:bucket|sum|count)$/;

/** What `promtool check metrics` would say of the page, and of shares that do not end in `_ratio`. */
export function conventionsBroken(page: ReadonlyMap<string, MetricFamily>): readonly string[] {
  return [...page.values()].flatMap(({ name, help, type, samples }) => {
    const labels = new Set(samples.flatMap((sample) => [...sample.labels.keys()]));
    const isDistribution = type === "histogram" || type === "summary";
    const broken: readonly (readonly [boolean, string])[] = [
      [help.trim() === "", "has no help"],
      [OTHER_UNITS.test(name), "has another unit than a base unit"],
      [ABBREVIATED.test(name), "has an abbreviated unit"],
      [TYPE_IN_NAME.test(name), "has its type in its name"],
      [!SNAKE_CASE.test(name), "is not in snake case"],
      [[...labels].some((label) => !SNAKE_CASE.test(label)), "has a label that is not in snake case"],
      [(type === "counter") !== name.endsWith("_total"), "ends in _total and is no counter, or the reverse"],
      [!isDistribution && OF_HISTOGRAMS.test(name), "ends as the samples of a histogram do"],
      [type !== "histogram" && labels.has("le"), "has the label le and is no histogram"],
      [type !== "summary" && labels.has("quantile"), "has the label quantile and is no summary"],
      [/_(?:share|loss|factor)$/.test(name), "is a ratio and does not end in _ratio"],
    ];
    return broken.filter(([isBroken]) => isBroken).map(([, why]) => `${name} ${why}`);
  });
}
