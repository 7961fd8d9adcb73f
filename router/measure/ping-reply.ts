import { Failure } from "../../process/failure.ts";
import { isHost, show } from "../../process/settings/values.ts";
import type { PingResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import { type Position, parsePosition } from "../../purge-log/position.ts";

/** The state in a Ping reply. Traffic goes to serving edges as long as there is one. */
export type EdgeState = (typeof EDGE_STATES)[number];
const EDGE_STATES = ["serving", "lapsed", "draining"] as const;

/** A Ping reply in which every field has been checked. */
export interface EdgeReport {
  readonly edge: string;
  readonly bootId: string;
  readonly state: EdgeState;
  readonly position: Position;
  readonly leaseLeftMs: number;
  readonly inFlight: number;
  readonly eventLoopDelayMs: number;
  readonly host: string;
  readonly httpPort: number;
  /** Base URL for clients in redirect mode, without trailing slash. */
  readonly publicUrl: string | undefined;
  /** Of edgeCache, as it runs there; empty when it does not say. */
  readonly version: string;
  /** A digest of its settings; empty when it does not say. */
  readonly config: string;
}

// The id appears in X-Served-By and Server-Timing, so it has no characters that need quotes there.
const EDGE_ID = /^[A-Za-z0-9._-]{1,64}$/;
const WORD = /^[\x21-\x7e]{0,64}$/;
const BOOT_ID = /^[\x21-\x7e]{1,128}$/;
const PUBLIC_URL = /^https?:\/\/[\x21-\x7e]{0,2048}[^\s/]$/;

/**
 * Checks each field, because gRPC guarantees neither valid text nor sensible numbers.
 * Throws Failure("bad-ping-reply", "edge") with the field, its rule and the value got.
 */
export function readPingReply(reply: PingResponse): EdgeReport {
  const { edge, bootId, leaseLeftMs, inFlight, eventLoopDelayMs, host, httpPort } = reply;
  if (!EDGE_ID.test(edge)) throw wrong("edge", "1 to 64 of A-Z a-z 0-9 . _ -", edge);
  if (!BOOT_ID.test(bootId)) throw wrong("boot_id", "1 to 128 printable characters", bootId);
  const state = EDGE_STATES.find((known) => known === reply.state);
  if (state === undefined) throw wrong("state", `one of ${EDGE_STATES.join(", ")}`, reply.state);
  const position = parsePosition(reply.position);
  if (position === undefined) throw wrong("position", "epoch-seq", reply.position);
  if (!isSpan(leaseLeftMs)) throw wrong("lease_left_ms", "a number of milliseconds from 0", leaseLeftMs);
  if (!isSpan(eventLoopDelayMs)) {
    throw wrong("event_loop_delay_ms", "a number of milliseconds from 0", eventLoopDelayMs);
  }
  if (!isHost(host)) throw wrong("host", "a host name or an IP address", host);
  if (httpPort < 1 || httpPort > 65_535) throw wrong("http_port", "from 1 to 65535", httpPort);
  const publicUrl = reply.publicUrl === "" ? undefined : reply.publicUrl;
  if (publicUrl !== undefined && !(PUBLIC_URL.test(publicUrl) && URL.canParse(publicUrl))) {
    throw wrong("public_url", "an http or https URL without trailing slash", publicUrl);
  }
  return {
    edge,
    bootId,
    state,
    position,
    leaseLeftMs,
    inFlight,
    eventLoopDelayMs,
    host,
    httpPort,
    publicUrl,
    // Operators alone read these: an edge is not given up for them.
    version: WORD.exec(reply.version)?.[0] ?? "",
    config: WORD.exec(reply.config)?.[0] ?? "",
  };
}

function isSpan(ms: number): boolean {
  return Number.isFinite(ms) && ms >= 0;
}

function wrong(field: string, rule: string, got: unknown): Failure {
  return new Failure("bad-ping-reply", "edge", `Ping reply: ${field} must be ${rule}, got ${show(got)}`);
}
