import type { Clock } from "../../../process/clock.ts";

// Somebody waits meanwhile. A disk that works takes some milliseconds, and one that is busy up to a second.
const PATIENCE_MS = 2_000;

/** What comes of the work; "late": the disk hangs. */
export async function soon<T>(work: Promise<T>, clock: Pick<Clock, "wait">): Promise<T | "late"> {
  const alarm = new AbortController();
  const late = clock.wait(PATIENCE_MS, alarm.signal).then((): "late" => "late");
  try {
    return await Promise.race([work, late]);
  } finally {
    alarm.abort();
    // Whichever comes second has nobody who waits for it.
    Promise.allSettled([work, late]);
  }
}
