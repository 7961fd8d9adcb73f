import { describeError } from "../../process/failure.ts";
import { decodeHeartbeat } from "../../purge-log/heartbeat-codec.ts";
import type { AppendOutcome } from "../../purge-log/purge-log.ts";
import { ASIDE_KEY, COUNTS_KEY, EDGES_KEY, LOG_KEY, META_KEY } from "../../purge-log/redis/keys.ts";
import type { RedisServer } from "../rig/redis-server.ts";
import type { SimulatedRedis } from "./simulated-redis.ts";

/** The data of a server, without the times of heartbeats. */
export interface Held {
  readonly log: unknown;
  readonly aside: unknown;
  readonly record: Readonly<Record<string, string>>;
  readonly edges: Readonly<Record<string, string>>;
  readonly counts: Readonly<Record<string, string>>;
}

export function heldBySimulated({ data }: SimulatedRedis): Held {
  const streamOf = (key: string): unknown => {
    const type = data.type(key);
    return type === "stream" ? { entries: data.stream(key).entries } : type;
  };
  return {
    log: streamOf(LOG_KEY),
    aside: streamOf(ASIDE_KEY),
    record: data.type(META_KEY) === "hash" ? Object.fromEntries(data.hash(META_KEY)) : {},
    counts: data.type(COUNTS_KEY) === "hash" ? Object.fromEntries(data.hash(COUNTS_KEY)) : {},
    edges: timeless(data.type(EDGES_KEY) === "hash" ? Object.fromEntries(data.hash(EDGES_KEY)) : {}),
  };
}

export async function heldByReal(server: RedisServer): Promise<Held> {
  return {
    log: await realStream(server, LOG_KEY),
    aside: await realStream(server, ASIDE_KEY),
    record: withoutReplication(await realHash(server, META_KEY)),
    counts: await realHash(server, COUNTS_KEY),
    edges: timeless(await realHash(server, EDGES_KEY)),
  };
}

async function realStream(server: RedisServer, key: string): Promise<unknown> {
  const type = await server.command("TYPE", key);
  return type === "stream" ? { entries: await server.command("XRANGE", key, "-", "+") } : type;
}

/** Empty when no hash stands there. */
export async function realHash(server: RedisServer, key: string): Promise<Readonly<Record<string, string>>> {
  if ((await server.command("TYPE", key)) !== "hash") return {};
  const cells = await server.command("HGETALL", key);
  if (!Array.isArray(cells)) throw new Error(`HGETALL answered ${cells}`);
  const hash: Record<string, string> = {};
  for (let i = 0; i + 1 < cells.length; i += 2) hash[String(cells[i])] = String(cells[i + 1]);
  return hash;
}

export function answerOf(outcome: AppendOutcome): unknown {
  if (outcome.kind === "accepted") return outcome;
  return outcome.kind === "another-purge" ? outcome.kind : refusal(new Error(outcome.reason));
}

/** "refused" when Redis, or a script, said so. */
export function refusal(thrown: unknown): "refused" {
  if (/FUTURE|WRONGTYPE|two edges must not/.test(describeError(thrown))) return "refused";
  throw thrown;
}

/** The simulated Redis has no replicas. */
function withoutReplication({ replid: _, ...record }: Readonly<Record<string, string>>) {
  return record;
}

/** Without the time at which each row was written. */
function timeless(rows: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(rows).map(([edge, cell]) => [edge, cell.replace(/^\d+/, "")]));
}

export function isRow(cell: string | undefined): boolean {
  return decodeHeartbeat(cell?.replace(/^\d+ /, "") ?? "").kind === "heartbeat";
}
