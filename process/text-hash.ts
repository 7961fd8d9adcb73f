/**
 * FNV-1a over the chars, with a step that brings high bits down, and at last that of MurmurHash3. Clients choose the texts:
 * whoever knew the seed could make thousands that share a hash, and every look-up would walk through all of them. So
 * the seed of a store is random and secret. Without the step down, texts could be made that share a hash for every 256th
 * seed.
 */
export function hashOf(text: string, seed: number): number {
  let state = hashBegin(seed);
  for (let at = 0; at < text.length; at += 1) state = behind(state, text.charCodeAt(at));
  return hashEnd(state);
}

// The same of a text that comes in parts, as bytes: from the begin over the state behind each part to the end.

export function hashBegin(seed: number): number {
  return 0x811c9dc5 ^ seed;
}

export function hashBytes(state: number, bytes: Uint8Array, from: number, to: number): number {
  let hash = state;
  for (let at = from; at < to; at += 1) hash = behind(hash, bytes[at] ?? 0);
  return hash;
}

export function hashEnd(state: number): number {
  let hash = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function behind(state: number, char: number): number {
  const hash = Math.imul(state ^ char, 0x01000193);
  return hash ^ (hash >>> 15);
}
