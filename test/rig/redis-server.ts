import type { ChildProcess } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "./free-port.ts";
import { endProcess, launchRedis } from "./redis-process.ts";

// The durability that the purge log asks of a production server.
const DURABLE = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];

/** A port taken by someone else between our look and Redis' bind: try the next. */
const PORT_TRIES = 5;

/**
 * A real redis-server on a free loopback port with a directory of its own.
 * `config` is more of its command line, e.g. ["--requirepass", "secret"]; `env` more of its environment.
 */
export async function startRedisServer(
  config: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), "edgecache-redis-"));
  for (let tried = 1; ; tried += 1) {
    const port = await freePort();
    try {
      return new RedisServer(port, directory, config, env, await launchServer(port, directory, config, env));
    } catch (thrown) {
      if (tried === PORT_TRIES) throw thrown;
    }
  }
}

export class RedisServer {
  readonly port: number;
  readonly url: string;
  readonly #directory: string;
  readonly #config: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  readonly #admin: Redis;
  #process: ChildProcess;

  constructor(
    port: number,
    directory: string,
    config: readonly string[],
    env: Readonly<Record<string, string>>,
    running: ChildProcess,
  ) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#directory = directory;
    this.#config = config;
    this.#env = env;
    this.#process = running;
    this.#admin = new Redis(this.url, { lazyConnect: true, retryStrategy: () => 20 });
    this.#admin.on("error", () => {
      // Tests take the server away on purpose; the command that needs it waits in ioredis' queue.
    });
  }

  /** A command as redis-cli would send it, on a connection that outlives kill and restart. */
  async command(name: string, ...args: (string | number)[]): Promise<unknown> {
    return await this.#admin.call(name, ...args);
  }

  /** SIGKILL: nothing is flushed or said. Resolves when the process is gone. */
  async kill(): Promise<void> {
    await endProcess(this.#process);
  }

  /** SIGSTOP: connections stay open and accepted, nothing answers. */
  stop(): void {
    this.#process.kill("SIGSTOP");
  }

  /** SIGCONT. */
  cont(): void {
    this.#process.kill("SIGCONT");
  }

  /** Kills it if it runs, and starts it on the same port. */
  async restart(data: "with its data" | "without data"): Promise<void> {
    await this.kill();
    if (data === "without data") {
      for (const name of await readdir(this.#directory)) {
        await rm(join(this.#directory, name), { recursive: true });
      }
    }
    this.#process = await launchServer(this.port, this.#directory, this.#config, this.#env);
  }

  /** Kills it and removes its directory. */
  async close(): Promise<void> {
    this.#admin.disconnect();
    await this.kill();
    // A child of it that rewrites its file may live a little longer.
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 10 });
  }
}

async function launchServer(
  port: number,
  directory: string,
  config: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, ...DURABLE, ...config];
  return await launchRedis(args, "Ready to accept connections", env);
}
