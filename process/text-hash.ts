/**
 * FNV-1a over the chars, with a step that brings high bits down, and at last that of MurmurHash3. Clients choose the texts:
 * whoever knew the seed could make thousands that share a hash, and every look-up would walk through all of them. So
 * the seed of a store is random and secret. Without the step down, texts could be made that share a hash for every 256th
 * seed.
 */
export function hashOf(text: string, seed: number): number {
  return mixed(behind(0x811c9dc5 ^ seed, text));
}

/** The same of two texts, as if they were one. */
export function hashOfBoth(text: string, rest: string, seed: number): number {
  return mixed(behind(behind(0x811c9dc5 ^ seed, text), rest));
}

function behind(state: number, text: string): number {
  let hash = state;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    hash ^= hash >>> 15;
  }
  return hash;
}

function mixed(state: number): number {
  let hash = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
