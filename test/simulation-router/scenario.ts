import type { Place } from "./cities.ts";

/** Something that happens to one edge, by its name. */
export type Happening =
  /** Each request takes `times` as much of its event loop as before. */
  | { readonly kind: "slows"; readonly edge: string; readonly times: number }
  /** The routes from all routers that have it as the nearest are longer by `ms`, or shorter. */
  | { readonly kind: "moves away"; readonly edge: string; readonly ms: number }
  /** Its process is killed. */
  | { readonly kind: "dies"; readonly edge: string }
  /** Nothing comes back from it. */
  | { readonly kind: "cut off"; readonly edge: string }
  /** What was sent while it was cut off stays lost. */
  | { readonly kind: "reachable again"; readonly edge: string }
  /** It announces that it will stop, and a second later it takes nothing more. */
  | { readonly kind: "drains"; readonly edge: string }
  /** It has lost the purge log and answers from the origin. */
  | { readonly kind: "lapses"; readonly edge: string }
  | { readonly kind: "has its lease again"; readonly edge: string }
  /** A new process in its place; the first time, a new edge that routers are told of. */
  | { readonly kind: "starts"; readonly edge: string };

export interface Scenario {
  readonly name: string;
  /** One sentence for the table and the plot. */
  readonly what: string;
  readonly ms: number;
  /** The cities with an edge, by name. */
  readonly edges: readonly string[];
  /** Those of them that start only while it runs. */
  readonly startsLater: readonly string[];
  /** Demand at a place, relative to what that place asks for on average. */
  demand(place: Place, atMs: number): number;
  /** At that moment no demand is above this. */
  mostDemand(atMs: number): number;
  readonly happenings: readonly { readonly atMs: number; readonly what: Happening }[];
}
