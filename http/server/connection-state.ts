import type { Exchange } from "./exchange.ts";

/** idle → fields → exchange → idle …, until one of the two ends it: lingering → closed. */
export type State =
  /** Nothing of a request has come. */
  | { readonly kind: "idle"; readonly since: number }
  /** Part of a request's fields has come. */
  | { readonly kind: "fields"; readonly since: number }
  | { readonly kind: "exchange"; readonly exchange: Exchange }
  /** The last answer has been written. Bytes that still come are read and dropped: unread bytes would make the kernel discard the answer. */
  | { readonly kind: "lingering"; readonly since: number }
  | { readonly kind: "closed" };

export const CLOSED: State = { kind: "closed" };

// Longer than clients and proxies keep idle connections, so that they close first.
export const KEEP_ALIVE_MS = 65_000;

// Time for a client that is still sending to read its last answer before its connection is torn down.
export const LINGER_MS = 2_000;

/** The deadline that has passed. `asked`: whether the connection has carried a request. */
export function overdue(
  state: State,
  asked: boolean,
  fieldsMs: number,
  now: number,
): "nothing" | "fields" | "connection" {
  switch (state.kind) {
    case "idle":
      return now - state.since > (asked ? KEEP_ALIVE_MS : fieldsMs) ? "connection" : "nothing";
    case "fields":
      return now - state.since > fieldsMs ? "fields" : "nothing";
    case "lingering":
      return now - state.since > LINGER_MS ? "connection" : "nothing";
    case "exchange":
    case "closed":
      return "nothing";
  }
}
