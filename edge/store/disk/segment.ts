import { crc32 } from "node:zlib";
import type { DiskFile, DiskFiles } from "./disk-files.ts";
import {
  checksumOf,
  FRAME_HEAD,
  FRAME_UNIT,
  type FrameHead,
  frameBytes,
  isIntact,
  knownHead,
  NO_HASH,
  NO_MARK,
  payloadLength,
  readHead,
} from "./frame.ts";
import type { SiteDigests } from "./site-eras.ts";

/** Whose responses a segment holds. Its first frame says so. */
export interface SegmentOwner {
  /** Names the history of purges to which its marks belong. */
  readonly runId: string;
  /** By site, a digest of where its responses come from, and of the rules that make their keys. */
  readonly origins: SiteDigests;
}

/** A file of frames. */
export interface Segment {
  readonly number: number;
  /** Written by an earlier process. */
  readonly isEarlier: boolean;
  readonly owner: SegmentOwner;
  /** When, in milliseconds since 1970. */
  readonly begunAt: number;
  /** undefined until the writer has made it. */
  file: DiskFile | undefined;
  /** Where the next frame will stand. */
  end: number;
  /** Up to here it is on disk. */
  written: number;
  /** The heads of its frames. undefined: they stand in the file of heads. */
  heads: Buffer[] | undefined;
  headBytes: number;
  /** A part behind its begin is lost, and with it what may have said that something is gone. */
  isDoubtful?: boolean;
  /** Its heads have been written, or that was tried. */
  isSealed?: boolean;
}

const LEAST_SEGMENT = 4 * 1024 * 1024;
const LARGEST_SEGMENT = 64 * 1024 * 1024;
// Of the size: with every segment that goes, this share of what is kept goes.
const SEGMENT_SHARE = 16;

/** Bytes of a segment for a tier of this size. */
export function segmentSize(size: number): number {
  return Math.min(LARGEST_SEGMENT, Math.max(LEAST_SEGMENT, Math.floor(size / SEGMENT_SHARE)));
}

const NAME = /^(\d{8})\.(log|heads)$/;

export function logName(number: number): string {
  return `${String(number).padStart(8, "0")}.log`;
}

export function headsName(number: number): string {
  return `${String(number).padStart(8, "0")}.heads`;
}

/** The numbers of the segments among these names, ascending. */
export function segmentNumbers(names: Iterable<string>): readonly number[] {
  const numbers: number[] = [];
  for (const name of names) {
    const match = NAME.exec(name);
    if (match?.[2] === "log") numbers.push(Number(match[1]));
  }
  return numbers.sort((a, b) => a - b);
}

export interface PlacedHead {
  readonly head: FrameHead;
  readonly offset: number;
}

/** The heads, dense as their frames are, with where each frame stands. Their checksums, or that of all, have been tested. */
export function* placedHeads(heads: Buffer): Generator<PlacedHead> {
  let offset = 0;
  for (let at = 0; at + FRAME_HEAD <= heads.byteLength; at += FRAME_HEAD) {
    const head = knownHead(heads, at);
    if (head === undefined) return;
    yield { head, offset };
    offset += frameBytes(head.length);
  }
}

/** Where the last of the frames ends. */
export function endOf(heads: Buffer): number {
  let end = 0;
  for (let at = 0; at + FRAME_HEAD <= heads.byteLength; at += FRAME_HEAD)
    end += frameBytes(payloadLength(heads, at));
  return end;
}

/** For the file of heads: they stand there with a checksum, so that a start need not read the frames. */
function sealedHeads(heads: readonly Buffer[]): Buffer {
  const all = Buffer.concat(heads);
  const seal = Buffer.alloc(4);
  seal.writeUInt32LE(crc32(all));
  return Buffer.concat([all, seal]);
}

/** undefined: it is not whole. */
export function unsealedHeads(bytes: Buffer | undefined): Buffer | undefined {
  if (bytes === undefined || bytes.byteLength < 4) return undefined;
  const heads = bytes.subarray(0, -4);
  return crc32(heads) === bytes.readUInt32LE(heads.byteLength) ? heads : undefined;
}

/** Its heads go to a file of their own. Without that, the next start reads the frames. It is tried once. */
export async function sealSegment(files: DiskFiles, segment: Segment): Promise<void> {
  const { heads, file, number } = segment;
  if (heads === undefined || file === undefined || segment.isSealed === true) return;
  segment.isSealed = true;
  await file.sync();
  await files.replace(headsName(number), sealedHeads(heads));
  segment.heads = undefined;
}

/** From memory, or from the file of heads. Empty where that is not whole. */
export async function headsOf(files: DiskFiles, { heads, number }: Segment): Promise<Buffer> {
  if (heads !== undefined) return Buffer.concat(heads);
  return unsealedHeads(await files.readAll(headsName(number))) ?? Buffer.alloc(0);
}

// As much as is read at once.
const READ = 1024 * 1024;

/** The heads of the frames that are whole, up to the first that is not. */
export async function scannedHeads(file: DiskFile, length: number): Promise<Buffer> {
  const heads: Buffer[] = [];
  let offset = 0;
  let chunk = Buffer.alloc(0);
  let chunkAt = 0;
  /** Bytes from `offset` on. */
  const ahead = async (bytes: number): Promise<Buffer> => {
    const from = offset - chunkAt;
    if (from >= 0 && from + bytes <= chunk.byteLength) return chunk.subarray(from, from + bytes);
    const into = Buffer.allocUnsafeSlow(Math.min(Math.max(bytes, READ), Math.max(0, length - offset)));
    chunk = into.subarray(0, await file.read(into, offset));
    chunkAt = offset;
    return chunk.subarray(0, bytes);
  };
  while (offset + FRAME_HEAD <= length) {
    const head = readHead(await ahead(FRAME_HEAD), 0);
    if (head === undefined || offset + FRAME_HEAD + head.length > length) break;
    const frame = await ahead(FRAME_HEAD + head.length);
    if (!isIntact(head, frame.subarray(FRAME_HEAD))) break;
    heads.push(Buffer.from(frame.subarray(0, FRAME_HEAD)));
    offset += frameBytes(head.length);
  }
  return Buffer.concat(heads);
}

/** Whether the head of a frame stands anywhere behind this place: what lies between is lost. */
export async function hasHeadBehind(file: DiskFile, from: number, length: number): Promise<boolean> {
  const into = Buffer.allocUnsafeSlow(READ + FRAME_HEAD);
  for (let chunkAt = from; chunkAt + FRAME_HEAD <= length; chunkAt += READ) {
    const chunk = into.subarray(0, await file.read(into, chunkAt));
    for (let at = 0; at < READ && at + FRAME_HEAD <= chunk.byteLength; at += FRAME_UNIT)
      if (chunkAt + at > from && readHead(chunk, at) !== undefined) return true;
  }
  return false;
}

/** Removes both files of a segment. */
export async function removeSegment(files: DiskFiles, number: number): Promise<void> {
  await files.remove(logName(number));
  await files.remove(headsName(number));
}

/** How many of the frames end at or before `end`. */
export function countBefore(heads: Buffer, end: number): number {
  let count = 0;
  for (let offset = 0; offset < end && count * FRAME_HEAD < heads.byteLength; count += 1)
    offset += frameBytes(payloadLength(heads, count * FRAME_HEAD));
  return count;
}

/** One that has no file yet. */
export function newSegment(number: number, owner: SegmentOwner, begunAt: number): Segment {
  const none = { end: 0, written: 0, heads: [], headBytes: 0 };
  return { number, owner, begunAt, isEarlier: false, file: undefined, ...none };
}

/** The first frame of a segment. */
export function beginOf(
  owner: SegmentOwner,
  wall: number,
): { readonly head: FrameHead; readonly payload: Buffer } {
  const payload = Buffer.from(JSON.stringify(owner));
  const about = { length: payload.byteLength, checksum: checksumOf(payload), wall };
  return { head: { kind: "begin", hash: NO_HASH, mark: NO_MARK, ...about }, payload };
}

/** Of all files of these segments. */
export function bytesOf(segments: Iterable<Segment>): number {
  let sum = 0;
  for (const segment of segments) sum += fileBytes(segment);
  return sum;
}

/** Of both of its files. */
export function fileBytes({ end, headBytes }: Segment): number {
  return end + headBytes;
}
