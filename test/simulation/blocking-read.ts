import type { VirtualTime } from "../../learn/simulation/virtual-time.ts";
import { BATCH_ENTRIES } from "../../purge-log/log-limits.ts";
import { LOG_KEY } from "../../purge-log/redis/keys.ts";
import { BLOCK_MS, type RawEntry } from "../../purge-log/redis/stream-follower.ts";
import type { Command } from "./simulated-link.ts";

/** XREAD BLOCK: the entries after the position, as soon as there are some, or none after BLOCK_MS. */
export function blockingRead(position: string, time: VirtualTime): Command<readonly RawEntry[]> {
  return (redis, answer, reset) => {
    const found = redis.readAfter(position, BATCH_ENTRIES);
    if (found.length > 0) {
      answer(found);
      return;
    }
    const timedOut = time.after(BLOCK_MS, () => {
      unblock();
      answer([]);
    });
    const unblock = redis.block({
      wake: () => {
        // A blocked reader keeps waiting while another value has the key of the log.
        if (redis.data.type(LOG_KEY) !== "stream") return;
        const later = redis.readAfter(position, BATCH_ENTRIES);
        if (later.length === 0) return;
        unblock();
        timedOut();
        answer(later);
      },
      reset: () => {
        timedOut();
        reset();
      },
    });
  };
}
