import { expect } from "chai";
import { Redis } from "ioredis";
import { KEPT_BYTES } from "../../purge-log/log-limits.ts";
import { BEGINNING } from "../../purge-log/position.ts";
import { LOG_KEY } from "../../purge-log/redis/keys.ts";
import { MARKS } from "../../purge-log/redis/lua.ts";
import { publish } from "../../purge-log/redis/scripts.ts";
import { beatOf } from "../rig/purge-log-entries.ts";
import { RedisLogs } from "../rig/redis-logs.ts";
import { type RedisServer, startRedisServer } from "../rig/redis-server.ts";

// As long as an entry may be.
const ENTRY_BYTES = 262_144;
const FIT = KEPT_BYTES / ENTRY_BYTES;
const OF_A_MARK = FIT / (MARKS + 1);

describe("the bytes of the log in Redis", () => {
  let server: RedisServer;
  let client: Redis;
  let logs: RedisLogs;
  let appended = 0;

  beforeEach(async () => {
    server = await startRedisServer();
    client = new Redis(server.url);
    logs = new RedisLogs(server.url);
    appended = 0;
  });
  afterEach(async () => {
    client.disconnect();
    await logs.close();
    await server.close();
  });

  /** Appends large entries, and resolves to the seqs of the first and the last one that are kept. */
  const append = async (count: number): Promise<readonly (number | undefined)[]> => {
    const text = "x".repeat(ENTRY_BYTES);
    for (const end = appended + count; appended < end; appended += 1) {
      await publish(client, { purges: [{ purgeId: `p${appended}`, text, digest: "d" }], floor: BEGINNING });
    }
    const { first, tail } = await logs.open().heartbeat(beatOf("edge-1"));
    return [first?.seq, tail.seq];
  };

  it("are not trimmed while they fit", async () => {
    expect(await append(FIT)).to.deep.equal([0, FIT]);
  }).timeout(20_000);

  it("are trimmed by a hundredth at a time, from the oldest, when they do not", async () => {
    expect(await append(FIT + 1)).to.deep.equal([OF_A_MARK + 1, FIT + 1]);
    expect(await append(OF_A_MARK)).to.deep.equal([2 * OF_A_MARK + 1, FIT + 1 + OF_A_MARK]);
  }).timeout(20_000);

  it("stay bounded when somebody else trims, and what was written last is kept", async () => {
    await append(FIT);
    await server.command("XTRIM", LOG_KEY, "MAXLEN", 3);
    expect(await append(FIT)).to.deep.equal([FIT + 1, 2 * FIT]);
    expect(await append(1)).to.deep.equal([FIT + OF_A_MARK + 1, 2 * FIT + 1]);
  }).timeout(20_000);
});
