import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import { happen } from "./happening.ts";
import type { Latencies } from "./latencies.ts";
import { drawTravel, exponential } from "./network.ts";
import type { Policy } from "./policy.ts";
import { RoutedRequests, type Watcher } from "./routed-requests.ts";
import type { Scenario } from "./scenario.ts";
import { type Site, World } from "./world.ts";

export interface Setting {
  readonly site: Site;
  readonly scenario: Scenario;
  readonly policy: Policy;
}

// Before the first request every router has measured for so long.
export const FIRST_REQUEST_MS = 2000;

/**
 * Plays one scenario under one policy. The same seed gives the same requests at the same moments under every policy.
 * Latencies run from the router to an edge and back: what lies before the router is the same for all of them.
 */
export async function play(setting: Setting, watcher: Watcher = {}): Promise<Latencies> {
  const world = new World(setting.site, setting.scenario);
  for (const { atMs, what } of world.scenario.happenings) world.time.at(atMs, () => happen(world, what));
  const demand = world.random.fork();
  const requests = new RoutedRequests(world, setting.policy, watcher);
  world.time.at(FIRST_REQUEST_MS, () => ask(world, requests, demand));
  await world.time.runUntil(setting.scenario.ms);
  while (requests.waiting > 0) await world.time.runUntil(world.time.now + 1000);
  return requests.latencies;
}

/** A Poisson process at the highest demand of the moment, of which each place keeps as much as it asks for. */
function ask(world: World, requests: RoutedRequests, random: SeededRandom): void {
  const { time, site, scenario, clients } = world;
  const client = random.pick(clients);
  const [units, travel] = [exponential(random), drawTravel(random, site.jitterMs)];
  const most = scenario.mostDemand(time.now);
  const isKept = random.next() * most < scenario.demand(client.place, time.now);
  if (isKept) requests.take(client.router, units, travel);
  const gapMs = (1000 * exponential(random)) / (site.requestsPerSecond * most);
  if (time.now + gapMs < scenario.ms) time.after(gapMs, () => ask(world, requests, random));
}
