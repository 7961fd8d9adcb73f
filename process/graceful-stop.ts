import { type Clock, systemClock } from "./clock.ts";
import { Failure } from "./failure.ts";
import type { Log } from "./log.ts";

// A shell reports 128 + 2 for a program that SIGINT ended.
const INTERRUPTED = 130;

// One Ctrl-C under npm arrives twice: from the terminal, and passed on by npm.
const SAME_SIGNAL_MS = 300;

/**
 * The reaction to SIGHUP. A server takes it as "read again what may change": the function does that. A program of a
 * terminal takes it as the end of the terminal, and stops.
 */
export type Hangup = "stops" | (() => Promise<void>);

/**
 * The first SIGINT or SIGTERM calls `stop`, then the process exits with 0, or with 1 when `stop` failed.
 * A second signal exits at once with 130.
 */
export function stopOnSignal(
  stop: () => Promise<void>,
  log: Log,
  { hangup, clock = systemClock }: { readonly hangup: Hangup; readonly clock?: Pick<Clock, "monotonic"> },
): void {
  let stoppingSince: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (stoppingSince !== undefined) {
      if (clock.monotonic() - stoppingSince > SAME_SIGNAL_MS) process.exit(INTERRUPTED);
      return;
    }
    stoppingSince = clock.monotonic();
    log.info({ signal }, "stopping");
    stop().then(
      () => process.exit(0),
      (err: unknown) => {
        log.error({ err }, "stopping failed");
        process.exit(1);
      },
    );
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  process.on("SIGHUP", (signal) => {
    if (hangup === "stops") onSignal(signal);
    else void unlessRefused(hangup);
  });
}

/** Reads again what may change. When it cannot be, the log says why, and the program goes on as before. */
export async function unlessRefused(reload: () => Promise<void>): Promise<void> {
  try {
    await reload();
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
  }
}
