import { freePort } from "./free-port.ts";
import { type RedisServer, startRedisServer } from "./redis-server.ts";
import { until } from "./until.ts";

const LAST_SLOT = 16_383;
const NODE_TIMEOUT_MS = 1_000;

interface Node {
  readonly server: RedisServer;
  readonly busPort: number;
}

/** A real Cluster: three primaries with a third of the slots each, and a replica of the one that has `slot`. */
export class RedisCluster {
  readonly owner: RedisServer;
  readonly replica: RedisServer;
  /** The primaries without the slot. */
  readonly others: readonly RedisServer[];

  private constructor(owner: RedisServer, replica: RedisServer, others: readonly RedisServer[]) {
    this.owner = owner;
    this.replica = replica;
    this.others = others;
  }

  get servers(): readonly RedisServer[] {
    return [...this.others, this.owner, this.replica];
  }

  /** For --redis. */
  get url(): string {
    return `redis+cluster://${this.servers.map(({ port }) => `127.0.0.1:${port}`).join(",")}`;
  }

  static async start(slot: number): Promise<RedisCluster> {
    const nodes = await Promise.all([1, 2, 3, 4].map(startNode));
    const [first, ...rest] = nodes.map(({ server }) => server);
    if (first === undefined) throw new Error("a Cluster has nodes");
    const [, , , replica = first] = [first, ...rest];
    const primaries = [first, ...rest].filter((server) => server !== replica);
    const share = Math.ceil((LAST_SLOT + 1) / primaries.length);
    for (const [index, server] of primaries.entries()) {
      await server.command("CLUSTER", "SET-CONFIG-EPOCH", index + 1);
      const end = Math.min(LAST_SLOT, (index + 1) * share - 1);
      await server.command("CLUSTER", "ADDSLOTSRANGE", index * share, end);
    }
    for (const { server, busPort } of nodes) {
      if (server !== first) await first.command("CLUSTER", "MEET", "127.0.0.1", server.port, busPort);
    }
    const owner = primaries[Math.floor(slot / share)] ?? first;
    const id = String(await owner.command("CLUSTER", "MYID"));
    await until("the replica knows the primary", async () =>
      String(await replica.command("CLUSTER", "NODES")).includes(id),
    );
    await replica.command("CLUSTER", "REPLICATE", id);
    const cluster = new RedisCluster(
      owner,
      replica,
      primaries.filter((server) => server !== owner),
    );
    for (const { server } of nodes) {
      await until("the Cluster is well", async () => (await infoOf(server)).includes("cluster_state:ok"));
    }
    await until("the replica has the data", async () =>
      String(await replica.command("INFO", "replication")).includes("master_link_status:up"),
    );
    return cluster;
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()));
  }
}

async function startNode(): Promise<Node> {
  const busPort = await freePort();
  const server = await startRedisServer([
    ...["--cluster-enabled", "yes", "--cluster-port", String(busPort)],
    ...["--cluster-node-timeout", String(NODE_TIMEOUT_MS), "--repl-diskless-sync-delay", "0"],
  ]);
  return { server, busPort };
}

async function infoOf(server: RedisServer): Promise<string> {
  return String(await server.command("CLUSTER", "INFO"));
}
