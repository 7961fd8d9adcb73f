import { describeError } from "../../process/failure.ts";
import type { CacheServer } from "./cache-server.ts";
import { type Turn, turnOf } from "./clients.ts";
import { PurgeStream } from "./purge-stream.ts";
import { type Measured, medians, type Result } from "./results-table.ts";
import { type Length, turnSeconds, WARM_TURN_S } from "./run-length.ts";
import { unableTo, warmUp } from "./warm-up.ts";
import type { Workload } from "./workloads.ts";

/** All caches have a turn in each round, so that what else happens on the machine falls on all. */
export async function measure(
  workload: Workload,
  servers: readonly CacheServer[],
  { rounds, seconds }: Length,
  core: number | undefined,
  tell: (line: string) => void,
): Promise<ReadonlyMap<string, Result>> {
  const length = turnSeconds(workload, seconds);
  const results = new Map<string, Result>();
  const turns = new Map<CacheServer, { readonly turn: Turn; readonly all: Measured[] }>();
  for (const server of servers) {
    if (server.name === "floor" && !workload.floor) continue;
    const why = await prepare(workload, server);
    if (why !== undefined) results.set(server.name, { kind: "unable", why });
    else turns.set(server, { turn: turnOf(workload, server, core), all: [] });
  }
  const broken = new Map<CacheServer, unknown>();
  for (let round = -1; round < rounds; round += 1) {
    for (const [server, { turn, all }] of turns) {
      try {
        const measured = await takeTurn(server, workload, turn, round < 0 ? WARM_TURN_S : length);
        if (round >= 0) all.push(measured);
      } catch (thrown) {
        // A turn with errors says nothing of the server's speed. The others count.
        broken.set(server, thrown);
      }
    }
  }
  for (const [server, { all }] of turns)
    results.set(server.name, all.length > 0 ? resultOf(all) : { kind: "unable", why: "answers with errors" });
  for (const [{ name }, why] of broken)
    tell(`${workload.name}, ${name}: a turn does not count: ${whyOf(why)}`);
  const inOrder = servers.flatMap(({ name }) => {
    const result = results.get(name);
    return result === undefined ? [] : [[name, result] as const];
  });
  return new Map(inOrder);
}

/** The line of the client that names the errors. */
function whyOf(thrown: unknown): string {
  const text = describeError(thrown);
  return /Socket errors.*|Non-2xx.*/.exec(text)?.[0] ?? text;
}

function resultOf(all: readonly Measured[]): Result {
  const result = medians(all);
  return result.perSecond > 0 ? result : { kind: "unable", why: "does not answer" };
}

async function prepare(workload: Workload, server: CacheServer): Promise<string | undefined> {
  if (server.name === "floor") return undefined;
  await warmUp(server, workload);
  return unableTo(workload, server);
}

async function takeTurn(
  server: CacheServer,
  { purgesASecond }: Workload,
  turn: Turn,
  seconds: number,
): Promise<Measured> {
  const purges = purgesASecond > 0 ? new PurgeStream(server, purgesASecond) : undefined;
  const before = server.processorSeconds();
  const { requests, perSecond, p99Ms, lateMs = Number.NaN } = await turn(seconds);
  const used = server.processorSeconds() - before;
  await purges?.stop();
  return { kind: "measured", perSecond, p99Ms, lateMs, processorUs: (used / requests) * 1e6 };
}
