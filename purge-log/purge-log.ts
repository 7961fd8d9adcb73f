import type { Position } from "./position.ts";
import type { Purge } from "./purge.ts";

/** One entry, in log order. */
export interface LogEntry {
  readonly position: Position;
  readonly content:
    | { readonly kind: "purge"; readonly purge: Purge }
    /** A new epoch begins: history before it may have been lost. */
    | { readonly kind: "barrier"; readonly reason: string }
    /** Damaged, or not written by edgeCache. An edge must apply it as a purge of everything, never skip it. */
    | { readonly kind: "unreadable"; readonly reason: string };
}

/** The outcome of an append. */
export type AppendOutcome =
  | {
      readonly kind: "accepted";
      readonly position: Position;
      /** The history that it stands in, as in LogState. */
      readonly runId: string;
    }
  /** Rule P2: the purgeId stands for other targets, or for another way to purge them. Nothing was appended. */
  | { readonly kind: "another-purge"; readonly reason: string }
  /** The log answered no (read-only, full, loading, not allowed): nothing was appended. */
  | { readonly kind: "rejected"; readonly reason: string }
  /** The log did not answer: it may or may not stand there. A retry with the same purgeId is safe. */
  | { readonly kind: "unknown"; readonly reason: string };

/** The facts that an edge reports in each heartbeat. */
export interface Heartbeat {
  readonly edge: string;
  /** Made anew at every start of the edge. */
  readonly bootId: string;
  /** host:port of its gRPC control plane. */
  readonly grpcAddress: string;
  /** host:port of its HTTP data plane. */
  readonly httpAddress: string;
  /** How far it has applied. */
  readonly position: Position;
  /** The history that the position is of, as the log last told it; empty before it has. */
  readonly runId: string;
  /** Its lease, in milliseconds: how long after its last heartbeat it may still serve from its cache. */
  readonly leaseMs: number;
  /** A digest of which host is of which of its sites; empty when it does not say. Edges of one fleet have the same. */
  readonly sites: string;
  /** Whether it serves stale responses without its lease when the origin fails. Its silence then proves nothing. */
  readonly staleWhenLapsed: boolean;
  /** What its purges removed there, oldest first, as far as its former heartbeats have not said it. */
  readonly applied: readonly PurgeCount[];
}

/** How many stored responses one purge removed or softened at one edge. */
export interface PurgeCount {
  readonly position: Position;
  readonly objects: number;
}

/** The confirmation that an edge sends to the edge that took purges, once it has applied them. */
export interface Confirmation {
  readonly edge: string;
  /** How far it has applied, and in which history, as in its heartbeats. */
  readonly position: Position;
  readonly runId: string;
  /** What the purges of that taker removed there; each is told once. */
  readonly applied: readonly PurgeCount[];
}

/** An edge as the heartbeat table knows it. */
export interface Member extends Heartbeat {
  /** Since its last heartbeat, by the log's own clock. */
  readonly heartbeatAgeMs: number;
  /** For how long the table has lost no row: an edge that is missing may have a lease that began before that. */
  readonly tableAgeMs: number;
}

/** The outcome of removing an edge from the table. */
export type ForgetOutcome =
  | { readonly kind: "forgotten"; readonly heartbeatAgeMs: number }
  /** The table does not name it. */
  | { readonly kind: "unknown" }
  /** The edge may still serve from its cache for this long. */
  | { readonly kind: "serving"; readonly leftMs: number; readonly heartbeatAgeMs: number };

/** The server that a log is kept by. */
export interface LogServer {
  readonly version: string;
  /** Of one command, in milliseconds. */
  readonly roundTripMs: number;
  /** The most bytes that it takes; 0: no limit. */
  readonly maxMemory: number;
  readonly usedMemory: number;
  /** What it does when they are full: "noeviction", or how it chooses the keys that go. */
  readonly evicts: string;
  /** Whether it is a replica, which cannot be written. */
  readonly isReplica: boolean;
  /** Whether it writes each entry to its disk. */
  readonly appendOnly: boolean;
  /** Whether the last write to its disk failed. */
  readonly writesFail: boolean;
  /** Those that have a copy, and since when each has said nothing. */
  readonly replicas: readonly { readonly silentSeconds: number }[];
  /** How many of them each purge and heartbeat waits for. */
  readonly awaited: number;
  /** Whether it refuses writes by itself when it has too few of them. */
  readonly refusesAlone: boolean;
  /** The commands that the log needs and its user may not use. */
  readonly missingRights: readonly string[];
  /** Whether the connection is encrypted, or goes to this machine only. */
  readonly isPrivate: boolean;
  /** For how long its certificate is still valid; undefined without TLS. */
  readonly certificateDaysLeft: number | undefined;
}

/** The log's answer to a heartbeat. */
export interface LogState {
  /**
   * Names the log's history: it changes when the log's server restarts, and whenever the log was opened anew
   * because entries may have been lost. Positions of two histories cannot be compared.
   */
  readonly runId: string;
  /** Its last entry. */
  readonly tail: Position;
  /** Its oldest entry still there; undefined when it is empty. */
  readonly first: Position | undefined;
}

/**
 * The shared log of purges: append at one end, follow from any position at the other.
 * Implementations: in memory inside one process, and a Redis Stream between machines.
 */
export interface PurgeLog {
  /**
   * Appends once per purgeId (rule P2). `floor` is the highest position that the caller has ever seen. Never throws.
   */
  append(purge: Purge, floor: Position): Promise<AppendOutcome>;
  /**
   * Batches of at most BATCH_ENTRIES entries after `after`, oldest first, until `signal` aborts. Each comes in a turn of
   * the event loop of its own, so that a backlog holds nobody up.
   * Survives outages of the log by itself: it reconnects and goes on after the last entry it gave.
   */
  follow(after: Position, signal: AbortSignal): AsyncIterable<readonly LogEntry[]>;
  /**
   * Records the edge and returns where the log stands. Throws a Failure when the log does not confirm it;
   * edge-id-taken when another boot with this id may still serve by its lease: two edges with one id would have
   * one receipt between them.
   */
  heartbeat(beat: Heartbeat): Promise<LogState>;
  /**
   * Every edge that ever sent a heartbeat and was not forgotten, sorted by id. An edge that has not
   * heard of the present history yet is at the beginning. Throws a Failure.
   */
  members(): Promise<readonly Member[]>;
  /** What the latest purges removed, by edge, in no order: some 64 of each edge. Throws a Failure. */
  counts(): Promise<ReadonlyMap<string, readonly PurgeCount[]>>;
  /**
   * Removes an edge from the table if its lease has surely run out. The log decides and removes in one step, so that no
   * heartbeat comes in between. Throws a Failure.
   */
  forget(edge: string): Promise<ForgetOutcome>;
  /** An edge that serves no more removes itself, unless another boot has taken its id since. Throws a Failure. */
  leave(edge: string, bootId: string): Promise<void>;
  /**
   * Tells the edge `taker`, and no other, what has become of its purges. Such a message may be lost: the heartbeat
   * table says the same later. Resolves to whether somebody may have got it. Never throws.
   */
  confirm(taker: string, confirmation: Confirmation): Promise<boolean>;
  /** Calls `listener` with each confirmation for this taker. Returns a function that stops it. */
  onConfirmation(taker: string, listener: (confirmation: Confirmation) => void): () => void;
  /** Calls `listener` at the first heartbeat of each boot of an edge. It may miss one. Returns a function that stops it. */
  onJoin(listener: (beat: Heartbeat) => void): () => void;
  /** The server behind it; undefined: there is none. Throws a Failure. */
  server(): Promise<LogServer | undefined>;
  close(): Promise<void>;
}
