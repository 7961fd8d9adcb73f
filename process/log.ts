import { type Logger, pino } from "pino";
import { choice } from "./settings/values.ts";

export type Log = Logger;
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** The value of every program's --log-level. */
export const logLevel = choice<LogLevel>("debug", "info", "warn", "error", "silent");

/** A log of JSON lines on stderr, so that stdout stays for what a program prints for people or pipes. */
export function createLog(program: string, level: LogLevel): Log {
  // Written synchronously: the lines before a crash are the ones that matter.
  return pino({ level, base: { program } }, pino.destination({ fd: 2, sync: true }));
}
