import { readFileSync } from "node:fs";
import { systemClock } from "../process/clock.ts";
import { describeError, Failure } from "../process/failure.ts";
import { createLog } from "../process/log.ts";
import { show } from "../process/settings/values.ts";
import { type StartConfig, startConfig } from "./config.ts";
import { demoStage } from "./demo-stage.ts";
import { playStory } from "./demo-story.ts";
import { startSystem } from "./system.ts";

// So far apart that no hiccup of a busy machine makes one of them the nearer.
const LATENCIES = "5ms,100ms,250ms";

const HELP = `Plays the story of a purge on three edges and a router, on free ports of this machine, and checks every step.

usage: npm run demo
   or: edgecache demo
`;
// The exit code of the contract for bad usage.
const BAD_USAGE = 2;

// `npm run demo`: the whole system on free ports, so that it runs beside others, and the story played on it.
const [word] = process.argv.slice(2);
if (word === "--help" || word === "-h") {
  process.stdout.write(HELP);
  process.exit(0);
}
if (word !== undefined) {
  process.stderr.write(`demo: takes no arguments, got ${show(word)}\n`);
  process.exit(BAD_USAGE);
}
const log = createLog("demo", "error");
const system = await startSystem(demoConfig(), { clock: systemClock, log });
try {
  await playStory(demoStage(system, systemClock), (text) => process.stdout.write(text));
  process.stdout.write("\nEvery step was checked. Now for yourself: npm start, or edgecache start\n");
} catch (thrown) {
  if (!(thrown instanceof Failure)) throw thrown;
  process.stderr.write(`demo: ${describeError(thrown)}\n`);
  process.exitCode = 1;
} finally {
  await system.stop();
}

/** The settings of `npm start` without the environment, on any free ports, with edges that are farther apart. */
function demoConfig(): StartConfig {
  const argv = ["--simulate-latency", LATENCIES];
  const config = startConfig({ argv, env: {}, readFile: (path) => readFileSync(path, "utf8") });
  const ports = config.ports.edges.map(() => ({ port: 0, grpcPort: 0, adminPort: 0 }));
  return {
    ...config,
    ports: { router: 0, routerTls: 0, routerAdmin: 0, edges: ports },
  };
}
