// The first pause is between half of this and this: 50 to 100 ms.
const FIRST_MS = 100;

/**
 * How long to leave a server alone after `failures` failures in a row (1 or more), in milliseconds:
 * doubling up to `longestMs`, of which up to a half is taken off at random, so that clients which lost
 * the same server do not all come back in the same instant. `random` returns 0 ≤ x < 1.
 */
export function pauseMs(failures: number, longestMs: number, random: () => number): number {
  const full = Math.min(FIRST_MS * 2 ** (failures - 1), longestMs);
  return full * (1 - random() / 2);
}
