import { Redis } from "ioredis";
import type { Address } from "../../process/address.ts";
import type { Credentials } from "./redis-access.ts";

/**
 * How long a Sentinel or a node may take to connect, and then to answer, in milliseconds. Its host may be the one that
 * has just died, and a caller that waits for the log has ANSWER_MS in all. Five round trips of 150 ms are less.
 */
const QUESTION_MS = 800;

/** One command to one server, on a connection of its own. Rejects when it is not answered in time. */
export async function question(
  { host, port }: Address,
  credentials: Credentials,
  [command, ...args]: readonly [string, ...string[]],
): Promise<unknown> {
  const client = new Redis({
    ...credentials,
    host,
    port,
    lazyConnect: true,
    disableClientInfo: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    connectTimeout: QUESTION_MS,
    commandTimeout: QUESTION_MS,
    disconnectTimeout: 0,
  });
  // connect() says only "Connection is closed."; the reason comes as an event.
  let reason: unknown;
  client.on("error", (error) => {
    reason = error;
  });
  try {
    await client.connect().catch((thrown: unknown) => {
      throw reason ?? thrown;
    });
    return await client.call(command, ...args);
  } finally {
    client.disconnect();
  }
}
