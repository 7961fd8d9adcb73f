import { setTimeout as wait } from "node:timers/promises";
import { Failure } from "../../../process/failure.ts";
import type { PurgeReceipt } from "../../../proto/gen/edgecache/v1/edge.ts";
import type { EdgeClient } from "../../client.ts";
import { CALL_MS } from "../../deadline.ts";
import { progressBar } from "./progress-bar.ts";

// As often as a person can follow. A purge that needs no longer shows its receipts at once.
const LOOK_EVERY_MS = 150;

// Other purges of this moment may be newer.
const LOOKED_THROUGH = 50;

/** Tells of the receipts that the edge has for a purge, while `call` waits for all of them. */
export async function followReceipts<T>(
  client: Pick<EdgeClient, "purges">,
  purgeId: string,
  call: Promise<T>,
  tell: (receipts: readonly PurgeReceipt[]) => void,
): Promise<T> {
  const over = new AbortController();
  const follow = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await wait(LOOK_EVERY_MS, undefined, { signal: over.signal });
      const { purges } = await client.purges(LOOKED_THROUGH, CALL_MS);
      const found = purges.find((purge) => purge.purgeId === purgeId);
      if (found !== undefined && !over.signal.aborted) tell(found.edges);
    }
  };
  const following = follow().catch((thrown: unknown) => {
    // The call itself says what is wrong. Without the right to read, nothing is shown.
    if (!over.signal.aborted && !(thrown instanceof Failure)) throw thrown;
  });
  try {
    return await call;
  } finally {
    over.abort();
    await following;
  }
}

/** One line: how many edges have confirmed, and for which ones the purge waits. */
export function receiptsLine(receipts: readonly PurgeReceipt[]): string {
  const waiting = receipts.filter(({ state }) => state === "pending").map(({ edge }) => edge);
  const bar = progressBar(receipts.length - waiting.length, receipts.length, "edges");
  return waiting.length === 0
    ? bar
    : `${bar}, waiting for ${waiting.slice(0, 3).join(", ")}${waiting.length > 3 ? " and others" : ""}`;
}
