import type { Lines } from "./message.ts";

/** Counts everything that happens in a history: of two events, the one with the smaller tick was first. */
export type Tick = number;

/** A client's request. */
export interface Question {
  readonly id: number;
  readonly method: string;
  readonly target: string;
  readonly fields: Lines;
  readonly tick: Tick;
  /** Milliseconds of the clock. */
  readonly at: number;
}

/** One request to the origin and what came of it. */
export interface Exchange {
  readonly id: number;
  /** The client's request that made the edge ask; undefined when none did. */
  readonly cause: Question | undefined;
  readonly method: string;
  readonly target: string;
  /** The message that the edge sent. */
  readonly request: Lines;
  readonly begunTick: Tick;
  readonly requestTime: number;
  outcome: ExchangeOutcome;
}

export type ExchangeOutcome =
  | { readonly kind: "waiting" }
  | { readonly kind: "failed"; readonly tick: Tick }
  | Reply;

export interface Reply {
  readonly kind: "replied";
  readonly tick: Tick;
  readonly responseTime: number;
  readonly status: number;
  readonly fields: Lines;
  /** The content of this message. */
  readonly content: string;
  /** The representation that it is of, whole: `content` may be a part of it or empty. */
  readonly representation: string;
  ending: Ending;
}

/** How the content of a reply ended. */
export type Ending =
  | { readonly kind: "coming" }
  | { readonly kind: "whole"; readonly tick: Tick }
  /** It ended early, by the origin's fault or because the edge left. */
  | { readonly kind: "broken"; readonly tick: Tick };

/** The reply that a client got. */
export interface Answer {
  readonly status: number;
  readonly fields: Lines;
  /** Undefined when it broke off. */
  readonly body: string | undefined;
  /** The outcome that the edge names, and the freshness that it says is left, in seconds. */
  readonly outcome: string;
  readonly ttl: number | undefined;
  /** When its fields came. */
  readonly tick: Tick;
  readonly at: number;
}

export type PurgeScope =
  | { readonly kind: "url"; readonly target: string }
  | { readonly kind: "prefix"; readonly prefix: string }
  | { readonly kind: "tag"; readonly tag: string }
  | { readonly kind: "everything" };

/** An accepted purge. */
export interface PurgeEvent {
  readonly scope: PurgeScope;
  readonly soft: boolean;
  readonly tick: Tick;
  /** When it reached the edge; undefined while the edge is cut off. */
  appliedTick: Tick | undefined;
  /** The same in milliseconds of the clock. */
  appliedAt: number | undefined;
}

/** RFC 9111 section 4.4: what an unsafe request may have changed. */
export interface Invalidation {
  readonly target: string;
  readonly tick: Tick;
}
