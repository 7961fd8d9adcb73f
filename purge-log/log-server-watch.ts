import type { Clock } from "../process/clock.ts";
import { describeError, Failure } from "../process/failure.ts";
import type { Log } from "../process/log.ts";
import { logServerFindings, unfitness } from "./log-server-findings.ts";
import type { LogServer, PurgeLog } from "./purge-log.ts";

// Somebody may change a setting of a running Redis. One question a minute costs nothing.
const LOOK_EVERY_MS = 60_000;

/**
 * Throws a Failure when a log must not be kept there. A server that does not answer now is looked at later, because a
 * program must be able to start while Redis is away.
 */
export async function refuseUnfit(purgeLog: PurgeLog): Promise<void> {
  const server = await purgeLog.server().catch((thrown: unknown) => describeError(thrown));
  if (server === undefined || typeof server === "string") return;
  const why = unfitness(server);
  if (why !== undefined) throw new Failure("bad-config", "config", `--redis: ${why}`);
}

/** Looks every minute at the server of the log, and warns when something has become wrong there. */
export class LogServerWatch {
  readonly #purgeLog: PurgeLog;
  readonly #log: Log;
  #told = "";
  /** How many problems the last look found. What does not answer is told by the lease. */
  problems = 0;

  constructor(purgeLog: PurgeLog, log: Log) {
    this.#purgeLog = purgeLog;
    this.#log = log;
  }

  async run(clock: Clock, ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      await this.look();
      await clock.wait(LOOK_EVERY_MS, ended).catch(() => undefined);
    }
  }

  async look(): Promise<void> {
    const server = await this.#purgeLog.server().catch(() => undefined);
    if (server !== undefined) this.#tell(server);
  }

  #tell(server: LogServer): void {
    const problems = logServerFindings(server).filter(({ severity }) => severity === "problem");
    this.problems = problems.length;
    const told = problems.map(({ text }) => text).join("; ");
    if (told !== this.#told && told !== "")
      this.#log.error({ cause: told }, "the server of the purge log is not fit");
    if (told === "" && this.#told !== "") this.#log.warn("the server of the purge log is fit again");
    this.#told = told;
  }
}
