import { pino } from "pino";
import type { Log } from "./log.ts";

/** The log of a thread that cannot write by itself: `send` takes each line to the thread that can. */
export function threadLog(level: string, send: (line: string) => void): Log {
  return pino({ level }, { write: send });
}

const WARN = 40;
const ERROR = 50;
const INFO = 30;

/** Writes a line of `threadLog` to the log of this thread, with more fields. */
export function writeThreadLine(line: string, log: Log, more: Readonly<Record<string, unknown>>): void {
  const { level, msg, time: _time, pid: _pid, hostname: _hostname, ...rest } = JSON.parse(line);
  const fields = { ...rest, ...more };
  if (level >= ERROR) log.error(fields, msg);
  else if (level >= WARN) log.warn(fields, msg);
  else if (level >= INFO) log.info(fields, msg);
  else log.debug(fields, msg);
}
