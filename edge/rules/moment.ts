/** One reading of both clocks of this machine, in milliseconds. */
export interface Moment {
  /** Since 1970. It is compared with Date, Expires and Last-Modified, and somebody may set it. */
  readonly wall: number;
  /** Since some moment before the start. It only goes forward, and stands still while the machine is suspended. */
  readonly monotonic: number;
}

/** The present moment, read once for each decision. */
export function momentOf(clock: { wall(): number; monotonic(): number }): Moment {
  return { wall: clock.wall(), monotonic: clock.monotonic() };
}

/**
 * Milliseconds between two moments, by the clock that has counted more. A wall clock that is set back makes nothing
 * younger. After a suspension only the wall clock shows how long the machine stood still. A wall clock that is set forward
 * looks the same, so responses that were stored before become stale early: that costs validations, and serves nothing
 * stale.
 */
export function elapsedMs(from: Moment, to: Moment): number {
  return Math.max(to.monotonic - from.monotonic, to.wall - from.wall);
}
