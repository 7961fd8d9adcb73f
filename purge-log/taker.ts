// Edges have always written the audit line so. A field of its own would make an entry that older edges do not
// understand, which is a purge of everything there.
const VIA = " via ";

/** The requester of a purge and the edge that took it, as the entry records them. */
export function askedVia(caller: string, edge: string): string {
  return `${caller}${VIA}${edge}`;
}

/** The edge that took the purge, by its entry; undefined when the entry names none. */
export function takerOf(by: string): string | undefined {
  const at = by.lastIndexOf(VIA);
  // An edge's id has no spaces.
  const taker = at < 0 ? "" : by.slice(at + VIA.length);
  return /^\S+$/.test(taker) ? taker : undefined;
}
