import { createHash } from "node:crypto";
import type { Clock } from "../../process/clock.ts";
import type { Log } from "../../process/log.ts";
import { lockDirectory } from "../store/disk/directory-lock.ts";
import { openDirectory } from "../store/disk/disk-files.ts";
import { type DiskTier, openDiskTier } from "../store/disk/disk-tier.ts";
import type { SegmentOwner } from "../store/disk/segment.ts";
import type { Kept } from "./kept.ts";
import { named } from "./named-target.ts";

/** Where an edge stores beside its memory. */
export interface DiskConfig {
  readonly id: string;
  /** A directory; undefined: nowhere. */
  readonly disk: string | undefined;
  readonly diskSize: number;
}

/** Throws a Failure: the directory is of another edge, or is in use. */
export async function openDisk(
  { id, disk, diskSize }: DiskConfig,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<DiskTier | undefined> {
  if (disk === undefined) return undefined;
  const files = await openDirectory(disk);
  const lock = await lockDirectory(disk);
  const parts = { files, edge: id, size: diskSize, clock, log };
  return openDiskTier(parts, () => lock.release()).catch(async (thrown: unknown) => {
    await lock.release();
    throw thrown;
  });
}

/** Rule E9: what the process that wrote to the disk has left to this one. */
export async function keptOn(tier: DiskTier): Promise<Kept> {
  const invalidated: Kept["invalidated"][number][] = [];
  for await (const { targets, mark } of tier.invalidations())
    invalidated.push({ targets: targets.map(named), invalidations: mark.invalidations });
  return { resumed: tier.resumed, invalidated };
}

interface FromElsewhere {
  readonly name: string;
  readonly origin: unknown;
  readonly host?: unknown;
}

/** Whose the frames are that are written now; undefined while the history of purges is not known. */
export function diskOwner(
  follower: { readonly runId: string | undefined },
  sites: () => readonly FromElsewhere[],
): () => SegmentOwner | undefined {
  let last: { readonly sites: readonly FromElsewhere[]; readonly owner: SegmentOwner } | undefined;
  return () => {
    const { runId } = follower;
    if (runId === undefined) return undefined;
    const now = sites();
    if (last?.sites !== now || last.owner.runId !== runId)
      last = { sites: now, owner: { runId, origins: originDigests(now) } };
    return last.owner;
  };
}

/** By site, of where its responses come from. */
function originDigests(sites: readonly FromElsewhere[]): Record<string, string> {
  const digest = (value: unknown): string =>
    createHash("sha256").update(JSON.stringify(value)).digest("base64url").slice(0, 16);
  return Object.fromEntries(sites.map(({ name, origin, host }) => [name, digest([origin, host])]));
}
