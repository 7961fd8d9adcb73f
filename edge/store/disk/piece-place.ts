import type { FramePlace } from "./disk-index.ts";

/** Where a piece of a body lies, and the checksum that it must have. */
export interface PiecePlace extends FramePlace {
  readonly checksum: number;
}

/** Segment, length and checksum as 32 bits each, which leaves 32 bits; the offset as a double. */
export const PLACE_BYTES = 24;

export function writePlaces(into: Buffer, at: number, places: readonly PiecePlace[]): void {
  for (const [index, { segment, offset, length, checksum }] of places.entries()) {
    const from = at + index * PLACE_BYTES;
    into.writeUInt32LE(segment, from);
    into.writeUInt32LE(length, from + 4);
    into.writeUInt32LE(checksum, from + 8);
    into.writeUInt32LE(0, from + 12);
    into.writeDoubleLE(offset, from + 16);
  }
}

export function readPlaces(from: Buffer, at: number, count: number): readonly PiecePlace[] {
  const places: PiecePlace[] = [];
  for (let place = at; places.length < count; place += PLACE_BYTES)
    places.push({
      segment: from.readUInt32LE(place),
      length: from.readUInt32LE(place + 4),
      checksum: from.readUInt32LE(place + 8),
      offset: from.readDoubleLE(place + 16),
    });
  return places;
}
