import { type Clock, systemClock } from "./clock.ts";
import type { Log } from "./log.ts";

// What a shell reports for a program that SIGINT ended: 128 + 2.
const INTERRUPTED = 130;

// One Ctrl-C under npm arrives twice: from the terminal, and passed on by npm.
const SAME_SIGNAL_MS = 300;

/**
 * What SIGHUP means. To a server it means "read your settings again", which this one does not do: it goes on. To a
 * program that belongs to a terminal it means that the terminal is gone.
 */
export type Hangup = "goes on" | "stops";

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
    else log.warn({ signal }, "SIGHUP changes nothing: settings are read at the start only");
  });
}
