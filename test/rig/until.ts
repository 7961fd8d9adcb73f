import { setTimeout as delay } from "node:timers/promises";

// Far longer than anything here takes on a busy machine, and shorter than the time that a test has.
const PATIENCE_MS = 20_000;

/**
 * Looks until `condition` holds. For what no event tells: between two looks it lets `meanwhile` happen, or a millisecond
 * pass. Throws what it waited for when that never comes.
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  meanwhile: () => Promise<unknown> = () => delay(1),
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const began = performance.now();
  while (!(await condition())) {
    if (performance.now() - began > patienceMs) throw new Error(`waited ${patienceMs} ms until ${what}`);
    await meanwhile();
  }
}
