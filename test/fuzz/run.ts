import { parseArgs } from "node:util";
import { fuzzTargets } from "./fuzz.ts";

const USAGE = `npm run fuzz -- [--minutes 10] [--seed 1]
Every reader of what comes from outside gets hostile inputs, with other seeds from round to round.
Exits with 1 at the first input that breaks one, and shows it with its seed.
`;

// One round of all readers takes some seconds, so that the time is kept within that.
const RUNS_A_ROUND = 5_000;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    help: { type: "boolean", default: false },
  },
});
const minutes = Number(values.minutes);
const firstSeed = Number(values.seed);
if (values.help || !(minutes > 0) || !Number.isSafeInteger(firstSeed)) {
  process.stderr.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const until = performance.now() + minutes * 60_000;
let seed = firstSeed;
for (; performance.now() < until; seed += 1) {
  for (const target of fuzzTargets) target.try({ runs: RUNS_A_ROUND, seed });
}
const inputs = (seed - firstSeed) * RUNS_A_ROUND;
process.stdout.write(
  `${fuzzTargets.length} readers, ${inputs} inputs each, seeds ${firstSeed} to ${seed - 1}: none breaks\n`,
);
