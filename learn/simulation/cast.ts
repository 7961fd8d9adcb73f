import type { Place } from "../lesson-event.ts";

// The places of most lessons: a reader, an edge near by, and the origin far away.
export const READER: Place = { id: "reader", kind: "client", name: "Reader", x: 13, y: 50 };
export const EDGE: Place = { id: "edge-1", kind: "edge", name: "Edge", x: 45, y: 50 };
export const ORIGIN: Place = { id: "origin", kind: "origin", name: "Origin", x: 86, y: 50 };

/** `count` readers, one below the other, with ids and names by number. */
export function readers(count: number): readonly Place[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `reader-${at + 1}`,
    kind: "client",
    name: `Reader ${at + 1}`,
    x: 13,
    y: (100 * (at + 0.5)) / count,
  }));
}
