import type { AccessEntry, AccessResult, AskedBy } from "./access-entry.ts";
import type { AccessField } from "./access-fields.ts";
import { LineEnd } from "./line-end.ts";
import type { Omitted } from "./omitted.ts";
import { quoted, quotedTarget } from "./quoted.ts";

export type AccessFormat = "json" | "common" | "combined";

/** The text of a line that a field section decides. */
export interface Repeated {
  readonly beforeTime: string;
  readonly beforeTarget: string;
  readonly behindTarget: string;
  readonly end: string;
}

/** The text of a line that a field section and a result decide. */
export interface Ending {
  readonly repeated: Repeated;
  readonly beforeBytes: string;
  readonly end: LineEnd;
}

/** Makes the lines of an access log. Each is a beginning and the end of its ending; chars are bytes. */
export interface AccessLines {
  repeated(asked: AskedBy): Repeated;
  ending(repeated: Repeated, result: AccessResult): Ending;
  /** `time`: when the request was over, in milliseconds since 1970. */
  begin(ending: Ending, entry: AccessEntry, time: number): string;
}

export type Member<Field extends string> = readonly [
  name: Field,
  value: string | number | boolean | undefined,
];

/** Members of a JSON object, each with a comma before it. What is undefined or left out is not there. */
export function members<Field extends string>(all: readonly Member<Field>[], omitted: Omitted): string {
  let text = "";
  for (const [name, value] of all) {
    if (value === undefined || !omitted.shows(name)) continue;
    text += `,"${name}":${typeof value === "string" ? quoted(value) : value}`;
  }
  return text;
}

export function accessLines(format: AccessFormat, omitted: Omitted): AccessLines {
  return format === "json" ? new JsonLines(omitted) : new CommonLines(format, omitted);
}

type OfEntry = "request_id" | "target" | "bytes" | "duration" | "first_byte" | "end";

class JsonLines implements AccessLines {
  readonly #omitted: Omitted;
  readonly #time = new TimeText((wall) => `{"time":"${new Date(wall).toISOString()}"`);
  readonly #shows: Readonly<Record<OfEntry, boolean>>;

  constructor(omitted: Omitted) {
    this.#omitted = omitted;
    const shows = (name: OfEntry) => omitted.shows(name);
    this.#shows = {
      request_id: shows("request_id"),
      target: shows("target"),
      bytes: shows("bytes"),
      duration: shows("duration"),
      first_byte: shows("first_byte"),
      end: shows("end"),
    };
  }

  repeated(asked: AskedBy): Repeated {
    const { client, method, scheme, host, protocol, tls, site, referer, userAgent, traceId } = asked;
    const text = members<Exclude<AccessField, OfEntry> | "site">(
      [
        ["method", method],
        ["scheme", scheme],
        ["host", host],
        ["client", client],
        ["protocol", protocol],
        ["tls", tls],
        ["site", site],
        ["referer", referer === undefined ? undefined : this.#omitted.target(referer)],
        ["user_agent", userAgent],
        ["trace_id", traceId],
      ],
      this.#omitted,
    );
    return { beforeTime: "", beforeTarget: "", behindTarget: "", end: `${text}}\n` };
  }

  ending(repeated: Repeated, { status, durationMs, firstByteMs, end, more }: AccessResult): Ending {
    const { duration, first_byte, end: how } = this.#shows;
    let text = `,"status":${status}`;
    if (duration) text += `,"duration":${seconds(durationMs)}`;
    if (first_byte && firstByteMs !== undefined) text += `,"first_byte":${seconds(firstByteMs)}`;
    if (how) text += `,"end":"${end}"`;
    return { repeated, beforeBytes: "", end: new LineEnd(text + more + repeated.end) };
  }

  begin(_ending: Ending, entry: AccessEntry, time: number): string {
    const { request_id, target, bytes } = this.#shows;
    let line = this.#time.of(time);
    if (request_id) line += `,"request_id":"${entry.requestId}"`;
    if (target && entry.target !== undefined)
      line += `,"target":${quotedTarget(this.#omitted.target(entry.target))}`;
    if (bytes) line += `,"bytes":${entry.bytes}`;
    return line;
  }
}

/** The Common Log Format of NCSA httpd, and Apache's combined one. */
class CommonLines implements AccessLines {
  readonly #format: "common" | "combined";
  readonly #omitted: Omitted;
  readonly #time = new TimeText(commonTime);

  constructor(format: "common" | "combined", omitted: Omitted) {
    this.#format = format;
    this.#omitted = omitted;
  }

  repeated({ client, method, protocol, referer, userAgent }: AskedBy): Repeated {
    const shown = (name: AccessField, value: string | undefined) =>
      value === undefined || !this.#omitted.shows(name) ? "-" : bare(value);
    const url = referer === undefined ? undefined : this.#omitted.target(referer);
    const fields = ` "${shown("referer", url)}" "${shown("user_agent", userAgent)}"`;
    return {
      beforeTime: `${shown("client", client)} - - [`,
      beforeTarget: `] "${method === undefined ? "-" : `${shown("method", method)} `}`,
      behindTarget: method === undefined ? `" ` : ` ${shown("protocol", protocol)}" `,
      end: `${this.#format === "combined" ? fields : ""}\n`,
    };
  }

  ending(repeated: Repeated, { status }: AccessResult): Ending {
    return { repeated, beforeBytes: `${repeated.behindTarget}${status} `, end: new LineEnd(repeated.end) };
  }

  begin({ repeated, beforeBytes }: Ending, { target, bytes }: AccessEntry, time: number): string {
    const shown = target === undefined || !this.#omitted.shows("target") ? "" : this.#omitted.target(target);
    const begin = `${repeated.beforeTime}${this.#time.of(time)}${repeated.beforeTarget}`;
    return `${begin}${quotedTarget(shown).slice(1, -1)}${beforeBytes}${bytes === 0 ? "-" : bytes}`;
  }
}

function bare(text: string): string {
  return quoted(text).slice(1, -1);
}

/** Whole milliseconds are as fine as clients and origins differ. */
function seconds(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  return whole === 0 ? "0" : String(whole / 1000);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** 10/Oct/2000:13:55:36 +0000 */
function commonTime(wall: number): string {
  const iso = new Date(wall).toISOString();
  const month = MONTHS[Number(iso.slice(5, 7)) - 1];
  return `${iso.slice(8, 10)}/${month}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
}

/** Many requests end within a millisecond. */
class TimeText {
  readonly #make: (wall: number) => string;
  #wall = Number.NaN;
  #text = "";

  constructor(make: (wall: number) => string) {
    this.#make = make;
  }

  of(wall: number): string {
    if (wall !== this.#wall) {
      this.#wall = wall;
      this.#text = this.#make(wall);
    }
    return this.#text;
  }
}
