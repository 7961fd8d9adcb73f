import type { Clock } from "../../../process/clock.ts";
import type { Log } from "../../../process/log.ts";
import type { DiskFile, DiskFiles } from "./disk-files.ts";
import { DiskHealth, type DiskTrouble, REST_MS, troubleOf } from "./disk-health.ts";
import type { FramePlace } from "./disk-index.ts";
import {
  checksumOf,
  FRAME_HEAD,
  type FrameHead,
  frameBytes,
  frameOf,
  isIntact,
  type KeyHash,
  type NewFrame,
  readHead,
} from "./frame.ts";
import { FrameQueue, MOST_WAITING } from "./frame-queue.ts";
import { FrameReads } from "./frame-reads.ts";
import { soon } from "./patience.ts";
import {
  beginOf,
  bytesOf,
  countBefore,
  fileBytes,
  headsOf,
  logName,
  newSegment,
  placedHeads,
  removeSegment,
  type Segment,
  type SegmentOwner,
  sealSegment,
  segmentSize,
} from "./segment.ts";

// A payload is copied and its checksum counted in one turn of the event loop, in 6 ms here.
const MOST_PAYLOAD = 8 * 1024 * 1024;

export interface SegmentLogParts {
  readonly files: DiskFiles;
  readonly clock: Clock;
  readonly log: Log;
  /** Bytes that all files may take. */
  readonly size: number;
  /** Whose the next frames are; undefined: nobody's, so that none is taken. */
  readonly owner: () => SegmentOwner | undefined;
  /** Frames are gone, and are forgotten where they were current: those at the end of a segment that could not be written, or all of one that had to make room. */
  readonly dropped: (hash: KeyHash, place: Pick<FramePlace, "segment" | "offset">) => boolean;
}

/** The segments of a directory: frames are added at the end, and whole segments go at the begin. */
export class SegmentLog {
  readonly #parts: SegmentLogParts;
  readonly #segmentSize: number;
  /** The oldest first. */
  readonly #segments = new Map<number, Segment>();
  #current: Segment | undefined;
  readonly #queue: FrameQueue;
  #isOver = false;
  readonly #reads: FrameReads;
  /** Written since they were synced. */
  readonly #unsynced = new Set<Segment>();
  readonly #written: PromiseWithResolvers<boolean>[] = [];
  readonly #running: Promise<void>;
  readonly #writes: DiskHealth;
  /** Since the start: segments that had to make room, and the current responses in them. */
  readonly evicted = { segments: 0, objects: 0 };

  constructor(parts: SegmentLogParts, segments: readonly Segment[]) {
    this.#parts = parts;
    this.#queue = new FrameQueue(parts.clock);
    this.#reads = new FrameReads(parts);
    this.#writes = new DiskHealth(parts.clock);
    this.#segmentSize = segmentSize(parts.size);
    for (const segment of segments) this.#segments.set(segment.number, segment);
    this.#running = this.#run();
  }

  /** Bytes of all files, with what waits to be written. */
  get bytes(): number {
    return bytesOf(this.#segments.values());
  }

  get errors(): number {
    return this.#writes.errors + this.#reads.health.errors;
  }

  /** What is wrong with the disk. */
  get trouble(): DiskTrouble | undefined {
    return this.#writes.trouble ?? this.#reads.health.trouble;
  }

  get segments(): ReadonlyMap<number, Segment> {
    return this.#segments;
  }

  get queueBytes(): number {
    return this.#queue.bytes;
  }

  /** The largest payload that it takes. */
  get mostPayload(): number {
    return Math.min(MOST_PAYLOAD, this.#segmentSize / 2);
  }

  /** Adds a frame behind all others, and does not wait. undefined: it takes none now. */
  append({ kind, hash, payload, mark, checksum = checksumOf(payload) }: NewFrame): FramePlace | undefined {
    const bytes = frameBytes(payload.byteLength);
    const { clock } = this.#parts;
    if (this.#isOver || this.#queue.bytes + bytes > MOST_WAITING) return undefined;
    if (payload.byteLength > this.mostPayload || this.#writes.rests) return undefined;
    const segment = this.#segmentFor(bytes);
    if (segment === undefined) return undefined;
    const head = { kind, hash, length: payload.byteLength, checksum, mark, wall: clock.wall() };
    return { segment: segment.number, offset: this.#add(segment, head, payload), length: payload.byteLength };
  }

  #add(segment: Segment, head: FrameHead, payload: Uint8Array): number {
    const bytes = frameOf(head, payload);
    const offset = segment.end;
    // A copy: a view would keep the whole frame in memory until the segment is full.
    segment.heads?.push(Buffer.from(bytes.subarray(0, FRAME_HEAD)));
    segment.end += bytes.byteLength;
    segment.headBytes += FRAME_HEAD;
    this.#queue.push({ segment, offset, bytes });
    return offset;
  }

  #segmentFor(bytes: number): Segment | undefined {
    const owner = this.#parts.owner();
    if (owner === undefined) return undefined;
    const current = this.#current;
    const hasRoom = current !== undefined && fileBytes(current) + bytes + FRAME_HEAD <= this.#segmentSize;
    if (hasRoom && current.owner === owner) return current;
    const wall = this.#parts.clock.wall();
    const begun = newSegment(1 + ([...this.#segments.keys()].at(-1) ?? 0), owner, wall);
    this.#segments.set(begun.number, begun);
    this.#current = begun;
    const { head, payload } = beginOf(owner, wall);
    this.#add(begun, head, payload);
    return begun;
  }

  /** Whether nothing can be read now. */
  get readsRest(): boolean {
    return this.#reads.rests;
  }

  /** Resolves to the payload; undefined: it is gone, or is not as it was written. */
  async read(place: FramePlace): Promise<Buffer | "not-now" | undefined> {
    const segment = this.#segments.get(place.segment);
    if (segment === undefined) return undefined;
    const bytes = Buffer.allocUnsafeSlow(FRAME_HEAD + place.length);
    if (place.offset + bytes.byteLength > segment.written) {
      const queued = this.#queue.at(place);
      if (queued === undefined) return undefined;
      queued.bytes.copy(bytes);
    } else {
      const outcome = await this.#reads.read(segment.file, bytes, place.offset);
      if (outcome !== "read") return outcome === "not-now" ? outcome : undefined;
    }
    const head = readHead(bytes, 0);
    const payload = bytes.subarray(FRAME_HEAD);
    return head !== undefined && isIntact(head, payload) ? payload : undefined;
  }

  /** Resolves to whether all that was added so far is on disk and survives a power cut. */
  flushed(): Promise<boolean> {
    if (this.#queue.bytes === 0) return Promise.resolve(true);
    const written = Promise.withResolvers<boolean>();
    this.#written.push(written);
    this.#queue.hasten();
    return written.promise;
  }

  /** Writes what waits, then closes all files. Resolves to whether the disk did so: one that hangs is left alone. */
  async close(): Promise<boolean> {
    this.#isOver = true;
    this.#queue.end();
    const closed = this.#running.then(() =>
      Promise.all(this.#segments.values().map(({ file }) => file?.close())),
    );
    const hangs = (await soon(closed, this.#parts.clock)) === "late";
    this.#reads.end();
    if (hangs)
      this.#parts.log.error({ bytes: this.#queue.bytes }, "the disk hangs: what waits is not written");
    return !hangs;
  }

  async #run(): Promise<void> {
    // An earlier process may have been allowed more.
    await this.#makeRoom(0).catch((thrown: unknown) => this.#fail(thrown));
    while (await this.#queue.isDue()) {
      const told = this.#written.splice(0);
      const isWritten = await this.#writeAll(told.length > 0);
      for (const each of told) each.resolve(isWritten);
    }
    if (this.#current !== undefined) await this.#seal(this.#current);
  }

  async #writeAll(syncs: boolean): Promise<boolean> {
    try {
      while (this.#queue.bytes > 0) this.#unsynced.add(await this.#writeSome());
      if (syncs) for (const { file } of this.#unsynced) await file?.sync();
      if (syncs) this.#unsynced.clear();
      return true;
    } catch (thrown) {
      await this.#fail(thrown);
      return false;
    }
  }

  /** One write: frames of one segment that lie one behind the other. */
  async #writeSome(): Promise<Segment> {
    const some = this.#queue.first();
    const [first] = some;
    if (first === undefined) throw new Error("something waits to be written");
    const { segment, offset } = first;
    segment.file ??= await this.#begin(segment);
    const pieces = some.map(({ bytes }) => bytes);
    await segment.file.write(pieces, offset);
    // Readers look for it in the queue until now, and in the file from now on.
    segment.written = pieces.reduce((end, { byteLength }) => end + byteLength, offset);
    this.#queue.written(some.length);
    this.#writes.went();
    return segment;
  }

  /** Those before it are complete. Room is made before the first byte is written. */
  async #begin(segment: Segment): Promise<DiskFile> {
    for (const other of this.#segments.values()) if (other.number < segment.number) await this.#seal(other);
    await this.#makeRoom(this.#segmentSize);
    return this.#parts.files.open(logName(segment.number), "new");
  }

  /** For so many more bytes: the oldest segments go, but none whose frames wait to be written. */
  async #makeRoom(bytes: number): Promise<void> {
    for (const oldest of [...this.#segments.values()]) {
      const onDisk = this.#segments.values().filter(({ written }) => written > 0);
      if (oldest.written === 0 || bytesOf(onDisk) + bytes <= this.#parts.size) break;
      await this.#evict(oldest);
    }
  }

  async #seal(segment: Segment): Promise<void> {
    try {
      await sealSegment(this.#parts.files, segment);
    } catch (thrown) {
      const trouble = troubleOf(thrown);
      this.#writes.failed(trouble, "go on");
      this.#parts.log.warn({ ...trouble, number: segment.number }, "disk segment was not sealed");
    }
  }

  async #evict(segment: Segment): Promise<void> {
    const { number, file } = segment;
    const heads = await headsOf(this.#parts.files, segment);
    this.#segments.delete(number);
    this.#unsynced.delete(segment);
    this.evicted.segments += 1;
    this.evicted.objects += await this.#drop(segment, heads, 0);
    await file?.close();
    await removeSegment(this.#parts.files, number);
  }

  async #drop({ number }: Segment, heads: Buffer, from: number): Promise<number> {
    let [steps, dropped] = [0, 0];
    for (const { head, offset } of placedHeads(heads)) {
      const isOf = head.kind === "responses" && offset >= from;
      if (isOf && this.#parts.dropped(head.hash, { segment: number, offset })) dropped += 1;
      steps += 1;
      if (steps % 1_000 === 0) await this.#parts.clock.wait(0);
    }
    return dropped;
  }

  /** The disk takes nothing now: what waits is given up, and all is as if it had never been added. */
  async #fail(thrown: unknown): Promise<void> {
    const trouble = troubleOf(thrown);
    this.#writes.failed(trouble, "rest");
    this.#parts.log.error(
      { ...trouble, restMs: REST_MS },
      "the disk takes nothing: stored responses stay in memory alone",
    );
    this.#current = undefined;
    for (const segment of this.#queue.clear()) {
      const heads = Buffer.concat(segment.heads ?? []);
      const kept = countBefore(heads, segment.written);
      segment.end = segment.written;
      segment.heads = segment.heads?.slice(0, kept);
      segment.headBytes = kept * FRAME_HEAD;
      if (segment.file === undefined) this.#segments.delete(segment.number);
      await this.#drop(segment, heads, segment.written);
    }
  }
}
