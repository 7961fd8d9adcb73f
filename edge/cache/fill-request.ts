import type { Scheme } from "../../http/message/scheme.ts";
import type { TraceContext } from "../../process/tracing/trace-context.ts";
import type { GiveUpSignal } from "../origin/give-up.ts";
import type { OriginRequest } from "../origin/origin.ts";
import type { CacheRequest } from "../rules/exchange.ts";

/** A request for which the edge asks the origin. */
export interface FillRequest extends CacheRequest {
  /** How the request came: the port that took it says so. */
  readonly scheme: Scheme;
  /** The host it names, with its port when one is given; "" when it names none. */
  readonly authority: string;
  /** Whom its place at the origin counts for; undefined for a request of the edge itself. */
  readonly client?: string | undefined;
  /** For the origin, in X-Request-Id; undefined: it gets what the client sent. */
  readonly requestId?: string | undefined;
  /** What it is part of in traces; undefined: it is in none, and the origin gets what the client sent. */
  readonly trace?: TraceContext | undefined;
  /** Whether the client takes trailers. */
  readonly takesTrailers?: boolean;
  /** Takes interim responses (1xx), which go to the client of this request only. */
  readonly onInterim?: OriginRequest["onInterim"];
  /** The edge that asks in place of a client. `waits`: is to be called when the origin is asked for it. */
  readonly askedBy?: { readonly edge: string; readonly waits: () => void } | undefined;
  /** Aborted when the client leaves. */
  readonly left?: GiveUpSignal | undefined;
}
