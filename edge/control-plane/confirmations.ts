import { formatPosition, type Position } from "../../purge-log/position.ts";
import type { Confirmation, PurgeLog } from "../../purge-log/purge-log.ts";

// Purges whose counts are kept for a wait that begins when edges have confirmed already: more than one edge appends in
// the time of a few answers of the log.
const KEPT_PURGES = 256;

// More edges than one log has. Edges are named by whoever may write to the log.
const KEPT_EDGES = 10_000;

/** What the other edges, and this one, have told this edge of the purges that it took. It listens for life. */
export class Confirmations {
  /** By edge. */
  readonly #latest = new Map<string, Confirmation>();
  /** By position, the oldest first: what a purge removed at which edge. */
  readonly #objects = new Map<string, Map<string, number>>();
  readonly #waits = new Set<(confirmation: Confirmation) => void>();

  constructor(edge: string, purgeLog: Pick<PurgeLog, "onConfirmation">) {
    purgeLog.onConfirmation(edge, (confirmation) => this.#take(confirmation));
  }

  /** The latest of each edge. */
  latest(): Iterable<Confirmation> {
    return this.#latest.values();
  }

  /** How many stored responses the edge said that the purge removed there; undefined when it said nothing of it. */
  objects(position: Position, edge: string): number | undefined {
    return this.#objects.get(formatPosition(position))?.get(edge);
  }

  /** Calls `listener` with each that comes from now on. Returns how to stop. */
  listen(listener: (confirmation: Confirmation) => void): () => void {
    this.#waits.add(listener);
    return () => this.#waits.delete(listener);
  }

  #take(confirmation: Confirmation): void {
    const { edge, applied } = confirmation;
    this.#latest.set(edge, confirmation);
    dropOldest(this.#latest, KEPT_EDGES);
    for (const { position, objects } of applied) {
      const place = formatPosition(position);
      const known = this.#objects.get(place) ?? new Map<string, number>();
      this.#objects.set(place, known.set(edge, objects));
      dropOldest(known, KEPT_EDGES);
    }
    dropOldest(this.#objects, KEPT_PURGES);
    for (const listener of this.#waits) listener(confirmation);
  }
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  while (map.size > most) {
    for (const [oldest] of map) {
      map.delete(oldest);
      break;
    }
  }
}
