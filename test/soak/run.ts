import { setPriority } from "node:os";
import { parseArgs } from "node:util";
import { soak } from "./soak.ts";
import { countsText, verdictText, violationsText } from "./soak-text.ts";

const USAGE = `npm run soak -- --hours 2 [--seed 1]
Three edges, a router, Redis and two origins under a light load for hours, with faults, purges, reloads and restarts.
A line each minute. Exits with 1 when a guarantee was broken, a request was lost or a program grew. Needs Linux.
`;
// Programs of a soak wait for all others.
const NICENESS = 10;

const { values } = parseArgs({
  options: {
    hours: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
    help: { type: "boolean", default: false },
  },
});
const hours = Number(values.hours);
const seed = Number(values.seed);
if (values.help || !(hours > 0) || !Number.isSafeInteger(seed) || seed < 0 || process.platform !== "linux") {
  process.stderr.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
setPriority(NICENESS);
const { verdict, sums, operations, reads, violations } = await soak({
  hours,
  seed,
  say: (line) => void process.stdout.write(`${line}\n`),
});
process.stdout.write(
  `soak        seed ${seed}, ${sums.minutes.toFixed(1)} minutes, ${sums.requests} requests, ${sums.violations} violations, ${sums.lost} lost\n` +
    countsText("operations", operations) +
    countsText("reads", reads) +
    countsText("purges", sums.purges) +
    verdictText(verdict) +
    violationsText(violations),
);
process.exit(verdict.kind === "broken" ? 1 : 0);
