import { setImmediate as inTurn } from "./node-globals.ts";

// The part of node:timers/promises that the core of an edge imports, for a page.

export function setImmediate(): Promise<void> {
  return new Promise((resolve) => inTurn(resolve));
}

/** Lessons have clocks of their own, on which nothing waits for real. */
export function setTimeout(ms: number): Promise<void> {
  return new Promise((resolve) => globalThis.setTimeout(resolve, ms));
}
