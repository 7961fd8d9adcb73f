// A tenth is enough for many small clients, and costs the large ones little.
const RESERVE = 0.1;
// A browser opens six connections; a hundredth of 4,000 is enough for a small office behind one address.
const FEW = 0.01;

/**
 * How many of `most` places are open to a client that has `own` of them. The last tenth is for clients that have less than
 * a hundredth, so that a few large ones do not lock everybody out.
 */
export function openTo(own: number, most: number): number {
  const isSmall = own < Math.max(1, Math.floor(most * FEW));
  return isSmall ? most : most - Math.floor(most * RESERVE);
}
