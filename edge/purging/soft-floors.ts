import { comparePositions, type Position } from "../../purge-log/position.ts";

interface SoftFloor {
  readonly position: Position;
  /** When it was applied here, in milliseconds of the monotonic clock. */
  readonly at: number;
}

// Soft purges of everything since one and the same response was filled: more would be a purge a minute for most of a day.
const REMEMBERED_FLOORS = 1_000;

/**
 * The latest soft purges of everything: what was filled before one is stale as of then, at no cost per response. Of
 * those that it no longer remembers, it answers as if they had been applied when the first of them was.
 */
export class SoftFloors {
  #floors: SoftFloor[] = [];

  /** Positions come in order, until they are forgotten. */
  add(position: Position, at: number): void {
    this.#floors.push({ position, at });
    if (this.#floors.length <= REMEMBERED_FLOORS) return;
    const [first, second, ...rest] = this.#floors;
    if (first !== undefined && second !== undefined)
      this.#floors = [{ position: second.position, at: first.at }, ...rest];
  }

  forget(): void {
    this.#floors = [];
  }

  /** When the first purge behind `position` was applied; undefined when there was none. */
  firstSince(position: Position): number | undefined {
    let first: number | undefined;
    for (let i = this.#floors.length - 1; i >= 0; i -= 1) {
      const floor = this.#floors[i];
      if (floor === undefined || comparePositions(floor.position, position) <= 0) break;
      first = floor.at;
    }
    return first;
  }
}
