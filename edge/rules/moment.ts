/** One reading of both clocks of this machine, in milliseconds. */
export interface Moment {
  /** Since 1970: what Date, Expires and Last-Modified are compared with. It may be set. */
  readonly wall: number;
  /** Since some moment before the start. It only goes forward, and stands still while the machine is suspended. */
  readonly monotonic: number;
}

/** The present moment, read once for each decision. */
export function momentOf(clock: { wall(): number; monotonic(): number }): Moment {
  return { wall: clock.wall(), monotonic: clock.monotonic() };
}

/**
 * Milliseconds between two moments: the longer of what the two clocks say. A wall clock that is set back makes nothing
 * younger. A machine that was suspended has aged all the same, which only its wall clock shows. A wall clock that is set
 * forward looks just like that: what was stored before becomes stale early, which costs a validation and no staleness.
 */
export function elapsedMs(from: Moment, to: Moment): number {
  return Math.max(to.monotonic - from.monotonic, to.wall - from.wall);
}
