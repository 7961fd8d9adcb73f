import { comparePositions, type Position } from "../../purge-log/position.ts";

// A response would have to survive that many soft purges of everything: one a minute for most of a day.
const MOST_FLOORS = 1_000;

interface SoftFloor {
  readonly position: Position;
  /** When it was applied here, in milliseconds of the monotonic clock. */
  readonly at: number;
}

/**
 * The latest soft purges of everything: what was filled before one is stale as of then. It answers for those that it
 * no longer remembers as if they had been applied when the first of them was.
 */
export class SoftFloors {
  /** In the order of their positions. */
  #floors: SoftFloor[] = [];

  /** Positions come in order, until they are forgotten. */
  add(position: Position, at: number): void {
    this.#floors.push({ position, at });
    if (this.#floors.length <= MOST_FLOORS) return;
    const [first, second, ...rest] = this.#floors;
    if (first !== undefined && second !== undefined)
      this.#floors = [{ position: second.position, at: first.at }, ...rest];
  }

  forget(): void {
    this.#floors = [];
  }

  /** When the first purge behind `position` was applied; undefined when there was none. Every hit may ask. */
  firstSince(position: Position): number | undefined {
    let [from, to] = [0, this.#floors.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      const floor = this.#floors[middle];
      if (floor === undefined || comparePositions(floor.position, position) > 0) to = middle;
      else from = middle + 1;
    }
    return this.#floors[from]?.at;
  }
}
