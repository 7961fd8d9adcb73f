/**
 * What stands in a segment: frames, one behind the other, each with a head of 64 bytes. The checksums tell a frame that
 * was written whole from one that a crash has cut, or that the disk has changed.
 */
import { crc32 } from "node:zlib";
import type { FillMark } from "../stored-response.ts";

export const FRAME_HEAD = 64;
/** Frames begin at multiples of this, so that the numbers of a record lie on their own boundaries. */
export const FRAME_UNIT = 8;

/** Changes with every change of what frames and records are. A directory of another format is emptied. */
export const DISK_FORMAT = 2;

const MAGIC = 0x4543_4431;

/** What a frame says. */
export const frameKinds = ["begin", "responses", "gone", "invalidation", "piece"] as const;

/**
 * `begin`: whose segment it is. `responses`: all that is stored under a key. `gone`: what was stored under the key before
 * is not any more. `invalidation`: a request may have changed what these targets name. `piece`: a part of a large body,
 * of which the responses behind it tell.
 */
export type FrameKind = (typeof frameKinds)[number];

export interface FrameHead {
  readonly kind: FrameKind;
  /** Of the key; of other kinds 0. */
  readonly hash: KeyHash;
  /** Bytes of the payload. */
  readonly length: number;
  readonly checksum: number;
  /** The oldest of the responses; of an invalidation its own number, and where the edge was. */
  readonly mark: FillMark;
  /** When it was written, in milliseconds since 1970. */
  readonly wall: number;
}

/** What is to be written. */
export interface NewFrame {
  readonly kind: FrameKind;
  readonly hash: KeyHash;
  readonly payload: Uint8Array;
  readonly mark: FillMark;
  /** Where it is known already. */
  readonly checksum?: number;
}

/** 64 bits in two halves, each unsigned. */
export interface KeyHash {
  readonly high: number;
  readonly low: number;
}

export const NO_HASH: KeyHash = { high: 0, low: 0 };

/** Of frames that no purge is about. */
export const NO_MARK: FillMark = { position: { epoch: 0, seq: 0 }, flushes: 0, invalidations: 0 };

/** Bytes that a frame takes, with what lies between it and the next. */
export function frameBytes(payload: number): number {
  return Math.ceil((FRAME_HEAD + payload) / FRAME_UNIT) * FRAME_UNIT;
}

/** All bytes of a frame. */
export function frameOf(head: FrameHead, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafeSlow(frameBytes(payload.byteLength));
  writeHead(bytes, 0, head);
  bytes.set(payload, FRAME_HEAD);
  bytes.fill(0, FRAME_HEAD + payload.byteLength);
  return bytes;
}

export function writeHead(into: Buffer, at: number, head: FrameHead): void {
  into.writeUInt32LE(MAGIC, at);
  into.writeUInt32LE(frameKinds.indexOf(head.kind), at + 4);
  into.writeUInt32LE(head.hash.high, at + 8);
  into.writeUInt32LE(head.hash.low, at + 12);
  into.writeUInt32LE(head.length, at + 16);
  into.writeUInt32LE(head.checksum, at + 20);
  into.writeDoubleLE(head.mark.position.epoch, at + 24);
  into.writeDoubleLE(head.mark.position.seq, at + 32);
  into.writeDoubleLE(head.wall, at + 40);
  into.writeUInt32LE(head.mark.flushes, at + 48);
  into.writeUInt32LE(head.mark.invalidations, at + 52);
  into.writeUInt32LE(0, at + 56);
  into.writeUInt32LE(crc32(into.subarray(at, at + 60)), at + 60);
}

/** undefined: no whole head stands there. */
export function readHead(from: Buffer, at: number): FrameHead | undefined {
  if (at + FRAME_HEAD > from.byteLength || from.readUInt32LE(at) !== MAGIC) return undefined;
  if (from.readUInt32LE(at + 60) !== crc32(from.subarray(at, at + 60))) return undefined;
  return knownHead(from, at);
}

/** The same for bytes whose checksum has been tested. */
export function knownHead(from: Buffer, at: number): FrameHead | undefined {
  const kind = frameKinds[from.readUInt32LE(at + 4)];
  if (kind === undefined) return undefined;
  return {
    kind,
    hash: { high: from.readUInt32LE(at + 8), low: from.readUInt32LE(at + 12) },
    length: from.readUInt32LE(at + 16),
    checksum: from.readUInt32LE(at + 20),
    mark: {
      position: { epoch: from.readDoubleLE(at + 24), seq: from.readDoubleLE(at + 32) },
      flushes: from.readUInt32LE(at + 48),
      invalidations: from.readUInt32LE(at + 52),
    },
    wall: from.readDoubleLE(at + 40),
  };
}

/** Bytes of the payload, of a head whose checksum has been tested. */
export function payloadLength(heads: Buffer, at: number): number {
  return heads.readUInt32LE(at + 16);
}

/** Whether the payload is the one that was written. */
export function isIntact({ length, checksum }: FrameHead, payload: Uint8Array): boolean {
  return payload.byteLength === length && crc32(payload) === checksum;
}

export function checksumOf(payload: Uint8Array): number {
  return crc32(payload);
}
