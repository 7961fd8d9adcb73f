/**
 * How many requests a store answers under each policy of eviction, for made and for recorded requests, beside LRU, SIEVE,
 * S3-FIFO, W-TinyLFU and a cache that knows the future. `--trace FILE` adds a request log, `--seed N` makes other requests,
 * `--quick` takes one workload. How to read it: docs/hit-ratio.md, which `--write` makes anew.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Eviction } from "../edge/store/eviction/eviction.ts";
import { evictionBy, evictionPolicies } from "../edge/store/eviction/policies.ts";
import { bound, type HitRatio, optimum } from "./hit-ratio/optimum.ts";
import { chargeOf, replay } from "./hit-ratio/replay.ts";
import { readTrace } from "./hit-ratio/trace.ts";
import { WTinyLfu } from "./hit-ratio/w-tinylfu.ts";
import { sizeOf, type Workload, workloads } from "./hit-ratio/workloads.ts";
import { median } from "./median.ts";

const { values } = parseArgs({
  options: {
    trace: { type: "string", multiple: true, default: [] },
    seed: { type: "string", default: "1" },
    quick: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});

// Of the bytes of all pages.
const SHARES = [0.001, 0.01, 0.1];
const PAGE = "docs/hit-ratio.md";
const BEGIN = "<!-- table -->";

const policies: readonly (readonly [string, () => Eviction])[] = [
  ...evictionPolicies.map((policy) => [policy, () => evictionBy(policy)] as const),
  ["w-tinylfu", () => new WTinyLfu()],
];

interface Sized extends Workload {
  readonly size: (page: number) => number;
}

function percent({ requests, bytes }: HitRatio): string {
  return `${(100 * requests).toFixed(1)} / ${(100 * bytes).toFixed(1)}`;
}

/** By policy, the processor time of a request in each row. */
const costs: number[][] = [];

function rowsOf({ name, pages, size }: Sized): readonly string[] {
  let all = 0;
  const charges = new Map<number, number>();
  for (const page of new Set(pages)) {
    const charge = chargeOf(page, size(page));
    charges.set(page, charge);
    all += charge;
  }
  return SHARES.map((share) => {
    const most = Math.floor(all * share);
    const found = policies.map(([, eviction]) => replay(pages, size, most, eviction));
    const charge = (page: number) => charges.get(page) ?? 0;
    const isOneSize = new Set(charges.values()).size === 1;
    const cells = [
      ...found.map(percent),
      percent(optimum(pages, charge, most)),
      isOneSize ? "=" : percent(bound(pages, charge, most)),
    ];
    for (const [n, { microsecondsARequest }] of found.entries())
      costs[n] = [...(costs[n] ?? []), microsecondsARequest];
    process.stdout.write(`${name}, ${100 * share} %: ${cells.join(", ")}\n`);
    return `| ${name} | ${100 * share} % | ${cells.join(" | ")} |`;
  });
}

const made = workloads(Number(values.seed));
const chosen: readonly Sized[] = [
  ...(values.quick ? made.slice(1, 2) : made).map((each) => ({ ...each, size: () => 1_024 })),
  ...(values.quick ? [] : made).map((each) => ({
    ...each,
    name: `${each.name}, sizes differ`,
    size: sizeOf,
  })),
  ...values.trace
    .map(readTrace)
    .map((each) => ({ ...each, size: (page: number) => each.sizes.get(page) ?? 1 })),
];
const names = [...policies.map(([name]) => name), "knows the future", "bound"];
const table = [
  `| requests | store | ${names.join(" | ")} |`,
  `| --- | --- | ${names.map(() => "---").join(" | ")} |`,
  ...chosen.flatMap(rowsOf),
  `| µs a request, median | | ${costs.map((times) => median(times).toFixed(1)).join(" | ")} | | |`,
].join("\n");
if (values.write) {
  const [above = ""] = readFileSync(PAGE, "utf8").split(BEGIN);
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(
    PAGE,
    `${above}${BEGIN}\n\nMade on ${date}, node ${process.versions.node}, seed ${values.seed}.\n\n${table}\n`,
  );
} else process.stdout.write(`\n${table}\n`);
