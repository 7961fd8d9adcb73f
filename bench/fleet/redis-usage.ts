import type { RedisServer } from "../../test/rig/redis-server.ts";

/** The counters of Redis since it started. */
interface Counters {
  readonly at: number;
  readonly cpuSeconds: number;
  readonly commands: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** The use of Redis during a span, per second. */
export interface RedisUsage {
  /** Share of a core. */
  readonly core: number;
  readonly commands: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Measures what Redis takes while `work` goes on. */
export async function usageDuring(redis: RedisServer, work: () => Promise<unknown>): Promise<RedisUsage> {
  const before = await read(redis);
  await work();
  const after = await read(redis);
  const seconds = (after.at - before.at) / 1_000;
  return {
    core: (after.cpuSeconds - before.cpuSeconds) / seconds,
    commands: (after.commands - before.commands) / seconds,
    bytesIn: (after.bytesIn - before.bytesIn) / seconds,
    bytesOut: (after.bytesOut - before.bytesOut) / seconds,
  };
}

async function read(redis: RedisServer): Promise<Counters> {
  const info = String(await redis.command("INFO"));
  const number = (name: string): number => Number(new RegExp(`^${name}:([\\d.]+)`, "m").exec(info)?.[1]);
  return {
    at: performance.now(),
    cpuSeconds: number("used_cpu_sys") + number("used_cpu_user"),
    commands: number("total_commands_processed"),
    bytesIn: number("total_net_input_bytes"),
    bytesOut: number("total_net_output_bytes"),
  };
}
