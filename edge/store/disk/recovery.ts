import { describeError } from "../../../process/failure.ts";
import { comparePositions, type Position } from "../../../purge-log/position.ts";
import type { FillMark } from "../stored-response.ts";
import { type DirectoryIdentity, type IdentityParts, identify } from "./directory-identity.ts";
import { type DiskFiles, isDraft } from "./disk-files.ts";
import { DiskIndex, type FramePlace } from "./disk-index.ts";
import { FRAME_HEAD, isIntact } from "./frame.ts";
import {
  endOf,
  hasHeadBehind,
  headsName,
  logName,
  placedHeads,
  removeSegment,
  type Segment,
  type SegmentOwner,
  scannedHeads,
  segmentNumbers,
  unsealedHeads,
} from "./segment.ts";

// A look at a head takes half a microsecond; at first, while the memory of the index is new, ten times as long. What else
// starts in the process goes on meanwhile.
const HEADS_A_TURN = 1_000;

/** Rule E9: where an edge with this directory goes on in the history of purges. */
export interface Resumed {
  readonly runId: string;
  /** Of the oldest response that is current so far: every purge behind it has to be read. */
  readonly oldest: Position;
  /** The latest position of which the directory knows. */
  readonly latest: Position;
  readonly flushes: number;
  readonly invalidations: number;
}

export interface Recovered {
  readonly identity: DirectoryIdentity;
  readonly index: DiskIndex;
  /** The oldest first. */
  readonly segments: readonly Segment[];
  /** Requests that may have changed something, in their order. */
  readonly invalidations: readonly (FramePlace & { readonly mark: FillMark })[];
  /** undefined: nothing is stored. */
  readonly resumed: Resumed | undefined;
}

/** Reads what an earlier process has left. Throws a Failure for the directory of another edge. */
export async function recover(parts: IdentityParts): Promise<Recovered> {
  const { files } = parts;
  const identity = await identify(parts);
  const sizes = await files.list();
  const found = new FoundFrames(parts, framesIn(sizes));
  await removeLeftovers(files, sizes.keys());
  for (const number of segmentNumbers(sizes.keys())) {
    const size = sizes.get(logName(number)) ?? 0;
    const read = await readSegment(number, size, files).catch((thrown: unknown) => {
      parts.log.warn({ number, cause: describeError(thrown) }, "disk segment cannot be read");
      return undefined;
    });
    if (read === undefined) await removeSegment(files, number);
    else await found.take(read);
  }
  return { identity, ...found.result() };
}

/** About as many as the files of heads tell of. */
function framesIn(sizes: ReadonlyMap<string, number>): number {
  const bytes = segmentNumbers(sizes.keys()).map((number) => sizes.get(headsName(number)) ?? 0);
  return bytes.reduce((sum, each) => sum + Math.floor(each / FRAME_HEAD), 0);
}

/** Drafts that a crash has left, and heads whose frames are gone. */
async function removeLeftovers(files: DiskFiles, names: Iterable<string>): Promise<void> {
  const all = new Set(names);
  for (const name of all) {
    const isOrphan = name.endsWith(".heads") && !all.has(name.replace(/heads$/, "log"));
    if (isOrphan || isDraft(name)) await files.remove(name);
  }
}

interface ReadSegment {
  readonly segment: Segment;
  readonly heads: Buffer;
  /** Frames are lost that stood before others, or of which the heads tell. */
  readonly isDamaged: boolean;
}

/** undefined: it does not even say whose it is. */
async function readSegment(number: number, size: number, files: DiskFiles): Promise<ReadSegment | undefined> {
  const file = await files.open(logName(number), "old");
  const sealed = unsealedHeads(await files.readAll(headsName(number)));
  const isWhole = sealed !== undefined && endOf(sealed) <= size;
  const heads = isWhole ? sealed : await scannedHeads(file, size);
  const begin = await beginIn(heads, (into) => file.read(into, FRAME_HEAD));
  if (begin === undefined) {
    await file.close();
    return undefined;
  }
  const end = endOf(heads);
  const headBytes = heads.byteLength;
  const kept = isWhole ? undefined : [heads];
  const segment = { number, ...begin, isEarlier: true, file, end, written: end, heads: kept, headBytes };
  const isCut = sealed !== undefined && heads.byteLength < sealed.byteLength;
  const isDamaged = !isWhole && (isCut || (await hasHeadBehind(file, end, size)));
  return { segment, heads, isDamaged };
}

async function beginIn(
  heads: Buffer,
  read: (into: Buffer) => Promise<number>,
): Promise<Pick<Segment, "owner" | "begunAt"> | undefined> {
  const [first] = placedHeads(heads);
  if (first?.head.kind !== "begin") return undefined;
  const payload = Buffer.alloc(first.head.length);
  await read(payload);
  if (!isIntact(first.head, payload)) return undefined;
  const { runId, origins }: SegmentOwner = JSON.parse(payload.toString());
  return { owner: { runId, origins }, begunAt: first.head.wall };
}

/** What the frames of all segments say together. */
class FoundFrames {
  readonly #parts: IdentityParts;
  readonly #index: DiskIndex;
  readonly #segments: Segment[] = [];
  readonly #invalidations: (FramePlace & { readonly mark: FillMark })[] = [];
  /** Of the responses with the most flushes, which are current as far as is known. */
  #oldest: Position | undefined;
  #latest: Position | undefined;
  #flushes = 0;
  #invalidated = 0;
  #wall = 0;
  #steps = 0;

  constructor(parts: IdentityParts, frames: number) {
    this.#parts = parts;
    // One that grows moves each row several times.
    this.#index = new DiskIndex(frames);
  }

  async take({ segment, heads, isDamaged }: ReadSegment): Promise<void> {
    const last = this.#segments.at(-1)?.number ?? segment.number - 1;
    this.#segments.push(segment);
    if (isDamaged || segment.number !== last + 1) this.#doubt(isDamaged ? segment.number : last);
    for (const { head, offset } of placedHeads(heads)) {
      this.#steps += 1;
      if (this.#steps % HEADS_A_TURN === 0) await this.#parts.clock.wait(0);
      const { kind, hash, length, mark, checksum, wall } = head;
      const place = { segment: segment.number, offset, length };
      this.#wall = Math.max(this.#wall, wall);
      switch (kind) {
        case "begin":
        case "piece":
          break;
        case "responses":
          this.#index.set(hash, place, checksum);
          this.#note(mark);
          break;
        case "gone":
          this.#index.remove(hash);
          break;
        case "invalidation":
          this.#invalidations.push({ ...place, mark });
          this.#invalidated = Math.max(this.#invalidated, mark.invalidations);
          this.#reach(mark.position);
      }
    }
  }

  /** What is lost may have said that responses before it are gone: those up to this segment are validators. */
  #doubt(upTo: number): void {
    for (const segment of this.#segments) if (segment.number <= upTo) segment.isDoubtful = true;
    this.#parts.log.warn({ upTo }, "disk segment damaged or missing: what was written before is validated");
  }

  #note({ position, flushes, invalidations }: FillMark): void {
    if (flushes > this.#flushes) this.#oldest = undefined;
    this.#flushes = Math.max(this.#flushes, flushes);
    this.#invalidated = Math.max(this.#invalidated, invalidations);
    this.#reach(position);
    if (flushes < this.#flushes) return;
    if (this.#oldest === undefined || comparePositions(position, this.#oldest) < 0) this.#oldest = position;
  }

  #reach(position: Position): void {
    if (this.#latest === undefined || comparePositions(position, this.#latest) > 0) this.#latest = position;
  }

  result(): Omit<Recovered, "identity"> {
    const { clock, log } = this.#parts;
    // Ages are counted by the wall clock over a restart. One that was set back would make responses younger.
    const isSetBack = clock.wall() < this.#wall;
    if (isSetBack) log.warn({ by: this.#wall - clock.wall() }, "soft flush: the clock was set back");
    const [index, segments, invalidations] = [this.#index, this.#segments, this.#invalidations];
    const runId = segments.at(-1)?.owner.runId;
    const [oldest, latest] = [this.#oldest, this.#latest];
    const flushes = this.#flushes + (isSetBack ? 1 : 0);
    const resumed =
      runId === undefined || oldest === undefined || latest === undefined
        ? undefined
        : { runId, oldest, latest, flushes, invalidations: this.#invalidated };
    return { index, segments, invalidations, resumed };
  }
}
