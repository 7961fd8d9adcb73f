/**
 * Stored responses on disk, behind those in memory. What leaves memory for want of room, and was asked for while it was
 * there, is written to the end of a log of segments. What is asked for and is not in memory comes back from there.
 *
 * A purge changes nothing on disk. Each frame has the mark of its fill, and is tested against the fence when it is read,
 * as a fill is tested when it ends (rules E3 and E9). After a restart the edge follows the purge log from the oldest mark
 * on disk, so that the fence knows of all purges since.
 */
import { randomInt } from "node:crypto";
import type { Clock } from "../../../process/clock.ts";
import { describeError } from "../../../process/failure.ts";
import type { Log } from "../../../process/log.ts";
import { hashOf } from "../../../process/text-hash.ts";
import type { PurgeTarget } from "../../../purge-log/purge.ts";
import type { Leaving } from "../leaving.ts";
import type { LowerStore } from "../memory-store-options.ts";
import type { FillMark, StoredResponse } from "../stored-response.ts";
import type { DirectoryIdentity } from "./directory-identity.ts";
import type { DiskCounts } from "./disk-counts.ts";
import type { DiskFiles } from "./disk-files.ts";
import type { DiskIndex, FramePlace } from "./disk-index.ts";
import { checksumOf, type KeyHash, NO_HASH, NO_MARK } from "./frame.ts";
import { LargeBodies, placelessChecksum } from "./large-bodies.ts";
import { fewOpen } from "./open-files.ts";
import { soon } from "./patience.ts";
import { bytesOf as bytesOfPieces, packed, packedBytes, unpacked } from "./portable-responses.ts";
import type { Recalled } from "./recalled.ts";
import { type Recovered, type Resumed, recover } from "./recovery.ts";
import type { SegmentOwner } from "./segment.ts";
import { SegmentLog } from "./segment-log.ts";
import type { SiteDigests } from "./site-eras.ts";

export interface DiskTierParts {
  readonly files: DiskFiles;
  readonly edge: string;
  /** Bytes that all files may take. */
  readonly size: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Reads the directory. `closed` is called when nothing uses it any more. Throws a Failure for that of another edge. */
export async function openDiskTier(
  parts: DiskTierParts,
  closed: () => Promise<void> = async () => undefined,
): Promise<DiskTier> {
  const around = { ...parts, files: fewOpen(parts.files) };
  const recovered = await recover({ ...around, newSeed: () => randomInt(2 ** 32) });
  return new DiskTier(around, recovered, closed);
}

export class DiskTier implements LowerStore {
  readonly #parts: DiskTierParts;
  readonly #identity: DirectoryIdentity;
  readonly #index: DiskIndex;
  readonly #segments: SegmentLog;
  readonly #large: LargeBodies;
  readonly #found: Recovered["invalidations"];
  readonly #closed: () => Promise<void>;
  /** Keys that are being read. */
  readonly #reading = new Map<string, Promise<Recalled | undefined>>();
  readonly #counts = { reads: 0, readBytes: 0, writes: 0, writtenBytes: 0, passedOver: 0, errors: 0 };
  #owner: () => SegmentOwner | undefined = () => undefined;
  /** undefined: it was empty. */
  readonly resumed: Resumed | undefined;

  constructor(
    parts: DiskTierParts,
    { identity, index, segments, invalidations, resumed }: Recovered,
    closed: () => Promise<void>,
  ) {
    this.#parts = parts;
    this.#closed = closed;
    this.#identity = identity;
    this.#index = index;
    this.#found = invalidations;
    this.resumed = resumed;
    this.#segments = new SegmentLog(
      {
        ...parts,
        owner: () => this.#owner(),
        dropped: (hash, place) => this.#index.remove(hash, place),
      },
      segments,
    );
    this.#large = new LargeBodies(this.#segments, parts.size, parts.clock);
  }

  /** Whose the frames are from now on. Before, none is taken. */
  belongsTo(owner: () => SegmentOwner | undefined): void {
    let last: { readonly given: SegmentOwner; readonly owner: SegmentOwner } | undefined;
    this.#owner = () => {
      const given = owner();
      if (given === undefined) return undefined;
      if (last?.given !== given) {
        const origins = this.#identity.sitesOf(given.origins);
        last = { given, owner: { runId: given.runId, origins } };
      }
      return last.owner;
    };
  }

  /** Resolves when the next process will know that this one had these sites, or after a while where the disk hangs. */
  async hasSites(digests: SiteDigests): Promise<void> {
    this.#identity.sitesOf(digests);
    await this.#identity.kept();
  }

  /** The invalidations of earlier processes that are still on disk, in their order. */
  async *invalidations(): AsyncGenerator<{
    readonly targets: readonly PurgeTarget[];
    readonly mark: FillMark;
  }> {
    for (const { mark, ...place } of this.#found) {
      const payload = await this.#segments.read(place);
      // One that cannot be read may have named anything.
      const targets: readonly PurgeTarget[] =
        payload instanceof Buffer ? JSON.parse(payload.toString()) : [{ kind: "everything" }];
      yield { targets, mark };
    }
  }

  /** Bytes of memory that tell where each response lies. */
  get indexBytes(): number {
    return this.#index.bytes;
  }

  get counts(): DiskCounts {
    const wall = this.#parts.clock.wall();
    const [oldest] = this.#segments.segments.values();
    return {
      ...this.#counts,
      errors: this.#counts.errors + this.#segments.errors,
      objects: this.#index.size,
      bytes: this.#segments.bytes,
      indexBytes: this.indexBytes,
      queueBytes: this.#segments.queueBytes,
      evicted: this.#segments.evicted,
      oldestMs: Math.max(0, wall - (oldest?.begunAt ?? wall)),
      trouble: this.#segments.trouble,
    };
  }

  #hash(key: string): KeyHash {
    const [high, low] = this.#identity.seeds;
    return { high: hashOf(key, high) >>> 0, low: hashOf(key, low) >>> 0 };
  }

  /** Whether something may be stored under the key. */
  mayHold(key: string): boolean {
    return (
      this.#index.size > 0 && !this.#segments.readsRest && this.#index.find(this.#hash(key)) !== undefined
    );
  }

  /** What is stored under the key. Who asks meanwhile gets the same. */
  read(key: string): Promise<Recalled | undefined> {
    const known = this.#reading.get(key);
    if (known !== undefined) return known;
    const reading = this.#read(key).finally(() => this.#reading.delete(key));
    this.#reading.set(key, reading);
    return reading;
  }

  async #read(key: string): Promise<Recalled | undefined> {
    const hash = this.#hash(key);
    const place = this.#index.find(hash);
    if (place === undefined) return undefined;
    const payload = await this.#segments.read(place);
    const pieces = payload instanceof Buffer ? await this.#large.read(payload) : "damaged";
    if (payload === "not-now" || pieces === "not-now") return undefined;
    // It may have been forgotten or replaced while it was read.
    const now = this.#index.find(hash);
    const isStill = now?.segment === place.segment && now.offset === place.offset;
    const segment = this.#segments.segments.get(place.segment);
    if (pieces === "evicted") this.#index.remove(hash, place);
    if (pieces === "evicted" || !isStill || segment === undefined) return undefined;
    const isWhole = payload !== undefined && pieces !== "damaged";
    const responses = isWhole ? this.#unpacked(payload, pieces, key, segment.isEarlier) : undefined;
    if (responses === undefined) {
      this.#index.remove(hash, place);
      this.#counts.errors += 1;
      this.#parts.log.warn(
        { sampled: "disk-frame", ...place },
        "disk frame dropped: it is not as it was written",
      );
      return undefined;
    }
    this.#counts.reads += 1;
    if (isWhole) this.#counts.readBytes += bytesOfPieces([payload, ...pieces]);
    if (responses === "other-key") return undefined;
    const { isDoubtful = false, owner } = segment;
    const isElsewhere = (site: string): boolean => owner.origins[site] !== this.#owner()?.origins[site];
    return { responses, isDoubtful: (site) => isDoubtful || isElsewhere(site) };
  }

  #unpacked(
    payload: Buffer,
    pieces: readonly Uint8Array[],
    key: string,
    isEarlier: boolean,
  ): readonly StoredResponse[] | "other-key" | undefined {
    const { clock, log } = this.#parts;
    const now = isEarlier ? { wall: clock.wall(), monotonic: clock.monotonic() } : undefined;
    try {
      return unpacked(payload, key, now, pieces) ?? "other-key";
    } catch (thrown) {
      log.warn({ sampled: "disk-parse", cause: describeError(thrown) }, "disk frame cannot be parsed");
      return undefined;
    }
  }

  /** Takes what leaves memory, if the disk keeps up. It does not wait. */
  take(key: string, leaving: () => Leaving | undefined): void {
    const left = leaving();
    if (left === undefined) return;
    const bytes = packedBytes(left.responses);
    if (bytes > this.#segments.mostPayload) {
      this.#takeLarge(key, bytes, left);
      return;
    }
    this.#large.forget(key);
    const payload = packed(left.responses);
    const checksum = checksumOf(payload);
    const hash = this.#hash(key);
    const held = this.#index.find(hash);
    // It came from there, and lies there still.
    if (held?.length === payload.byteLength && held.checksum === checksum) return;
    const { mark } = left;
    const place = this.#segments.append({ kind: "responses", hash, payload, mark, checksum });
    if (place === undefined) this.#passOver(key);
    else this.#wrote(hash, place, checksum, payload.byteLength);
  }

  /** It is found when all of it is there. Until then nothing is. */
  #takeLarge(key: string, bytes: number, left: Leaving): void {
    const hash = this.#hash(key);
    const checksum = placelessChecksum(left.responses);
    const isThere = this.#index.find(hash)?.checksum === checksum;
    if (isThere || this.#large.isWriting(key, checksum)) return;
    if (!this.#large.hasRoom(bytes)) {
      this.#passOver(key);
      return;
    }
    this.forget(key);
    this.#large.write({ key, hash, bytes, ...left }, checksum, (written) => {
      if (written === "no-room") this.#counts.passedOver += 1;
      // The checksum of its frame depends on where the pieces lie, which is elsewhere each time.
      else this.#wrote(hash, written, checksum, bytes);
    });
  }

  #wrote(hash: KeyHash, place: FramePlace, checksum: number, bytes: number): void {
    this.#index.set(hash, place, checksum);
    this.#counts.writes += 1;
    this.#counts.writtenBytes += bytes;
  }

  /** What lies there is older. */
  #passOver(key: string): void {
    this.#counts.passedOver += 1;
    this.forget(key);
  }

  /** What is stored under the key is not the response any more. */
  forget(key: string): void {
    this.#large.forget(key);
    if (this.#index.size === 0) return;
    const hash = this.#hash(key);
    if (!this.#index.remove(hash)) return;
    this.#segments.append({ kind: "gone", hash, payload: NOTHING, mark: NO_MARK });
  }

  /** Resolves when the next process will know of it too: these targets may have changed. */
  async invalidated(targets: readonly PurgeTarget[], mark: FillMark): Promise<void> {
    const isEmpty = this.#index.size === 0 && !this.#large.isBusy;
    if (isEmpty || this.#identity.isGivenUp) return;
    const payload = Buffer.from(JSON.stringify(targets));
    const place = this.#segments.append({ kind: "invalidation", hash: NO_HASH, payload, mark });
    if (place !== undefined && (await soon(this.#segments.flushed(), this.#parts.clock)) === true) return;
    await this.#identity.giveUp();
  }

  /** Resolves to whether all that it took is on disk, or was given up: then a power cut leaves it. */
  async flushed(): Promise<boolean> {
    await this.#large.settled();
    return this.#segments.flushed();
  }

  /** Writes what waits. A disk that hangs may write later, so the directory stays this process's until it ends. */
  async close(): Promise<void> {
    await this.#large.settled();
    const isWritten = await this.#segments.close();
    if (isWritten && (await this.#identity.kept()) !== "late") await this.#closed();
  }
}

const NOTHING = new Uint8Array(0);
