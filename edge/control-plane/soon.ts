import type { Clock } from "../../process/clock.ts";
import { Failure } from "../../process/failure.ts";

// The admin CLI waits 2 s for the whole call.
const SOON_MS = 1_000;

/** What the purge log answers, if it does so while a caller is still there. Throws a Failure. */
export async function soon<T>(answer: Promise<T>, clock: Clock): Promise<T> {
  const alarm = new AbortController();
  const late = clock.wait(SOON_MS, alarm.signal).then(() => {
    throw new Failure("log-silent", "log", `the purge log has not answered in ${SOON_MS} ms`);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    alarm.abort();
  }
}
