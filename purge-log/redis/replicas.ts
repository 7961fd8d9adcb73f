import type { Redis } from "ioredis";

// Less than a caller waits for the log. A replica that writes to a busy disk needs a second now and then.
const CONFIRM_MS = 1500;

/**
 * Rules P3 and E5: resolves when so many replicas have all that this connection wrote. A primary that was cut off has
 * none, so it accepts no purge and renews no lease, whatever its own settings say. Rejects when they do not confirm it:
 * the write may be lost with the primary.
 */
export async function replicated(client: Redis, replicas: number): Promise<void> {
  if (replicas === 0) return;
  const heard = await client.wait(replicas, CONFIRM_MS);
  if (heard >= replicas) return;
  throw new Error(`${heard} of ${replicas} replicas confirmed the write within ${CONFIRM_MS} ms`);
}
