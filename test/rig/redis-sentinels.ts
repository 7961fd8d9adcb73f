import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "./free-port.ts";
import { endProcess, launchRedis } from "./redis-process.ts";
import type { RedisServer } from "./redis-server.ts";
import { until } from "./until.ts";

const PRIMARY_NAME = "fleet";
// Of three, as people run them.
const QUORUM = 2;

/** Three real Sentinels that watch a primary. */
export class RedisSentinels {
  /** For --redis. */
  readonly url: string;
  readonly ports: readonly number[];
  readonly #directory: string;
  readonly #ends: readonly (() => Promise<void>)[];
  readonly #admin: Redis;

  private constructor(directory: string, ports: readonly number[], ends: readonly (() => Promise<void>)[]) {
    this.#directory = directory;
    this.#ends = ends;
    this.ports = ports;
    this.url = `redis+sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(",")}/${PRIMARY_NAME}`;
    this.#admin = new Redis({ port: ports[0] ?? 0, host: "127.0.0.1", lazyConnect: true });
  }

  /** Resolves when they know each other and so many replicas. `lines` are more of their configuration. */
  static async start(
    primary: RedisServer,
    replicas: number,
    { downAfterMs = 500, failoverTimeoutMs = 20_000, lines = [] as readonly string[] } = {},
  ): Promise<RedisSentinels> {
    const directory = await mkdtemp(join(tmpdir(), "edgecache-sentinel-"));
    const ports: number[] = [];
    const ends: (() => Promise<void>)[] = [];
    for (let count = 1; count <= 3; count += 1) {
      const port = await freePort();
      const file = join(directory, `${port}.conf`);
      const monitor = [
        `sentinel monitor ${PRIMARY_NAME} 127.0.0.1 ${primary.port} ${QUORUM}`,
        `sentinel down-after-milliseconds ${PRIMARY_NAME} ${downAfterMs}`,
        `sentinel failover-timeout ${PRIMARY_NAME} ${failoverTimeoutMs}`,
      ];
      const conf = [`port ${port}`, "bind 127.0.0.1", `dir ${directory}`, ...monitor, ...lines];
      await writeFile(file, `${conf.join("\n")}\n`);
      const running = await launchRedis([file, "--sentinel"], "+monitor");
      ports.push(port);
      ends.push(() => endProcess(running));
    }
    await until("the replicas have a copy", async () => {
      const info = String(await primary.command("INFO", "replication"));
      return (info.match(/state=online/g)?.length ?? 0) === replicas;
    });
    const sentinels = new RedisSentinels(directory, ports, ends);
    await until("the Sentinels know each other and the replicas", async () => {
      const known = await sentinels.primary();
      return known.get("num-other-sentinels") === "2" && known.get("num-slaves") === String(replicas);
    });
    return sentinels;
  }

  /** What the first of them knows of the primary. */
  async primary(): Promise<ReadonlyMap<string, string>> {
    const reply = await this.#admin.call("SENTINEL", "MASTER", PRIMARY_NAME);
    const words = Array.isArray(reply) ? reply.map(String) : [];
    return new Map(words.flatMap((word, at) => (at % 2 === 0 ? [[word, words[at + 1] ?? ""] as const] : [])));
  }

  /** The replica becomes the primary, though there is no need. Resolves to whether Sentinel began with it. */
  async failOver(): Promise<boolean> {
    const answer = await this.#admin
      .call("SENTINEL", "FAILOVER", PRIMARY_NAME)
      .catch((thrown: unknown) => String(thrown));
    return answer === "OK";
  }

  /** Resolves when the first of them names this server. */
  async untilPrimaryIs(server: RedisServer): Promise<void> {
    await until("the replica is promoted", async () => {
      return (await this.primary()).get("port") === String(server.port);
    });
  }

  async close(): Promise<void> {
    this.#admin.disconnect();
    await Promise.all(this.#ends.map((end) => end()));
    await rm(this.#directory, { recursive: true, force: true });
  }
}
