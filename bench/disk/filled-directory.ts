import { Directory } from "../../edge/store/directory.ts";
import { openDirectory } from "../../edge/store/disk/disk-files.ts";
import { type DiskTier, openDiskTier } from "../../edge/store/disk/disk-tier.ts";
import { leaving } from "../../edge/store/leaving.ts";
import { Fields } from "../../http/message/fields.ts";
import { systemClock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import { storedResponse } from "../../test/rig/stored-response.fixture.ts";

export const EDGE = "edge-1";
const GIB = 2 ** 30;
export const DISK_SIZE = 20 * GIB;

// The queue of the tier takes 64 MiB.
const FLUSH_EVERY = 4_000;

/** The tier in this directory, as an edge opens it. */
export async function openTier(path: string): Promise<DiskTier> {
  const log = createLog("bench", "silent");
  const files = await openDirectory(path);
  const tier = await openDiskTier({ files, edge: EDGE, size: DISK_SIZE, clock: systemClock, log });
  tier.belongsTo(() => OWNER);
  return tier;
}

const OWNER = { runId: "bench", origins: { default: "bench" } };

/** Stores so many responses there. `amplification`: bytes of all files for each byte of the responses. */
export async function fillDirectory(
  path: string,
  objects: number,
  bodyBytes: number,
): Promise<{ readonly amplification: number }> {
  const tier = await openTier(path);
  const chunks = [Buffer.alloc(bodyBytes, "b")];
  const now = { wall: systemClock.wall(), monotonic: systemClock.monotonic() };
  const fields = Fields.of([
    ["Content-Type", "text/plain"],
    ["Cache-Control", "max-age=3600"],
  ]);
  const directory = new Directory({});
  for (let at = 0; at < objects; at += 1) {
    const mark = { position: { epoch: 1, seq: at }, flushes: 0, invalidations: 0 };
    const times = { requestTime: now, responseTime: now };
    const stored = storedResponse(`/o/${at}`, { fields, chunks, bodyLength: bodyBytes, mark, ...times });
    const row = directory.add(stored);
    tier.take(stored.key, () => leaving([row], directory));
    directory.drop(row);
    if (at % FLUSH_EVERY === FLUSH_EVERY - 1) await tier.flushed();
  }
  const { bytes, writtenBytes } = tier.counts;
  await tier.close();
  return { amplification: bytes / writtenBytes };
}
