import { crc32, deflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Eight bits a channel. PNG (third edition) section 11.2.1 allows it for both colour types. */
const BIT_DEPTH = 8;
const COLOUR_TYPES = { 3: 2, 4: 6 } as const;

/** A picture in memory: rows from the top, 3 (RGB) or 4 (RGBA) bytes a pixel. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  readonly pixels: Uint8Array;
}

/** The picture as a PNG file. The same pixels give the same picture; its bytes may differ between zlibs. */
export function encodePng(picture: Picture): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(picture.width, 0);
  header.writeUInt32BE(picture.height, 4);
  header[8] = BIT_DEPTH;
  header[9] = COLOUR_TYPES[picture.channels];
  const data = deflateSync(filteredRows(picture), { level: 9 });
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("IDAT", data),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** Each row under the filter that leaves the smallest residues, as PNG section 12.7 advises. */
function filteredRows({ width, height, channels, pixels }: Picture): Buffer {
  const stride = width * channels;
  const rows = Buffer.alloc((stride + 1) * height);
  const above = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    const row = pixels.subarray(y * stride, (y + 1) * stride);
    let best: Uint8Array = row;
    let bestFilter = 0;
    let bestCost = Number.POSITIVE_INFINITY;
    for (let filter = 0; filter < PREDICTORS.length; filter++) {
      const residues = applyFilter(filter, row, above, channels);
      const cost = residues.reduce((sum, byte) => sum + (byte < 128 ? byte : 256 - byte), 0);
      if (cost < bestCost) [best, bestFilter, bestCost] = [residues, filter, cost];
    }
    rows[y * (stride + 1)] = bestFilter;
    rows.set(best, y * (stride + 1) + 1);
    above.set(row);
  }
  return rows;
}

type Predictor = (left: number, up: number, upLeft: number) => number;

/** PNG section 9.2: None, Sub, Up, Average, Paeth; a predictor's index is the filter's number. */
const PREDICTORS: readonly Predictor[] = [
  () => 0,
  (left) => left,
  (_left, up) => up,
  (left, up) => (left + up) >> 1,
  (left, up, upLeft) => {
    const [toLeft, toUp, toUpLeft] = [up - upLeft, left - upLeft, left + up - 2 * upLeft].map(Math.abs);
    if (toLeft === undefined || toUp === undefined || toUpLeft === undefined) return left;
    if (toLeft <= toUp && toLeft <= toUpLeft) return left;
    return toUp <= toUpLeft ? up : upLeft;
  },
];

function applyFilter(filter: number, row: Uint8Array, above: Uint8Array, channels: number): Uint8Array {
  const predict = PREDICTORS[filter] ?? (() => 0);
  return row.map(
    (byte, i) => byte - predict(row[i - channels] ?? 0, above[i] ?? 0, above[i - channels] ?? 0),
  );
}
