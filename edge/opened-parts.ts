import type { Clock } from "../process/clock.ts";
import type { Log } from "../process/log.ts";
import { Tracing } from "../process/tracing/tracing.ts";
import type { ProcessMemory } from "./cache/memory-watch.ts";
import { besideDisk } from "./cache/process-memory.ts";
import type { EdgeConfig } from "./config.ts";
import { SharedEdge } from "./data-plane/workers/shared-edge.ts";
import { LiveSites } from "./origin/live-sites.ts";
import { FENCE_SHARE, Fence } from "./purging/fence.ts";
import type { Kept } from "./purging/kept.ts";
import { keptOn, openDisk } from "./purging/resume.ts";
import type { DiskTier } from "./store/disk/disk-tier.ts";

/** The parts of an edge that it takes time to open. */
export interface OpenedParts {
  readonly sites: LiveSites;
  /** What serving threads share; undefined: there are none. */
  readonly shared: SharedEdge | undefined;
  readonly fence: Fence;
  readonly disk: DiskTier | undefined;
  /** What is left there by an earlier process. */
  readonly kept: Kept | undefined;
  readonly tracing: Tracing | undefined;
  /** The memory of the process; undefined: nobody watches it. */
  readonly watched: ProcessMemory | undefined;
}

/** Throws a Failure: an origin that is not there, a directory that is not its own. */
export async function openParts(
  config: EdgeConfig,
  around: { readonly clock: Clock; readonly log: Log; readonly memory?: ProcessMemory },
): Promise<OpenedParts> {
  const { id, sites, ttl, memory, workers } = config;
  const { clock } = around;
  const log = around.log.child({ edge: id });
  const shared = workers > 1 ? new SharedEdge(workers) : undefined;
  const fence = new Fence(memory * FENCE_SHARE, undefined, shared?.fenceWatch);
  const disk = await openDisk(config, { clock, log });
  try {
    const live = await LiveSites.open(sites, ttl, { via: id, clock, random: Math.random, log });
    const tracing = await Tracing.open(config, {
      program: "edge",
      instance: id,
      clock,
      log,
      random: Math.random,
    });
    const kept = disk && (await keptOn(disk));
    const watched = around.memory && besideDisk(around.memory, disk);
    return { sites: live, shared, fence, disk, kept, tracing, watched };
  } catch (thrown) {
    await disk?.close();
    throw thrown;
  }
}
