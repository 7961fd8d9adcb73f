import { isClearlyBetter, type Timed } from "./hysteresis.ts";

/**
 * Orders `items` by time. Those in `before` keep their order unless one is clearly better than the one in front of
 * it. The others are inserted in the given order.
 */
export function stableOrder<T extends Timed>(items: readonly T[], before: ReadonlyMap<T, number>): T[] {
  const known = items
    .filter((item) => before.has(item))
    .sort((a, b) => rankIn(before, a) - rankIn(before, b));
  const ordered: T[] = [];
  for (const item of [...known, ...items.filter((each) => !before.has(each))]) {
    let at = ordered.length;
    for (; at > 0; at -= 1) {
      const previous = ordered[at - 1];
      if (previous === undefined || !isClearlyBetter(item, previous)) break;
    }
    ordered.splice(at, 0, item);
  }
  return ordered;
}

function rankIn<T>(order: ReadonlyMap<T, number>, item: T): number {
  return order.get(item) ?? Number.POSITIVE_INFINITY;
}
