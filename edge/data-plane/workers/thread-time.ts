/** Milliseconds of the clock that all threads of this process share. `performance.now()` begins anew in each thread. */
export function hrtimeMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
