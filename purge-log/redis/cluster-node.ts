import type { Address } from "../../process/address.ts";
import { hostPort } from "../../process/listen.ts";
import type { RedisUrl } from "../../process/settings/redis-url.ts";
import { question } from "./question.ts";
import { type RedisAccess, serverCredentials } from "./redis-access.ts";
import type { Testimony } from "./witness.ts";

/** What CLUSTER KEYSLOT answers for the hash tag of all our keys: CRC16 of "edgecache", modulo 16384. */
export const LOG_SLOT = 8104;

/** The node that has the log's slot, as one node knows it. */
export async function askClusterNode(at: Address, url: RedisUrl, access: RedisAccess): Promise<Testimony> {
  const reply = await question(at, serverCredentials(url, access), ["CLUSTER", "NODES"]);
  return ownerIn(String(reply), at, url.isTls);
}

/**
 * Reads the answer to CLUSTER NODES, of which each line is `id ip:port@bus-port,hostname flags primary ping pong
 * config-epoch state slots…`. Throws an Error when nobody has the slot. A certificate names a host rather than an address.
 */
export function ownerIn(text: string, from: Address, byHostname: boolean): Testimony {
  for (const line of text.split("\n")) {
    const [, endpoint = "", flags = "", , , , configEpoch, , ...slots] = line.trim().split(" ");
    const [, ip = "", port, hostname = ""] = /^(.*):(\d+)(?:@\d+)?(?:,([^,]*))?/.exec(endpoint) ?? [];
    if (!flags.split(",").includes("master") || !slots.some(hasTheSlot)) continue;
    // A node that has never been spoken to does not know its own address.
    const host = (byHostname && hostname) || ip || from.host;
    return { primary: { host, port: Number(port) }, configEpoch: Number(configEpoch) || 0 };
  }
  throw new Error(`the node at ${hostPort(from.host, from.port)} knows nobody who has slot ${LOG_SLOT}`);
}

/** `slots` is a number, or two with a hyphen between them; others, in brackets, tell of slots that move. */
function hasTheSlot(slots: string): boolean {
  const [first = "", last = first] = slots.split("-");
  return Number(first) <= LOG_SLOT && LOG_SLOT <= Number(last);
}
