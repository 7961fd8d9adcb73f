import { hostname } from "node:os";
import type { Clock } from "../../process/clock.ts";
import { describeError, Failure } from "../../process/failure.ts";
import type { Log } from "../../process/log.ts";
import type { Sink } from "../../process/log-writer.ts";
import { standardOutput } from "../../process/standard-output.ts";
import type { AccessTarget } from "./access-target.ts";
import { type Batch, BatchQueue } from "./batch-queue.ts";
import { LogFile } from "./log-file.ts";
import { Syslog } from "./syslog.ts";

// A reader that takes nothing may not keep a program that stops.
const LAST_LINES_MS = 1_000;

export interface OutputParts {
  /** Named in syslog messages. */
  readonly program: string;
  readonly clock: Pick<Clock, "wall" | "wait">;
  readonly log: Log;
  /** Told how many lines were lost. */
  readonly dropped: (lines: number) => void;
}

/** The place where the lines of all threads of a program end. */
export class AccessOutput {
  readonly #queue: BatchQueue;
  readonly #clock: Pick<Clock, "wait">;
  readonly #target: AccessTarget;
  readonly #file: LogFile | undefined;
  readonly #syslog: Syslog | undefined;
  // What logrotate and the scripts for nginx send.
  readonly #rotated = () => void this.#file?.reopen();

  constructor(target: Exclude<AccessTarget, { kind: "off" }>, { program, clock, log, dropped }: OutputParts) {
    this.#target = target;
    this.#clock = clock;
    let sink: Sink;
    switch (target.kind) {
      case "stdout":
        sink = standardOutput();
        break;
      case "file":
        this.#file = new LogFile(target.path, (cause) =>
          log.error({ cause: describeError(cause) }, "access log cannot be written; lines are dropped"),
        );
        sink = this.#file.sink;
        break;
      case "syslog":
        this.#syslog = new Syslog({
          ...target,
          from: { host: hostname(), program, pid: process.pid },
          wall: () => clock.wall(),
        });
        sink = this.#syslog.sink;
    }
    this.#queue = new BatchQueue({ sink, dropped });
  }

  take(batch: Batch, free?: () => void): void {
    this.#queue.push(batch, free);
  }

  /** Throws a Failure when there is no such place. */
  async open(): Promise<void> {
    const target = this.#target;
    if (target.kind !== "file") return;
    try {
      await this.#file?.open();
    } catch (thrown) {
      const rule = `--access-log: must be a file that can be written to, got "${target.path}": ${describeError(thrown)}`;
      throw new Failure("bad-config", "config", rule);
    }
    process.on("SIGUSR1", this.#rotated);
  }

  /** A file is opened again, under the path that it has now. */
  reload(target: AccessTarget): void {
    if (target.kind === "file") void this.#file?.reopen(target.path);
  }

  async close(): Promise<void> {
    process.off("SIGUSR1", this.#rotated);
    const emptied = new AbortController();
    const late = this.#clock.wait(LAST_LINES_MS, emptied.signal).catch(() => undefined);
    await Promise.race([this.#queue.emptied(), late]);
    emptied.abort();
    this.#syslog?.close();
    await this.#file?.close();
  }
}
