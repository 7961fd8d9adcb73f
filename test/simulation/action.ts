import type { PurgeTarget } from "../../purge-log/purge.ts";
import type { Direction } from "./simulated-link.ts";

export const EDGES = ["edge-1", "edge-2", "edge-3"] as const;
export type EdgeId = (typeof EDGES)[number];

/** Demands of a client beside the page. */
export type Wish = "all" | "range" | "if-changed" | "no-cache" | "head" | "after";

/** Changes that an operator makes to the log by hand. */
export const ROGUE_ACTS = [
  "add an entry to our epoch",
  "add an entry to a later epoch",
  "add an entry with the largest id",
  "add an entry with the largest seq, and one in the next epoch",
  "add an entry from the far future",
  "put a string in the place of the log",
  "delete the record",
  "delete the last entry",
  "delete an entry in the middle",
] as const;
export type RogueAct = (typeof ROGUE_ACTS)[number];

export type Action =
  | { readonly kind: "read"; readonly edge: EdgeId; readonly target: string; readonly wish: Wish }
  | {
      readonly kind: "purge";
      readonly edge: EdgeId;
      readonly targets: readonly PurgeTarget[];
      readonly soft: boolean;
      /** Whether the pages are new, or only purged. */
      readonly change: boolean;
      readonly waitMs: number;
      /** Whether the targets name the site, by the name that the edge which takes the call has for it. */
      readonly ofSite: boolean;
      /** How many purges ago its id was used before; undefined when it is new. */
      readonly reuses: number | undefined;
    }
  | { readonly kind: "crash-edge"; readonly edge: EdgeId; readonly downMs: number }
  | { readonly kind: "stop-edge"; readonly edge: EdgeId; readonly ms: number }
  | {
      readonly kind: "cut";
      readonly edge: EdgeId;
      readonly directions: readonly Direction[];
      readonly ms: number;
    }
  | { readonly kind: "slow"; readonly edge: EdgeId; readonly ms: number }
  /** `lost`: writes that its file lacks; `offset`: of the new process's wall clock. */
  | { readonly kind: "crash-redis"; readonly lost: number; readonly downMs: number; readonly offset: number }
  /** Each edge follows within `movedMs`; until then it talks to the old primary, which takes no writes. */
  | { readonly kind: "fail-over"; readonly lost: number; readonly movedMs: number; readonly offset: number }
  | { readonly kind: "refuse"; readonly ms: number }
  | { readonly kind: "flush-all" }
  | { readonly kind: "trim"; readonly keep: number }
  | { readonly kind: "rogue"; readonly act: RogueAct }
  /** The table of edges loses its rows, or one of them. */
  | { readonly kind: "lose-rows"; readonly of: EdgeId | "all" }
  /** Somebody sets a wall clock. */
  | { readonly kind: "set-clock"; readonly of: EdgeId | "redis"; readonly byMs: number }
  /** The machine is suspended: its monotonic clock stands still too. */
  | { readonly kind: "suspend-edge"; readonly edge: EdgeId; readonly ms: number }
  /** One thread of an edge stands still, and the others go on. */
  | {
      readonly kind: "stop-thread";
      readonly edge: EdgeId;
      readonly thread: number | "control";
      readonly ms: number;
    }
  /** Another one takes its place. */
  | { readonly kind: "crash-thread"; readonly edge: EdgeId; readonly thread: number }
  /** An operator, by way of one edge, has another forgotten. */
  | { readonly kind: "forget"; readonly by: EdgeId; readonly edge: EdgeId }
  | { readonly kind: "fail-origin"; readonly ms: number };

export function describeAction({ kind, ...rest }: Action): string {
  return `${kind} ${JSON.stringify(rest)}`;
}
