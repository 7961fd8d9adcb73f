import { setImmediate as endOfTurn } from "node:timers/promises";
import type { Clock } from "../process/clock.ts";
import { Failure } from "../process/failure.ts";
import { KnownPurges } from "./known-purges.ts";
import {
  BATCH_ENTRIES,
  FARTHEST_EPOCH_US,
  KEPT_CHARACTERS,
  KEPT_COUNTS,
  KEPT_ENTRIES,
  KNOWN_PURGES_BYTES,
  SAME_PURGE_MS,
} from "./log-limits.ts";
import { idTaken, leaseEndsInMs } from "./membership.ts";
import { BEGINNING, comparePositions, formatPosition, type Position } from "./position.ts";
import type { Purge } from "./purge.ts";
import { encodePurge } from "./purge-codec.ts";
import { ANOTHER_PURGE, purgeDigest } from "./purge-digest.ts";
import type {
  AppendOutcome,
  Confirmation,
  ForgetOutcome,
  Heartbeat,
  LogEntry,
  LogState,
  Member,
  PurgeCount,
  PurgeLog,
} from "./purge-log.ts";

// Trimming moves the whole array, so it happens once for this share of the kept entries.
const TRIM_SLACK = 1.01;

interface KeptEntry extends LogEntry {
  /** Of its text. */
  readonly characters: number;
}

/**
 * The purge log inside one process: the edges of the one-command system share one instance, and
 * `close` ends it for all of them. It lives as long as the process, so its history is never in doubt
 * except when someone has seen a position beyond its tail.
 */
export class MemoryPurgeLog implements PurgeLog {
  readonly #clock: Clock;
  readonly #runId: string;
  readonly #closed = new AbortController();
  readonly #entries: KeptEntry[] = [];
  #characters = 0;
  readonly #known = new KnownPurges(KNOWN_PURGES_BYTES);
  readonly #members = new Map<string, { readonly beat: Heartbeat; readonly at: number }>();
  readonly #counts = new Map<string, readonly PurgeCount[]>();
  readonly #joins = new Set<(beat: Heartbeat) => void>();
  readonly #takers = new Map<string, Set<(confirmation: Confirmation) => void>>();
  readonly #sleepers = new Set<() => void>();
  #tail: Position = BEGINNING;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#runId = `memory-${clock.wall()}`;
    this.#openEpoch("the log is new", BEGINNING);
  }

  async append(purge: Purge, floor: Position): Promise<AppendOutcome> {
    const encoded = encodePurge(purge);
    if (encoded.kind === "refused") return { kind: "rejected", reason: encoded.reason };
    const refusal = this.#refusal(floor);
    if (refusal !== undefined) return { kind: "rejected", reason: refusal };
    this.#overtake(floor);
    const digest = purgeDigest(purge);
    const now = this.#clock.monotonic();
    const first = this.#known.find(purge.purgeId, now);
    if (first !== undefined) {
      return first.digest === digest
        ? { kind: "accepted", position: first.position, runId: this.#runId }
        : { kind: "another-purge", reason: ANOTHER_PURGE };
    }
    const position = { epoch: this.#tail.epoch, seq: this.#tail.seq + 1 };
    this.#push({ position, content: { kind: "purge", purge }, characters: encoded.text.length });
    this.#known.add(purge.purgeId, { position, digest, until: now + SAME_PURGE_MS });
    return { kind: "accepted", position, runId: this.#runId };
  }

  async *follow(after: Position, signal: AbortSignal): AsyncGenerator<readonly LogEntry[]> {
    const ended = AbortSignal.any([signal, this.#closed.signal]);
    let position = after;
    while (!ended.aborted) {
      const batch = this.#entriesAfter(position);
      const last = batch.at(-1);
      if (last === undefined) {
        await this.#nextEntry(ended);
      } else {
        position = last.position;
        yield batch;
        if (batch.length === BATCH_ENTRIES) await endOfTurn();
      }
    }
  }

  async heartbeat(beat: Heartbeat): Promise<LogState> {
    const refusal = this.#refusal(beat.position);
    if (refusal !== undefined)
      throw new Failure("log-refused", "log", `heartbeat of ${beat.edge}: ${refusal}`);
    this.#refuseTwin(beat);
    this.#overtake(beat.position);
    const { edge, bootId, applied } = beat;
    const joins = this.#members.get(edge)?.beat.bootId !== bootId;
    this.#members.set(edge, { beat, at: this.#clock.monotonic() });
    this.#counts.set(edge, [...(this.#counts.get(edge) ?? []), ...applied].slice(-KEPT_COUNTS));
    if (joins) for (const listener of this.#joins) listener(beat);
    return { runId: this.#runId, tail: this.#tail, first: this.#entries[0]?.position };
  }

  async server(): Promise<undefined> {
    return undefined;
  }

  async members(): Promise<readonly Member[]> {
    const now = this.#clock.monotonic();
    return [...this.#members.values()]
      .map(({ beat, at }) => ({ ...beat, heartbeatAgeMs: now - at, tableAgeMs: Number.POSITIVE_INFINITY }))
      .sort((a, b) => (a.edge < b.edge ? -1 : 1));
  }

  async counts(): Promise<ReadonlyMap<string, readonly PurgeCount[]>> {
    return this.#counts;
  }

  /** Rule R5. */
  async forget(edge: string): Promise<ForgetOutcome> {
    const known = this.#members.get(edge);
    if (known === undefined) return { kind: "unknown" };
    const heartbeatAgeMs = this.#clock.monotonic() - known.at;
    const leftMs = leaseEndsInMs({ leaseMs: known.beat.leaseMs, heartbeatAgeMs });
    if (leftMs > 0) return { kind: "serving", leftMs, heartbeatAgeMs };
    this.#remove(edge);
    return { kind: "forgotten", heartbeatAgeMs };
  }

  async leave(edge: string, bootId: string): Promise<void> {
    if (this.#members.get(edge)?.beat.bootId === bootId) this.#remove(edge);
  }

  async confirm(taker: string, confirmation: Confirmation): Promise<boolean> {
    const listeners = this.#takers.get(taker);
    for (const listener of listeners ?? []) listener(confirmation);
    return listeners !== undefined && listeners.size > 0;
  }

  onConfirmation(taker: string, listener: (confirmation: Confirmation) => void): () => void {
    const listeners = this.#takers.get(taker) ?? new Set();
    this.#takers.set(taker, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  onJoin(listener: (beat: Heartbeat) => void): () => void {
    this.#joins.add(listener);
    return () => this.#joins.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#joins.clear();
    this.#takers.clear();
  }

  #remove(edge: string): void {
    this.#members.delete(edge);
    this.#counts.delete(edge);
  }

  #refusal(floor: Position): string | undefined {
    if (this.#closed.signal.aborted) return "the purge log is closed";
    return floor.epoch > this.#micros() + FARTHEST_EPOCH_US
      ? `position ${formatPosition(floor)} is from the far future`
      : undefined;
  }

  #refuseTwin({ edge, bootId }: Heartbeat): void {
    const known = this.#members.get(edge);
    if (known === undefined || known.beat.bootId === bootId) return;
    const heartbeatAgeMs = this.#clock.monotonic() - known.at;
    if (leaseEndsInMs({ leaseMs: known.beat.leaseMs, heartbeatAgeMs }) > 0)
      throw idTaken(edge, known.beat.bootId);
  }

  /** Rule P1: a caller that has seen more than this log holds has seen a history that this log lost. */
  #overtake(floor: Position): void {
    if (comparePositions(floor, this.#tail) <= 0) return;
    this.#openEpoch(
      `${formatPosition(floor)} was seen and the log ends at ${formatPosition(this.#tail)}`,
      floor,
    );
  }

  #openEpoch(reason: string, floor: Position): void {
    const epoch = Math.max(this.#micros(), this.#tail.epoch, floor.epoch) + 1;
    this.#push({
      position: { epoch, seq: 0 },
      content: { kind: "barrier", reason },
      characters: reason.length,
    });
  }

  #push(entry: KeptEntry): void {
    this.#tail = entry.position;
    this.#entries.push(entry);
    this.#characters += entry.characters;
    if (this.#entries.length > KEPT_ENTRIES * TRIM_SLACK || this.#characters > KEPT_CHARACTERS * TRIM_SLACK) {
      this.#trim();
    }
    for (const wake of this.#sleepers) wake();
  }

  #trim(): void {
    let left = this.#entries.length;
    const kept = this.#entries.findIndex(({ characters }) => {
      if (left <= KEPT_ENTRIES && this.#characters <= KEPT_CHARACTERS) return true;
      left -= 1;
      this.#characters -= characters;
      return false;
    });
    this.#entries.splice(0, kept);
  }

  #entriesAfter(position: Position): readonly LogEntry[] {
    // Followers are nearly always at the tail, so the search starts there.
    const before = this.#entries.findLastIndex((entry) => comparePositions(entry.position, position) <= 0);
    return this.#entries.slice(before + 1, before + 1 + BATCH_ENTRIES);
  }

  /** Resolves at the next entry or when `ended` aborts. */
  async #nextEntry(ended: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#sleepers.add(resolve);
    const wake = () => resolve();
    ended.addEventListener("abort", wake);
    await promise;
    ended.removeEventListener("abort", wake);
    this.#sleepers.delete(resolve);
  }

  #micros(): number {
    return Math.floor(this.#clock.wall() * 1000);
  }
}
