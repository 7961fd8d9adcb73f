import type { CacheRequest, TimedHead } from "../../edge/rules/exchange.ts";
import type { Moment } from "../../edge/rules/moment.ts";
import { parsedHead, type StoredHead } from "../../edge/rules/stored-head.ts";
import { selectingFields } from "../../edge/rules/vary.ts";
import { Fields } from "../../http/message/fields.ts";

/** The time at which the messages of the tests are made: a whole second. */
export const NOW = Date.UTC(2026, 0, 15, 12, 0, 0);

/** So many milliseconds after NOW, by both clocks. */
export function later(ms: number): Moment {
  return { wall: NOW + ms, monotonic: ms };
}

/** Field lines as they would stand in a message: "Name: value". */
export function fieldsOf(...lines: readonly string[]): Fields {
  return Fields.of(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
}

export function get(...lines: readonly string[]): CacheRequest {
  return { method: "GET", target: "/a", site: "default", fields: fieldsOf("Host: example.com", ...lines) };
}

/** A response to `get()`, stored at NOW, which took no time. */
export function stored(...lines: readonly string[]): StoredHead {
  return storedBy(get(), ...lines);
}

/** A response to `request`, stored at NOW, which took no time. */
export function storedBy(request: CacheRequest, ...lines: readonly string[]): StoredHead {
  const fields = fieldsOf(...lines);
  const selecting = selectingFields(fields, request);
  if (selecting === "never") throw new Error("a response that never matches is not stored");
  const head = parsedHead({ status: 200, fields, requestTime: later(0), responseTime: later(0) });
  return { ...head, selecting, method: "GET", authorized: false };
}

/** The same response with another status, other fields or other times. */
export function withHead(head: StoredHead, change: Partial<TimedHead>): StoredHead {
  return { ...head, ...parsedHead({ ...head, ...change }) };
}
