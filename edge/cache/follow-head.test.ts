import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { createLog } from "../../process/log.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { memoryStore } from "../../test/rig/memory-store.ts";
import { requestFor, storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { PurgeFollower } from "../purging/follower.ts";
import { cacheKey } from "../rules/cache-key.ts";
import { ttl } from "../rules/freshness.ts";
import { momentOf } from "../rules/moment.ts";
import { withHead } from "../store/stored-response.ts";
import { cacheOf } from "./context.ts";
import { followHead } from "./follow-head.ts";

const SIZE = 10;

describe("a slice that follows another one", () => {
  const made = async () => {
    const clock = new ManualClock();
    const log = createLog("test", "silent");
    const purgeLog = new MemoryPurgeLog(clock);
    const store = memoryStore(2 ** 24, clock);
    const purges = new PurgeFollower({ leaseMs: 6_000_000, purgeLog, store, clock, log });
    await purges.start({ edge: "e", bootId: "b", grpcAddress: "h:1", httpAddress: "h:2" });
    const edge = cacheOf({ id: "e", origins: new Map(), store, purges, clock, log }, 2 ** 24);
    const request = (number: number) => ({ ...requestFor("/film"), slice: { size: SIZE, number } });
    const slice = (number: number, tag: string) => {
      const mark = purges.mark();
      if (mark === undefined) throw new Error("the edge does not know where it is in the log");
      const place = `bytes ${number * SIZE}-${number * SIZE + SIZE - 1}/100`;
      const fields = Fields.of([
        ["Cache-Control", "max-age=60"],
        ["ETag", tag],
        ["Content-Range", place],
      ]);
      const body = storedResponse("/film", { mark, key: cacheKey(request(number)) });
      const now = momentOf(clock);
      return withHead(body, { status: 206, fields, requestTime: now, responseTime: now });
    };
    const followed = async (tag: string, meanwhile: () => void = () => undefined) => {
      store.put(slice(1, '"a"'), request(1));
      clock.advance(61_000);
      const head = slice(0, tag);
      meanwhile();
      await followHead(request(1), head, edge);
      const [stored] = store.peek(cacheKey(request(1)));
      return stored === undefined ? undefined : { left: ttl(stored, momentOf(clock)), held: stored.held };
    };
    return { followed, purges };
  };
  const PLACE = { first: 10, last: 19, length: 100 };

  it("is as fresh as it, in its own place", async () => {
    const { followed } = await made();
    expect(await followed('"a"')).to.deep.equal({ left: 60, held: PLACE });
  });

  it("stays stale beside another version, and beside a weak tag", async () => {
    for (const tag of ['"b"', 'W/"a"']) {
      const { followed } = await made();
      expect(await followed(tag)).to.deep.equal({ left: -1, held: PLACE });
    }
  });

  it("stays as it is when an invalidation has come since the other one was asked for", async () => {
    const { followed, purges } = await made();
    const invalidate = () => void purges.invalidate([{ kind: "url", site: "default", target: "/film" }]);
    expect(await followed('"a"', invalidate)).to.deep.equal({ left: -1, held: PLACE });
  });
});
