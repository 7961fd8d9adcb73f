import { FaultProxy } from "./fault-proxy.ts";
import { type RedisServer, startRedisServer } from "./redis-server.ts";

// A first copy on a busy machine, many times over.
const SYNC_PATIENCE_MS = 20_000;

/** A real replica of a real primary, over a link of their own that can fail. */
export class RedisReplica {
  readonly server: RedisServer;
  /** From the replica to its primary. */
  readonly link: FaultProxy;
  readonly #primary: RedisServer;

  private constructor(server: RedisServer, link: FaultProxy, primary: RedisServer) {
    this.server = server;
    this.link = link;
    this.#primary = primary;
  }

  /** Resolves when it holds all that the primary held. */
  static async start(primary: RedisServer): Promise<RedisReplica> {
    // By default a primary waits 5 s for more replicas before it copies.
    await primary.command("CONFIG", "SET", "repl-diskless-sync-delay", 0);
    const link = await FaultProxy.start(primary.port);
    const server = await startRedisServer();
    await server.command("REPLICAOF", "127.0.0.1", link.port);
    const replica = new RedisReplica(server, link, primary);
    await replica.inSync();
    return replica;
  }

  /** Resolves when it holds all that the primary holds now. Throws when it does not come to that. */
  async inSync(): Promise<void> {
    // WAIT is about the latest write of the connection that asks.
    await this.#primary.command("SET", "rig:in-sync", 1);
    const replicas = await this.#primary.command("WAIT", 1, SYNC_PATIENCE_MS);
    if (replicas !== 1) throw new Error(`${replicas} replicas of the primary hold all that it holds`);
  }

  /** Makes it a primary, with whatever it has by now, and after a restart too. */
  async promote(): Promise<void> {
    await this.server.command("REPLICAOF", "NO", "ONE");
  }

  async close(): Promise<void> {
    await this.link.close();
    await this.server.close();
  }
}
