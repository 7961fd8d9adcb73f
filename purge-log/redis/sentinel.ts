import { z } from "zod";
import { type Address, parseAddress } from "../../process/address.ts";
import { hostPort } from "../../process/listen.ts";
import type { RedisUrl } from "../../process/settings/redis-url.ts";
import { question } from "./question.ts";
import { type RedisAccess, sentinelCredentials } from "./redis-access.ts";
import type { Testimony } from "./witness.ts";

/** The primary, as one Sentinel knows it. */
export async function askSentinel(at: Address, url: RedisUrl, access: RedisAccess): Promise<Testimony> {
  const reply = await question(at, sentinelCredentials(url, access), ["SENTINEL", "MASTER", url.primaryName]);
  return testimonyOf(reply, at);
}

/** Reads the answer to SENTINEL MASTER. Throws an Error when it names no address. */
export function testimonyOf(reply: unknown, from: Address): Testimony {
  const words = z.array(z.string()).safeParse(reply).data ?? [];
  // Names and values by turns.
  const values = new Map(
    words.map((word, at) => [word, words[at + 1] ?? ""] as const).filter((_, at) => at % 2 === 0),
  );
  const primary = parseAddress(hostPort(values.get("ip") ?? "", Number(values.get("port"))));
  if (primary === undefined)
    throw new Error(`the Sentinel at ${hostPort(from.host, from.port)} names no primary`);
  return { primary, configEpoch: Number(values.get("config-epoch")) || 0 };
}
