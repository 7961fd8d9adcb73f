import { type Logger, pino } from "pino";
import { type Clock, systemClock } from "./clock.ts";
import { LogSampler } from "./log-sampler.ts";
import { LogWriter } from "./log-writer.ts";
import { choice } from "./settings/values.ts";
import { standardError } from "./standard-output.ts";

export type Log = Logger;
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** The value of every program's --log-level. */
export const logLevel = choice<LogLevel>("debug", "info", "warn", "error", "silent");

let stderr: LogWriter | undefined;

/** Lines that standard error could not take, since the start of this process. */
export function droppedLogLines(): number {
  return stderr?.dropped ?? 0;
}

/**
 * A log of JSON lines on stderr, so that stdout stays free for people and pipes. It never blocks
 * and never ends the program. Lines that clients can cause at will have the property `sampled`, the name of their
 * kind: at most two lines of a kind are written a second.
 */
export function createLog(program: string, level: LogLevel): Log {
  if (stderr === undefined) {
    outliveOutput();
    stderr = new LogWriter(standardError());
  }
  return logTo(stderr, { program, level, clock: systemClock });
}

/** The same log on any writer. */
export function logTo(
  writer: LogWriter,
  { program, level, clock }: { readonly program: string; readonly level: LogLevel; readonly clock: Clock },
): Log {
  const sampler = new LogSampler(clock);
  return pino(
    {
      level,
      base: { program },
      hooks: {
        logMethod(args, method) {
          const [first, ...rest] = args;
          const line = sampledLine(first);
          if (line === undefined) return method.apply(this, args);
          sampler.line(`${line.sampled} ${rest.join(" ")}`, (times) =>
            method.apply(this, [times === undefined ? line.fields : { ...line.fields, times }, ...rest]),
          );
        },
      },
    },
    writer,
  );
}

/** The program goes on when nobody can take what it prints: the disk is full, or the reader has left. */
function outliveOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
}

/** The kind of a line that is to be sampled, and its other properties. */
function sampledLine(first: unknown): { readonly sampled: unknown; readonly fields: object } | undefined {
  if (typeof first !== "object" || first === null || !("sampled" in first)) return undefined;
  const { sampled, ...fields } = first;
  return { sampled, fields };
}
