import { createHash } from "node:crypto";
import type { Clock } from "../../process/clock.ts";
import { describeError, Failure } from "../../process/failure.ts";
import type { Log } from "../../process/log.ts";
import type { SiteRules } from "../rules/site-rules.ts";
import { type DirectoryLock, lockDirectory } from "../store/disk/directory-lock.ts";
import { openDirectory } from "../store/disk/disk-files.ts";
import { type DiskTier, openDiskTier } from "../store/disk/disk-tier.ts";
import type { SegmentOwner } from "../store/disk/segment.ts";
import type { SiteDigests } from "../store/disk/site-eras.ts";
import type { Kept } from "./kept.ts";
import { named } from "./named-target.ts";

type KeyDeciding = Pick<SiteRules, "book" | "forwardFields" | "cookies" | "signed">;

/** A site, as far as it decides what is stored under which key. */
interface FromElsewhere {
  readonly name: string;
  readonly origin: unknown;
  readonly origins?: unknown;
  readonly host?: unknown;
  readonly rules?: KeyDeciding;
}

/** Where an edge stores beside its memory. */
export interface DiskConfig {
  readonly id: string;
  /** A directory; undefined: nowhere. */
  readonly disk: string | undefined;
  readonly diskSize: number;
  readonly sites: readonly FromElsewhere[];
}

/** Throws a Failure: the directory cannot be used, is of another edge, or is in use. */
export async function openDisk(
  { id, disk, diskSize, sites }: DiskConfig,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<DiskTier | undefined> {
  if (disk === undefined) return undefined;
  let lock: DirectoryLock | undefined;
  try {
    const files = await openDirectory(disk);
    lock = await lockDirectory(disk);
    const parts = { files, edge: id, size: diskSize, clock, log };
    const tier = await openDiskTier(parts, lock.release);
    await tier.hasSites(siteDigests(sites));
    return tier;
  } catch (thrown) {
    await lock?.release();
    if (thrown instanceof Failure) throw thrown;
    const rule = "must be a directory that the edge may read and write";
    throw new Failure("bad-config", "config", `--disk: ${rule}, got "${disk}": ${describeError(thrown)}`);
  }
}

/** Rule E9: what the process that wrote to the disk has left to this one. */
export async function keptOn(tier: DiskTier): Promise<Kept> {
  const invalidated: Kept["invalidated"][number][] = [];
  for await (const { targets, mark } of tier.invalidations())
    invalidated.push({ targets: targets.map(named), invalidations: mark.invalidations });
  return { resumed: tier.resumed, invalidated };
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
      last = { sites: now, owner: { runId, origins: siteDigests(now) } };
    return last.owner;
  };
}

/** By site, of where its responses come from, and of the rules that make their keys and choose among variants. */
function siteDigests(sites: readonly FromElsewhere[]): SiteDigests {
  const digest = (value: unknown): string =>
    createHash("sha256").update(JSON.stringify(value)).digest("base64url").slice(0, 16);
  return Object.fromEntries(
    sites.map(({ name, origin, origins, host, rules }) => [
      name,
      digest([origin, origins, host, rules && keyRules(rules)]),
    ]),
  );
}

/** What of the rules of a site decides the key of a response, or what the origin was asked. */
function keyRules({ book, forwardFields, cookies, signed }: KeyDeciding): unknown {
  const written = book.written.map(({ match, rewrite, key, cookies, cachePost, origin, requestHeaders }) => {
    const does = { rewrite, key, cookies, cachePost, origin, requestHeaders };
    return Object.values(does).every((each) => each === undefined) ? undefined : { match, ...does };
  });
  const { paths, parameter } = signed.written;
  return [forwardFields, cookies, paths, parameter, written.filter((each) => each !== undefined)];
}
