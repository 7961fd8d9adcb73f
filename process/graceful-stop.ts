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
export type Hangup<Running> = "stops" | ((running: Running) => Promise<void>);

// A start waits for others: for Redis, for the lease of the edge that had its id, for a certificate. Before it has ended,
// nobody was told that the program serves.
const START_PATIENCE_MS = 5_000;

/**
 * The first SIGINT or SIGTERM calls `stop`, then the process exits with 0, or with 1 when `stop` failed. While the program
 * starts, it waits for that at most 5 s: then the process exits with 0. A second signal exits at once with 130.
 * `starting`: whoever starts the program reports when it cannot start.
 */
export function stopOnSignal<Running>(
  starting: Promise<Running>,
  stop: (running: Running) => Promise<void>,
  log: Log,
  { hangup, clock = systemClock }: { readonly hangup: Hangup<Running>; readonly clock?: Omit<Clock, "wall"> },
): void {
  let stoppingSince: number | undefined;
  // That a start has failed is reported where it was begun.
  const onceStarted = (act: (running: Running) => Promise<void>) => {
    void starting.then(act, () => undefined);
  };
  const started = new AbortController();
  onceStarted(async () => started.abort());
  const giveUp = () => {
    log.warn("stopped while it started");
    process.exit(0);
  };
  const onSignal = (signal: NodeJS.Signals) => {
    if (stoppingSince !== undefined) {
      if (clock.monotonic() - stoppingSince > SAME_SIGNAL_MS) process.exit(INTERRUPTED);
      return;
    }
    stoppingSince = clock.monotonic();
    log.info({ signal }, "stopping");
    clock.wait(START_PATIENCE_MS, started.signal).then(giveUp, () => undefined);
    onceStarted(async (running) => {
      try {
        await stop(running);
        process.exit(0);
      } catch (err) {
        log.error({ err }, "stopping failed");
        process.exit(1);
      }
    });
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  process.on("SIGHUP", (signal) => {
    if (hangup === "stops") onSignal(signal);
    else onceStarted((running) => unlessRefused(() => hangup(running)));
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
