import type { Clock } from "../process/clock.ts";
import { describeError } from "../process/failure.ts";
import type { Log } from "../process/log.ts";
import { MemoryPurgeLog } from "./memory-purge-log.ts";
import type { PurgeLog } from "./purge-log.ts";
import { PLAIN_ACCESS, type RedisAccess } from "./redis/redis-access.ts";
import { RedisPurgeLog } from "./redis/redis-purge-log.ts";

/** The purge log in Redis, or in the memory of this process when no URL is given. */
export function openPurgeLog(
  redis: string | undefined,
  clock: Clock,
  log: Log,
  access: RedisAccess = PLAIN_ACCESS,
): PurgeLog {
  if (redis === undefined) return new MemoryPurgeLog(clock);
  return new RedisPurgeLog({
    url: redis,
    access,
    clock,
    random: Math.random,
    onTrouble: (failure) =>
      log.error({ code: failure.code, cause: describeError(failure) }, "purge log failed; trying again"),
    onRecovered: () => log.warn("purge log works again"),
  });
}
