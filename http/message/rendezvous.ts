// FNV-1a, 32 bits.
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Hashes `text` to 32 bits; `before` is the hash of the text in front of it. */
export function hashText(text: string, before: number = FNV_OFFSET): number {
  let hash = before;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  return hash >>> 0;
}

/**
 * The rendezvous score of a node for a key, 0 to 2^32 - 1. The node with the highest score gets the key. So a node that
 * joins takes its share of the keys, and no key moves between the others.
 */
export function rendezvousScore(key: number, node: number): number {
  // The finalizer of MurmurHash3: every bit of the input changes every bit of the score.
  let score = key ^ node;
  score = Math.imul(score ^ (score >>> 16), 0x85ebca6b);
  score = Math.imul(score ^ (score >>> 13), 0xc2b2ae35);
  return (score ^ (score >>> 16)) >>> 0;
}
