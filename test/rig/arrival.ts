import fc from "fast-check";

/** Where a message is cut on its way: shares of its length, so that they fit any message. */
export const cuts: fc.Arbitrary<readonly number[]> = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
  maxLength: 12,
});

/** The same for a short message that arrives byte by byte. */
export function everyByte(bytes: Buffer): readonly number[] {
  return Array.from(bytes, (_byte, at) => at / bytes.length);
}

/**
 * The pieces in which a message arrives. All are views of one buffer that is used again for the next, as a socket's
 * read buffer may be: who keeps a view sees it change.
 */
export function* pieces(bytes: Buffer, cutAt: readonly number[]): Generator<Buffer> {
  const scratch = Buffer.alloc(bytes.length);
  const ends = cutAt.map((share) => Math.round(share * bytes.length)).sort((a, b) => a - b);
  let at = 0;
  for (const end of [...ends, bytes.length]) {
    if (end === at) continue;
    bytes.copy(scratch, 0, at, end);
    yield scratch.subarray(0, end - at);
    scratch.fill("#");
    at = end;
  }
}
