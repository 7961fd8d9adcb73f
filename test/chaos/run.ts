import { parseArgs } from "node:util";
import { chaos } from "./chaos.ts";
import { chaosText } from "./report.ts";

const USAGE = `node test/chaos/run.ts [--minutes 2] [--seed 1] [--sentinel | --disk]
Three edges, Redis and an origin under load, purges and faults from a seeded schedule; every read is judged.
--sentinel: two Redis and three Sentinels, which fail over again and again.
--disk: all edges have disks, are killed in a loop, and find their files harmed.
Exits with 1 when a guarantee was broken, and shows the history of the page.
`;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
    sentinel: { type: "boolean", default: false },
    disk: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
const isBoth = values.sentinel && values.disk;
if (values.help || isBoth || !(minutes > 0) || !Number.isSafeInteger(seed) || seed < 0) {
  process.stderr.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const report = await chaos({
  minutes,
  seed,
  sentinel: values.sentinel,
  disk: values.disk,
  onStep: (line) => void process.stdout.write(`${line}\n`),
});
process.stdout.write(chaosText(report));
process.exit(report.violations.length === 0 ? 0 : 1);
