import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { versionOf } from "./child-program.ts";

/** The results that wrk reports. */
export interface Load {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface LoadOptions {
  readonly connections: number;
  readonly seconds: number;
  /** Request fields, as `Name: value`. */
  readonly fields?: readonly string[];
  /** The path of a Lua script that makes the requests. */
  readonly script?: string;
  /** The processor core to keep to. */
  readonly core?: number | undefined;
  /** More of its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

const MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000 };

const run = promisify(execFile);

export function hasWrk(): boolean {
  return versionOf("command -v wrk", "") !== undefined;
}

/** One thread of wrk on keep-alive connections. Throws when an answer is not a whole 2xx or 3xx. */
export async function load(url: string, options: LoadOptions): Promise<Load> {
  const { connections, seconds, fields = [], script, core, env } = options;
  const asked = [
    ...fields.flatMap((field) => ["-H", field]),
    ...(script === undefined ? [] : ["-s", script]),
  ];
  const wrk = ["wrk", "--latency", "-t1", `-c${connections}`, `-d${seconds}s`, ...asked, url];
  const [program = "", ...args] = core === undefined ? wrk : ["taskset", "-c", String(core), ...wrk];
  const { stdout } = await run(program, args, { env: { ...process.env, ...env } });
  const [, rate] = /Requests\/sec:\s*([\d.]+)/.exec(stdout) ?? [];
  const [, requests] = /(\d+) requests in/.exec(stdout) ?? [];
  if (
    rate === undefined ||
    requests === undefined ||
    stdout.includes("Non-2xx") ||
    stdout.includes("Socket errors")
  ) {
    throw new Error(`wrk ${url} said:\n${stdout}`);
  }
  return {
    requests: Number(requests),
    perSecond: Number(rate),
    p50Ms: percentile(stdout, 50),
    p99Ms: percentile(stdout, 99),
  };
}

function percentile(said: string, share: number): number {
  const [, value, unit = ""] =
    new RegExp(`^\\s*${share}%\\s+([\\d.]+)(us|ms|s|m)\\s*$`, "m").exec(said) ?? [];
  const ms = MS[unit];
  if (value === undefined || ms === undefined)
    throw new Error(`wrk tells no ${share}th percentile:\n${said}`);
  return Number(value) * ms;
}
