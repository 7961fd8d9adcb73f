import type { Position } from "../../purge-log/position.ts";

// The records of a run. All times are milliseconds of the runner's one monotonic clock, performance.now().

/** One purge, from the first call with its id to the answer that settled it. */
export interface PurgeEvent {
  readonly id: string;
  /** The targets of the purge, for people. */
  readonly named: string;
  /** The pages that it covers. */
  readonly urls: readonly string[];
  /** Before its first call: the origin shows the new content already. */
  readonly sentAt: number;
  /** When an answer with a position came: it was accepted before. Undefined when none came. */
  readonly acceptedBy: number | undefined;
  readonly position: Position | undefined;
  readonly soft: boolean;
  /** When an answer said `applied`. */
  readonly provenAt: number | undefined;
  /** When an answer said that every edge has applied it, and none is fenced. */
  readonly appliedBy: number | undefined;
  /** Of the last answer, with the receipts; for people. */
  readonly outcome: string;
}

/** One answer of 200 or 206 to a reader. */
export interface ReadEvent {
  readonly edge: string;
  readonly url: string;
  readonly sentAt: number;
  /**
   * The earliest moment at which the edge can have decided on the answer: when the request was sent, or, if the
   * edge's process stood still then, when it went on.
   */
  readonly decidedAfter: number;
  readonly endedAt: number;
  /** Of the origin's version, as the answer's fields say. */
  readonly version: number;
  /** The same, as the content says. */
  readonly contentVersion: number;
  /** When the origin read that version. */
  readonly originReadAt: number;
  /** X-Cache. */
  readonly outcome: string;
  /** For how many seconds the page lets itself be served stale while it is refreshed. */
  readonly staleSeconds: number;
  /** The purge that the request named in EdgeCache-After, if it did. */
  readonly after: PurgeEvent | undefined;
}

/** Something that was done to the system. */
export interface FaultEvent {
  readonly at: number;
  readonly what: string;
}

/** A guarantee that was broken. */
export interface Violation {
  readonly rule: string;
  readonly url: string | undefined;
  readonly what: string;
  /** Earlier events of the page, in order of time. */
  readonly history: readonly string[];
}
