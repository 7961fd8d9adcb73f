/**
 * RFC 7541 appendix B: how many bits the code of each byte has, and last that of the end of string, as digits of base 36.
 * The codes follow from it: they are in the order of their lengths, then of their bytes.
 */
const LENGTHS =
  "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca" +
  "d67777777777777777777777878djde6f56565666577666567655677777fbeds" +
  "kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn" +
  "qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrqu";

const END_OF_STRING = 256;

// A state stands for the bits since the last byte. Four bits lead to the next one, and complete a byte at most, because the
// shortest code has five.
const BITS = 4;
const LOW_BITS = 15;
const FAILS = -1;

/** By state and four bits: the next state, and above it the byte that they complete, plus one. */
const NEXT = new Int32Array(LENGTHS.length << BITS);
/** Whether a string may end here: RFC 7541 section 5.2, up to seven bits that begin the end of string. */
const MAY_END = new Uint8Array(LENGTHS.length);
const BYTE_AT = 16;
const STATE = 0xffff;

// A usual string fits in, so that it needs no buffer of its own.
const SHORT = Buffer.alloc(4 * 1024);

build();

/** The text of a string in Huffman code, one char a byte; undefined when it is not one. */
export function decodeHuffman(bytes: Buffer, from: number, end: number): string | undefined {
  let state = 0;
  let size = 0;
  // No code is shorter than five bits.
  const most = Math.ceil(((end - from) * 8) / 5);
  const out = most <= SHORT.length ? SHORT : Buffer.allocUnsafe(most);
  for (let at = from; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    for (let shift = BITS; shift >= 0; shift -= BITS) {
      // Shifts and masks, for `**` is a call into libm here.
      const next = NEXT[(state << BITS) | ((byte >> shift) & LOW_BITS)] ?? FAILS;
      if (next === FAILS) return undefined;
      state = next & STATE;
      if (next > STATE) {
        out[size] = (next >> BYTE_AT) - 1;
        size += 1;
      }
    }
  }
  return MAY_END[state] === 1 ? out.toString("latin1", 0, size) : undefined;
}

/** A tree of the codes: by node and bit, the node behind it, or below zero the symbol. */
function codeTree(): number[][] {
  const symbols = Array.from(LENGTHS, (digit, symbol) => ({ symbol, length: Number.parseInt(digit, 36) }));
  symbols.sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  const tree: number[][] = [[]];
  let code = 0;
  let before = 0;
  for (const { symbol, length } of symbols) {
    code *= 2 ** (length - before);
    before = length;
    let node = 0;
    for (let bit = length - 1; bit >= 0; bit -= 1) {
      const way = (code >>> bit) & 1;
      const branches = tree[node] ?? [];
      if (bit === 0) branches[way] = -1 - symbol;
      else {
        branches[way] ??= tree.push([]) - 1;
        node = branches[way];
      }
    }
    code += 1;
  }
  return tree;
}

function build(): void {
  const tree = codeTree();
  for (const node of tree.keys()) {
    for (let bits = 0; bits <= LOW_BITS; bits += 1) NEXT[(node << BITS) | bits] = follow(tree, node, bits);
  }
  // All ones lead to the end of string.
  for (let node = 0, depth = 0; depth < 8; depth += 1) {
    MAY_END[node] = 1;
    node = tree[node]?.[1] ?? 0;
  }
}

function follow(tree: readonly (readonly number[])[], from: number, bits: number): number {
  let node = from;
  let completed = 0;
  for (let bit = BITS - 1; bit >= 0; bit -= 1) {
    const next = tree[node]?.[(bits >> bit) & 1] ?? FAILS;
    if (next >= 0) node = next;
    else {
      const symbol = -1 - next;
      if (symbol === END_OF_STRING) return FAILS;
      completed = symbol + 1;
      node = 0;
    }
  }
  return (completed << BYTE_AT) | node;
}
