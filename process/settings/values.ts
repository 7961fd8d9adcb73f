import { isIP } from "node:net";
import { availableParallelism } from "node:os";
import { printable } from "../printable.ts";

/**
 * One kind of setting value. `parse` returns undefined for anything that breaks `rule`;
 * `parse(format(value))` gives the same value again.
 */
export interface ValueType<T> {
  /** The placeholder in --help: `--port <port>`. */
  readonly name: string;
  /** Completes "must be …", for example "a whole number from 1 to 65535". */
  readonly rule: string;
  /** The form that the configuration file may use instead of a string. */
  readonly fileForm?: "number" | "boolean" | "list";
  /** For a text that breaks `rule`: what helps its writer, such as "did you mean port?". */
  hint?(text: string): string | undefined;
  parse(text: string): T | undefined;
  format(value: T): string;
}

// Longer than any path or URL that a system accepts.
const MAX_TEXT = 4096;
const PRINTABLE = /^[^\p{Cc}]+$/u;

/** Text without control characters; with `shape`, text that the whole of `shape` matches. */
export function text(rule: string, shape: RegExp = PRINTABLE): ValueType<string> {
  return {
    name: "text",
    rule,
    parse: (value) =>
      value.length <= MAX_TEXT && PRINTABLE.test(value) && shape.test(value) ? value : undefined,
    format: (value) => value,
  };
}

// RFC 1123 section 2.1: letters, digits and hyphens in labels of at most 63; the underscore is for container names.
const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?)*$/i;
const LOOKS_LIKE_IPV4 = /^[\d.]+$/;

/** Whether it can be listened on or connected to: a host name, IPv4, or IPv6 without brackets. */
export function isHost(value: string): boolean {
  return isIP(value) !== 0 || (HOST_NAME.test(value) && !LOOKS_LIKE_IPV4.test(value));
}

export const host: ValueType<string> = {
  name: "host",
  rule: "a host name or an IP address",
  parse: (value) => {
    const bare = value.startsWith("[") && value.endsWith("]") ? value.slice(1, -1) : value;
    return isHost(bare) ? bare : undefined;
  },
  format: (value) => value,
};

/** Whole numbers from `min` to `max`, both included. */
export function wholeNumber(min: number, max: number): ValueType<number> {
  return {
    name: "number",
    rule: `a whole number from ${min} to ${max}`,
    fileForm: "number",
    parse: (value) => {
      // 15 digits stay below 2^53.
      const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
      return number >= min && number <= max ? number : undefined;
    },
    format: String,
  };
}

/** A part of all, as a decimal number. */
export const share: ValueType<number> = {
  name: "share",
  rule: "a number from 0 to 1, such as 0.01",
  fileForm: "number",
  parse: (text) => (/^(?:0(?:\.\d{1,9})?|1(?:\.0{1,9})?)$/.test(text) ? Number(text) : undefined),
  format: String,
};

// More threads than any machine has cores for.
const MOST_WORKERS = 256;
const someWorkers = wholeNumber(1, MOST_WORKERS);

/** How many threads serve a port. */
export const workers: ValueType<number> = {
  ...someWorkers,
  name: "number|auto",
  rule: `${someWorkers.rule}, or auto for one a core`,
  parse: (value) => (value === "auto" ? availableParallelism() : someWorkers.parse(value)),
};

/** A TCP port; 0 lets the system choose a free one. */
export const port: ValueType<number> = { ...wholeNumber(0, 65_535), name: "port" };

const BYTE_UNITS: readonly (readonly [unit: string, bytes: number])[] = [
  ["GiB", 2 ** 30],
  ["MiB", 2 ** 20],
  ["KiB", 2 ** 10],
];

function formatBytes(value: number): string {
  const fitting = BYTE_UNITS.find(([, size]) => value >= size && value % size === 0);
  return fitting === undefined ? String(value) : `${value / fitting[1]}${fitting[0]}`;
}

/** A size in bytes: `256MiB`, `1GiB`, `64KiB`, or a plain number of bytes. */
export function bytes(min: number, max: number): ValueType<number> {
  return {
    name: "size",
    rule: `a size from ${formatBytes(min)} to ${formatBytes(max)}, such as 64KiB, 256MiB or 1GiB`,
    fileForm: "number",
    parse: (value) => {
      const match = /^(\d{1,15})(KiB|MiB|GiB)?$/.exec(value);
      if (match === null) return undefined;
      const unit = BYTE_UNITS.find(([name]) => name === match[2]);
      const size = Number(match[1]) * (unit === undefined ? 1 : unit[1]);
      return size >= min && size <= max ? size : undefined;
    },
    format: formatBytes,
  };
}

const MS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function formatDuration(ms: number): string {
  if (ms === 0) return "0";
  if (ms >= 3_600_000 && ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  // One minute reads better as 60s, as people write a time to live.
  if (ms > 60_000 && ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** A span from `min` to `max` milliseconds: `35ms`, `5s`, `1.5m`, `1h`; `0` alone only when `min` is 0. */
export function duration(min: number, max: number): ValueType<number> {
  return {
    name: "duration",
    rule: `a duration from ${formatDuration(min)} to ${formatDuration(max)}, such as 35ms, 5s or 1m`,
    fileForm: "number",
    parse: (value) => {
      const match = /^(\d{1,15}(?:\.\d{1,6})?)(ms|s|m|h)$/.exec(value === "0" ? "0ms" : value);
      if (match === null) return undefined;
      const ms = Math.round(Number(match[1]) * (MS_PER_UNIT[match[2] ?? ""] ?? Number.NaN));
      return ms >= min && ms <= max ? ms : undefined;
    },
    format: formatDuration,
  };
}

export function choice<const T extends string>(...choices: readonly T[]): ValueType<T> {
  return {
    name: choices.join("|"),
    rule: `one of ${choices.join(", ")}`,
    parse: (value) => choices.find((known) => known === value),
    format: (value) => value,
  };
}

// Checked before `new URL`, which repairs backslashes, blanks and missing slashes silently.
const HTTP_URL = /^https?:\/\/[^\s\\/?#@]+\/?$/i;

/** Where an HTTP server is: scheme, host and port, and nothing after it. */
export const httpUrl: ValueType<URL> = {
  name: "url",
  rule: "http://host[:port] or https://host[:port], without credentials, path, query or fragment",
  parse: (value) => {
    if (!HTTP_URL.test(value) || !URL.canParse(value)) return undefined;
    const url = new URL(value);
    return url.port === "0" ? undefined : url;
  },
  // Of a URL that says more than where the server is.
  hint: (value) => {
    const url = /^https?:\/\/[^/]/i.test(value) ? URL.parse(value) : null;
    return url === null || url.host === "" || url.port === "0" ? undefined : `did you mean ${url.origin}?`;
  },
  format: (value) => value.origin,
};

/** Values of one type, separated by commas; at least one. */
export function listOf<T>(type: ValueType<T>): ValueType<readonly T[]> {
  const partsOf = (value: string): string[] => value.split(",").map((part) => part.trim());
  return {
    name: `${type.name},…`,
    rule: `a list, separated by commas, of which each is ${type.rule}`,
    fileForm: "list",
    parse: (value) => {
      const items: T[] = [];
      for (const part of partsOf(value)) {
        const item = type.parse(part);
        if (item === undefined) return undefined;
        items.push(item);
      }
      return items;
    },
    hint: (value) => {
      const wrong = partsOf(value).find((part) => type.parse(part) === undefined);
      return wrong === undefined ? undefined : type.hint?.(wrong);
    },
    format: (values) => values.map((item) => type.format(item)).join(","),
  };
}

/** On or off: `--name` alone on the command line, true or false elsewhere. */
export const flag: ValueType<boolean> = {
  name: "flag",
  rule: "true or false",
  fileForm: "boolean",
  parse: (value) => (value === "true" ? true : value === "false" ? false : undefined),
  format: String,
};

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
// What may be before a password: `//`, or a name and a colon where the scheme was forgotten.
const CREDENTIALS = /(\/\/|:).*@/s;
// A Redis URL without its host: the password is in the place of the port.
const REDIS_WITHOUT_HOST = /(rediss?:\/\/[^\s/:@[]*:)(?!\d+(\/|$)).+/is;

/**
 * The same text without the credentials of a URL, so that a message leaks no password. A password that was not
 * percent-encoded may hold `@`, `/`, quotes and line breaks itself, so everything before the last `@` is left out.
 */
export function hideCredentials(value: string): string {
  if (!CREDENTIALS.test(value)) return value.replace(REDIS_WITHOUT_HOST, "$1***");
  return `${SCHEME.exec(value)?.[0] ?? ""}***${value.slice(value.lastIndexOf("@"))}`;
}

// Enough to recognise a value by, little enough for one line.
const SHOWN = 100;

/** A refused value as a message shows it: quoted, on one line, shortened, without passwords. */
export function show(value: unknown): string {
  const shown =
    typeof value === "string" && value !== "" ? JSON.stringify(hideCredentials(value)) : plain(value);
  const line = printable(shown);
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
}

/** What stands behind a refused value. */
export function hintBehind(type: Pick<ValueType<unknown>, "hint">, given: string | undefined): string {
  const hint = given === undefined ? undefined : type.hint?.(given);
  return hint === undefined ? "" : `; ${hint}`;
}

function plain(value: unknown): string {
  if (value === "") return "an empty value";
  if (value === undefined || value === null) return "nothing";
  // JSON has no NaN and no Infinity: it would show them as null.
  if (typeof value === "number") return String(value);
  return JSON.stringify(value, (_key, each) => (typeof each === "string" ? hideCredentials(each) : each));
}
