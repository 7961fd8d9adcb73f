import { parseArgs } from "node:util";
import { told, violationsIn } from "./find-violation.ts";
import { makePlan } from "./plan.ts";
import { REAL_WORLD, World } from "./world.ts";

const USAGE = `npm run simulate -- [--seeds N] [--from S]    plays N histories (10000) from seed S (0) on
npm run simulate -- --seed S [--trace]       plays one, and tells it line by line
With --workers N each edge has N threads that serve; 1 is the default. With --disk each stores on disk too.
With --peers they ask each other before the origin.
Exit code 1: a promise was broken.
`;

// The histories have a few dozen requests.
const MOST_WORKERS = 16;

function write(text: string): void {
  process.stdout.write(text);
}

/** A whole number of the command line; undefined for anything else. */
function whole(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** What is played: one history, or others from its seed on. */
interface Played {
  readonly seed: number;
  readonly workers: number;
  readonly disk: boolean;
  readonly peers: boolean;
}

async function playOne({ seed, workers, disk, peers }: Played, trace: boolean): Promise<boolean> {
  const tell = trace ? (line: string) => write(`${line}\n`) : undefined;
  const violations = await new World({ ...makePlan(seed, workers, disk), peers }, REAL_WORLD, tell).run();
  write(
    violations.length === 0
      ? `seed ${seed}: every promise kept\n`
      : `${told({ seed, workers, disk, peers, violations })}\n`,
  );
  return violations.length === 0;
}

async function playMany({ seed: from, workers, disk, peers }: Played, seeds: number): Promise<boolean> {
  const began = performance.now();
  let broken = 0;
  for await (const found of violationsIn({ from, seeds, workers, disk, peers, rules: REAL_WORLD })) {
    broken += 1;
    write(`${told(found)}\n`);
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  write(`${seeds} histories from seed ${from}: ${broken} with a broken promise, in ${seconds} s\n`);
  return broken === 0;
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "10000" },
      from: { type: "string", default: "0" },
      seed: { type: "string" },
      workers: { type: "string", default: "1" },
      disk: { type: "boolean", default: false },
      peers: { type: "boolean", default: false },
      trace: { type: "boolean", default: false },
    },
  });
  const [seeds, from, workers] = [whole(values.seeds), whole(values.from), whole(values.workers)];
  const seed = values.seed === undefined ? undefined : whole(values.seed);
  const isWrong =
    seeds === undefined || from === undefined || (values.seed !== undefined && seed === undefined);
  if (isWrong || workers === undefined || workers < 1 || workers > MOST_WORKERS) {
    write(USAGE);
    return false;
  }
  return seed === undefined
    ? await playMany({ seed: from, workers, disk: values.disk, peers: values.peers }, seeds)
    : await playOne({ seed, workers, disk: values.disk, peers: values.peers }, values.trace);
}

process.exitCode = (await main()) ? 0 : 1;
