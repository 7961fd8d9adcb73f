import { systemClock } from "../../process/clock.ts";
import type { Failure } from "../../process/failure.ts";
import { PLAIN_ACCESS, type RedisAccess } from "../../purge-log/redis/redis-access.ts";
import { RedisPurgeLog } from "../../purge-log/redis/redis-purge-log.ts";

/** Opens purge logs on one server, closes them all, and keeps what they told of outages. */
export class RedisLogs {
  readonly troubles: Failure[] = [];
  recoveries = 0;
  readonly #trouble = Promise.withResolvers<Failure>();
  readonly #url: string;
  readonly #access: RedisAccess;
  readonly #open: RedisPurgeLog[] = [];

  constructor(url: string, access: RedisAccess = PLAIN_ACCESS) {
    this.#access = access;
    this.#url = url;
  }

  /** `user` is name:password. */
  open(user?: string): RedisPurgeLog {
    const log = new RedisPurgeLog({
      url: user === undefined ? this.#url : this.#url.replace("://", `://${user}@`),
      access: this.#access,
      clock: systemClock,
      random: Math.random,
      onTrouble: (failure) => {
        this.troubles.push(failure);
        this.#trouble.resolve(failure);
      },
      onRecovered: () => {
        this.recoveries += 1;
      },
    });
    this.#open.push(log);
    return log;
  }

  /** Resolves when the first trouble is told. */
  firstTrouble(): Promise<Failure> {
    return this.#trouble.promise;
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map((log) => log.close()));
  }
}
