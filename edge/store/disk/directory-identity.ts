import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../../../process/clock.ts";
import { describeError, Failure } from "../../../process/failure.ts";
import type { Log } from "../../../process/log.ts";
import type { DiskFiles } from "./disk-files.ts";
import { DISK_FORMAT } from "./frame.ts";
import { soon } from "./patience.ts";
import { removeSegment, segmentNumbers } from "./segment.ts";
import { type SiteDigests, SiteEras } from "./site-eras.ts";

/** Without this file, the next process takes the directory for an empty one. */
const IDENTITY = "edge.json";

/** What stands in the file. */
interface Known {
  readonly format: number;
  readonly edge: string;
  /** Of the hashes of keys. */
  readonly seeds: readonly [number, number];
  /** By site, as SiteEras gave them last. */
  readonly sites: SiteDigests;
}

export interface IdentityParts {
  readonly files: DiskFiles;
  readonly edge: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly newSeed: () => number;
}

/** Empties a directory of another format. Throws a Failure for that of another edge. */
export async function identify(parts: IdentityParts): Promise<DirectoryIdentity> {
  const { files, edge, log, newSeed } = parts;
  const known = knownIn(await files.readAll(IDENTITY));
  if (known !== undefined && known.edge !== edge) {
    const rule = "must be a directory that no other edge has written";
    throw new Failure("bad-config", "config", `--disk: ${rule}; this one is of edge "${known.edge}"`);
  }
  if (known?.format === DISK_FORMAT) return new DirectoryIdentity(parts, known);
  const numbers = segmentNumbers((await files.list()).keys());
  for (const number of numbers) await removeSegment(files, number);
  if (numbers.length > 0) log.warn({ segments: numbers.length }, "disk emptied: it has another format");
  const made = { format: DISK_FORMAT, edge, seeds: [newSeed(), newSeed()], sites: {} } as const;
  await files.replace(IDENTITY, bytesOf(made));
  return new DirectoryIdentity(parts, made);
}

/** Whose directory it is, and what the next process has to know beside the frames. */
export class DirectoryIdentity {
  readonly seeds: readonly [number, number];
  readonly #parts: IdentityParts;
  readonly #eras: SiteEras;
  /** As the next process finds them. */
  #sites: SiteDigests;
  #keeping: Promise<void> = Promise.resolve();
  #isGivenUp = false;

  constructor(parts: IdentityParts, { seeds, sites }: Known) {
    this.#parts = parts;
    this.seeds = seeds;
    this.#sites = sites;
    this.#eras = new SiteEras(sites);
  }

  /** The next process finds nothing. */
  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  /** By site, the digest with its era. The file says so soon. */
  sitesOf(digests: SiteDigests): SiteDigests {
    const sites = this.#eras.at(digests);
    if (!isDeepStrictEqual(sites, this.#sites)) {
      this.#sites = sites;
      this.#keeping = this.#keeping.then(() => this.#keep(sites));
    }
    return sites;
  }

  /** Resolves when the file says all, or is given up; "late": the disk hangs. */
  kept(): Promise<"kept" | "late"> {
    const kept = this.#keeping.then((): "kept" => "kept");
    return soon(kept, this.#parts.clock);
  }

  async #keep(sites: SiteDigests): Promise<void> {
    if (this.#isGivenUp) return;
    const { files, edge, log } = this.#parts;
    try {
      await files.replace(IDENTITY, bytesOf({ format: DISK_FORMAT, edge, seeds: this.seeds, sites }));
      if (!this.#isGivenUp) return;
    } catch (thrown) {
      log.error({ cause: describeError(thrown) }, "the disk does not take which sites there are");
    }
    // It may have been given up meanwhile, and be there again.
    this.#isGivenUp = false;
    await this.giveUp();
  }

  /** The next process would not know of something. Most disks that take nothing still remove. */
  async giveUp(): Promise<void> {
    if (this.#isGivenUp) return;
    const { files, clock, log } = this.#parts;
    const removed = files.remove(IDENTITY).then(() => {
      this.#isGivenUp = true;
    });
    const cause = await soon(removed, clock).catch(describeError);
    const rule = "the disk does not take what the next start has to know";
    if (cause === undefined) log.error(`${rule}: it is emptied then`);
    else log.error({ cause }, `${rule}, and removes nothing: what has changed may come back then`);
  }
}

function bytesOf(known: Known): Buffer {
  return Buffer.from(JSON.stringify(known));
}

/** undefined: there is none that can be read. */
function knownIn(bytes: Buffer | undefined): Known | undefined {
  if (bytes === undefined) return undefined;
  try {
    const read: Record<keyof Known, unknown> = JSON.parse(bytes.toString());
    const { format, edge, seeds, sites } = read;
    if (typeof format !== "number" || typeof edge !== "string" || !Array.isArray(seeds)) return undefined;
    const [first, second] = seeds.map(Number);
    if (first === undefined || second === undefined) return undefined;
    const digests = Object.entries(sites ?? {}).map(([site, digest]) => [site, String(digest)]);
    return { format, edge, seeds: [first, second], sites: Object.fromEntries(digests) };
  } catch {
    // What cannot be parsed was not written by an edge.
    return undefined;
  }
}
