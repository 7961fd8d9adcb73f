/**
 * One client of the bare comparison, as a process of its own: it reads the stream that it is given and tells its
 * parent, for every entry, its id and when it came by the system's monotonic clock (nanoseconds, as text).
 */
import { Redis } from "ioredis";

const [url = "", stream = ""] = process.argv.slice(2);
const redis = new Redis(url);
let last = "$";
process.send?.("ready");
for (;;) {
  const reply = await redis.xread("BLOCK", 0, "STREAMS", stream, last);
  const cameAt = process.hrtime.bigint().toString();
  for (const [id] of reply?.[0]?.[1] ?? []) {
    last = id;
    process.send?.({ id, cameAt });
  }
}
