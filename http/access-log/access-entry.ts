import type { ExchangeEnd } from "../server/exchange.ts";

/** What a client asks with each request of a field section: the text of it in a line is made once. */
export interface AskedBy {
  /** The address of the client, as trusted proxies report it. */
  readonly client: string;
  readonly method?: string | undefined;
  readonly scheme?: string | undefined;
  /** The authority that is asked for. */
  readonly host?: string | undefined;
  /** Such as HTTP/1.1. */
  readonly protocol?: string | undefined;
  /** Such as TLSv1.3; undefined without TLS. */
  readonly tls?: string | undefined;
  readonly site?: string | undefined;
  readonly referer?: string | undefined;
  readonly userAgent?: string | undefined;
  /** W3C Trace Context: the trace of which the request is part. */
  readonly traceId?: string | undefined;
}

/** One request, when it is over: what differs from that of most others. */
export interface AccessEntry {
  readonly requestId: string;
  /** The path and query; undefined for bytes that are no request. */
  readonly target: string | undefined;
  /** Of content, given to the connection. */
  readonly bytes: number;
}

/** How a request ended. Hits of one second end alike, so the text of it may be made once. */
export interface AccessResult {
  /** 0: the client got no answer. */
  readonly status: number;
  /** Milliseconds from its fields to its end. */
  readonly durationMs: number;
  /** Milliseconds until its answer began; undefined: it had none. */
  readonly firstByteMs: number | undefined;
  readonly end: ExchangeEnd;
  /** What this program has to say of it, as `members` makes it. */
  readonly more: string;
}
