import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeError } from "../../process/failure.ts";
import { settingsOrExit } from "../../process/settings/or-exit.ts";
import { readSettings } from "../../process/settings/read-settings.ts";
import { show } from "../../process/settings/values.ts";
import { switchesPerMinute } from "./flapping.ts";
import { playHerd, swing } from "./herd.ts";
import type { Latencies } from "./latencies.ts";
import { LocalLatency } from "./local-latency.ts";
import { EDGE_CACHE, LOWEST_RTT } from "./measuring-router.ts";
import { type Followed, followsPlot, herdPlot, latencyPlot } from "./plots.ts";
import type { Policy } from "./policy.ts";
import { resultTable } from "./result-table.ts";
import { PERFECT, RANDOM, ROUND_ROBIN, STATIC_NEAREST } from "./rival-policies.ts";
import type { Scenario } from "./scenario.ts";
import { FOLLOWED, SCENARIOS } from "./scenarios.ts";
import { SIMULATE_ROUTER } from "./settings.ts";
import { overall, playOnMap, type Round, requestsPerSecond, type Scale } from "./tournament.ts";

// The last two would hide the others in a picture of milliseconds over time.
const POLICIES: readonly Policy[] = [EDGE_CACHE, PERFECT, STATIC_NEAREST, ROUND_ROBIN, RANDOM];
const FOLLOWED_POLICIES = 3;

const HERD_ROUTERS = 1000;

function write(text: string): void {
  process.stdout.write(text);
}

/** One scenario under every policy, and what is followed in it. */
async function playRound(scale: Scale, scenario: Scenario): Promise<{ round: Round; followed: Followed[] }> {
  const toFollow = FOLLOWED.find((each) => each.scenario === scenario.name);
  const results: Latencies[] = [];
  const means: Followed["means"][number][] = [];
  for (const policy of POLICIES) {
    const local = toFollow === undefined ? undefined : new LocalLatency(toFollow.edge, scenario.ms);
    results.push(await playOnMap(scale, scenario, policy, local));
    if (local !== undefined) means.push(local.means());
  }
  const round = { scenario: scenario.name, results };
  const followed = toFollow === undefined ? [] : [{ ...toFollow, means: means.slice(0, FOLLOWED_POLICIES) }];
  return { round, followed };
}

/** Plays everything, tells it, and writes the plots. */
async function simulate(scale: Scale, plots: string): Promise<void> {
  const rounds: Round[] = [];
  const followed: Followed[] = [];
  for (const scenario of SCENARIOS) {
    process.stderr.write(`${scenario.name}: ${scenario.what}\n`);
    const played = await playRound(scale, scenario);
    rounds.push(played.round);
    followed.push(...played.followed);
  }
  const withOverall = [...rounds, overall(rounds)];
  const names = POLICIES.map(({ name }) => name);
  write("\nMilliseconds from the router to an edge and back; × is relative to perfect knowledge.\n\n");
  write(resultTable(withOverall, POLICIES));
  save(plots, "routing-latency.svg", latencyPlot(withOverall, names));
  save(plots, "routing-follows.svg", followsPlot(followed, names.slice(0, FOLLOWED_POLICIES)));

  const perSecond = { seed: scale.seed, requestsPerSecond: requestsPerSecond(scale) };
  const ruled = await playHerd({ ...perSecond, routers: HERD_ROUTERS, policy: EDGE_CACHE });
  const unruled = await playHerd({ ...perSecond, routers: HERD_ROUTERS, policy: LOWEST_RTT });
  write(`\n${HERD_ROUTERS} routers that see the same best edge, and more requests than it can answer:\n`);
  for (const [name, herd] of [
    [EDGE_CACHE.name, ruled],
    [LOWEST_RTT.name, unruled],
  ] as const) {
    write(
      `  ${name}: its share swings by ${swing(herd).toFixed(3)} (standard deviation), mean ${herd.meanMs.toFixed(1)} ms\n`,
    );
  }
  save(
    plots,
    "routing-herding.svg",
    herdPlot([
      { title: EDGE_CACHE.name, herd: ruled },
      { title: LOWEST_RTT.name, herd: unruled },
    ]),
  );
  const switches = await switchesPerMinute({ ...perSecond, routers: scale.routers, policy: EDGE_CACHE });
  write(`\nTwo equal edges: a router changes between them ${switches.toFixed(2)} times a minute.\n`);
}

function save(folder: string, name: string, svg: string): void {
  const path = join(folder, name);
  writeFileSync(path, svg);
  write(`${path} written\n`);
}

const { plots, ...scale } = settingsOrExit(SIMULATE_ROUTER, (input) => readSettings(SIMULATE_ROUTER, input));
try {
  // Before a minute's work, not after it.
  mkdirSync(plots, { recursive: true });
} catch (thrown) {
  process.stderr.write(
    `${SIMULATE_ROUTER.name}: --plots: must be a directory that can be written, got ${show(plots)} (${describeError(thrown)})\n`,
  );
  process.exit(2);
}
await simulate(scale, plots);
