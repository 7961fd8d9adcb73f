/**
 * Writes the files of assets/ that no hand has written: photo.png, favicon.ico and large.bin.
 * Run it as `node test/rig/make-assets.ts`; it paints the same pixels and the same bytes every time.
 */
import { writeFileSync } from "node:fs";
import { paintLandscape } from "./landscape.ts";
import { encodePng, type Picture } from "./png.ts";

const ASSETS = new URL("../../assets/", import.meta.url);

/** 5 MiB: larger than any socket buffer, so that it is seen to stream. */
const LARGE_BYTES = 5 * 1024 * 1024;
/** Divides LARGE_BYTES, so that every line is whole. */
const LINE_BYTES = 64;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** Any number but zero will do: xorshift stays at zero. */
const SEED = 0x9111;

/**
 * Lines of 64 bytes. Each begins with its own offset in ten digits, so that the answer to a Range request
 * can be checked by eye; the rest is pseudorandom, so that it hardly compresses.
 */
function largeFile(): string {
  let state = SEED;
  const lines: string[] = [];
  for (let offset = 0; offset < LARGE_BYTES; offset += LINE_BYTES) {
    let line = `${String(offset).padStart(10, "0")} `;
    while (line.length < LINE_BYTES - 1) {
      // Marsaglia, "Xorshift RNGs" (2003), the triple 13, 17, 5.
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      line += ALPHABET[state & 63];
    }
    lines.push(`${line}\n`);
  }
  return lines.join("");
}

/** The mark of logo.svg in pixels: an origin, the circle of its edges, and the edge that answers. */
function mark(size: number): Picture {
  const pixels = new Uint8Array(size * size * 4);
  const middle = size / 2;
  const circle = size * 0.36;
  const edge = { x: middle + circle * Math.SQRT1_2, y: middle - circle * Math.SQRT1_2 };
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const fromMiddle = Math.hypot(x + 0.5 - middle, y + 0.5 - middle);
      const fromEdge = Math.hypot(x + 0.5 - edge.x, y + 0.5 - edge.y);
      const clear = fromEdge > size * 0.24 ? 1 : 0;
      const ring = (size * 0.05 - Math.abs(fromMiddle - circle) + 0.5) * clear;
      const cover = Math.max(ring, size * 0.11 - fromMiddle + 0.5, size * 0.17 - fromEdge + 0.5);
      pixels.set([0xd9, 0x65, 0x2a, Math.round(255 * Math.min(1, Math.max(0, cover)))], (y * size + x) * 4);
    }
  }
  return { width: size, height: size, channels: 4, pixels };
}

/** An icon file that holds one PNG: a directory of one entry, then the PNG. */
function icon(picture: Picture): Buffer {
  const png = encodePng(picture);
  const directory = Buffer.alloc(22);
  directory.writeUInt16LE(1, 2); // type: icon
  directory.writeUInt16LE(1, 4); // entries
  directory[6] = picture.width;
  directory[7] = picture.height;
  directory.writeUInt16LE(1, 10); // colour planes
  directory.writeUInt16LE(32, 12); // bits a pixel
  directory.writeUInt32LE(png.length, 14);
  directory.writeUInt32LE(directory.length, 18);
  return Buffer.concat([directory, png]);
}

writeFileSync(new URL("photo.png", ASSETS), encodePng(paintLandscape(1600, 900)));
writeFileSync(new URL("favicon.ico", ASSETS), icon(mark(48)));
writeFileSync(new URL("large.bin", ASSETS), largeFile());
