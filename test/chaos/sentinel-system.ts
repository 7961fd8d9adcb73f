import { setTimeout as delay } from "node:timers/promises";
import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import { EdgeProcess } from "../rig/edge-process.ts";
import { RedisSentinels } from "../rig/redis-sentinels.ts";
import { type RedisServer, startRedisServer } from "../rig/redis-server.ts";
import { until } from "../rig/until.ts";
import type { Move } from "./move.ts";
import { VersionedOrigin } from "./versioned-origin.ts";

const EDGES = 3;
const LONGEST_CALM_MS = 600;
// Far below what production needs, so that a minute has several failovers.
const DOWN_AFTER_MS = 400;
const FAILOVER_TIMEOUT_MS = 4_000;

type Make = (random: SeededRandom) => Pick<Move, "what" | "kinds" | "happen">;

/**
 * Three edges, of one, two and three threads, that ask three Sentinels where the primary is, and wait for its one replica, as is usual there;
 * and their origin. The two servers change places at each failover.
 */
export class SentinelSystem {
  readonly edges: readonly EdgeProcess[];
  readonly origin: VersionedOrigin;
  readonly #servers: readonly [RedisServer, RedisServer];
  readonly #sentinels: RedisSentinels;

  private constructor(
    edges: readonly EdgeProcess[],
    origin: VersionedOrigin,
    servers: readonly [RedisServer, RedisServer],
    sentinels: RedisSentinels,
  ) {
    this.edges = edges;
    this.origin = origin;
    this.#servers = servers;
    this.#sentinels = sentinels;
  }

  static async start(random: SeededRandom, leaseMs: number): Promise<SentinelSystem> {
    const primary = await startRedisServer(["--repl-diskless-sync-delay", "0"]);
    const replica = await startRedisServer(["--repl-diskless-sync-delay", "0"]);
    await replica.command("REPLICAOF", "127.0.0.1", primary.port);
    const timing = { downAfterMs: DOWN_AFTER_MS, failoverTimeoutMs: FAILOVER_TIMEOUT_MS };
    const sentinels = await RedisSentinels.start(primary, 1, timing);
    const origin = await VersionedOrigin.start(random);
    const edges = await Promise.all(
      Array.from({ length: EDGES }, (_, index) =>
        EdgeProcess.start({
          id: `edge-${index + 1}`,
          origin: origin.url,
          redis: sentinels.url,
          leaseMs,
          flags: ["--workers", String(index + 1)],
        }),
      ),
    );
    return new SentinelSystem(edges, origin, [primary, replica], sentinels);
  }

  /** Endless and decided by the random numbers alone: every kind comes once before any comes again. */
  *moves(random: SeededRandom): Generator<Move, never> {
    for (;;) {
      const left = this.#kinds().map((make) => ({ make, at: random.next() }));
      for (const { make } of left.sort((a, b) => a.at - b.at))
        yield { ...make(random), calmMs: random.between(0, LONGEST_CALM_MS) };
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.edges.map((edge) => edge.kill()));
    await this.origin.close();
    await this.#sentinels.close();
    await Promise.all(this.#servers.map((server) => server.close()));
  }

  #kinds(): readonly Make[] {
    const ms = (random: SeededRandom) => random.whole(0, 1_500);
    const kind =
      (name: string, happen: (ms: number) => Promise<void>): Make =>
      (random) => {
        const span = ms(random);
        return { what: `${name} for ${span} ms`, kinds: [name], happen: () => happen(span) };
      };
    const edge = (name: string, happen: (edge: EdgeProcess, ms: number) => Promise<void>): Make => {
      return (random) => {
        const [victim, span] = [random.pick(this.edges), ms(random)];
        return {
          what: `${name} (${victim.id}) for ${span} ms`,
          kinds: [name],
          happen: () => happen(victim, span),
        };
      };
    };
    return [
      kind("primary killed, comes back", (span) => this.#killPrimary(span)),
      kind("primary stopped, lives on", (span) => this.#stopPrimary(span)),
      kind("failover by hand, the old primary lives on", (span) => this.#failOverByHand(span)),
      kind("replica killed", async (span) => {
        const [, replica] = await this.#roles();
        await replica.kill();
        await delay(span);
        await replica.restart("with its data");
        await this.#subordinate(replica);
      }),
      edge("edge killed and restarted", async (victim, span) => {
        await victim.kill();
        await delay(span);
        await victim.launch();
      }),
      edge("edge stopped and continued", async (victim, span) => {
        await victim.stop();
        await delay(span);
        victim.cont();
      }),
    ];
  }

  async #killPrimary(ms: number): Promise<void> {
    const [primary, replica] = await this.#roles();
    await primary.kill();
    await this.#sentinels.untilPrimaryIs(replica);
    await delay(ms);
    await primary.restart("with its data");
    await this.#subordinate(primary);
  }

  /** When it goes on it still takes itself for the primary. */
  async #stopPrimary(ms: number): Promise<void> {
    const [primary, replica] = await this.#roles();
    primary.stop();
    await this.#sentinels.untilPrimaryIs(replica);
    primary.cont();
    await delay(ms);
    await this.#subordinate(primary);
  }

  async #failOverByHand(ms: number): Promise<void> {
    const [primary, replica] = await this.#roles();
    await until("Sentinel takes the replica for a good one", () => this.#sentinels.failOver());
    await this.#sentinels.untilPrimaryIs(replica);
    await delay(ms);
    await this.#subordinate(primary);
  }

  async #roles(): Promise<readonly [primary: RedisServer, replica: RedisServer]> {
    const [one, other] = this.#servers;
    const port = (await this.#sentinels.primary()).get("port");
    return port === String(one.port) ? [one, other] : [other, one];
  }

  /** What Sentinel does by itself some seconds later. */
  async #subordinate(server: RedisServer): Promise<void> {
    const [primary] = await this.#roles();
    await server.command("REPLICAOF", "127.0.0.1", primary.port);
  }
}
