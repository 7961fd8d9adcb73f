import type { OperatorAccess } from "../../process/control/operator-access.ts";
import { mayRead } from "../../process/control/tokens.ts";

/** How much of the dashboard there is. */
export const DASHBOARD_MODES = ["on", "read-only", "off"] as const;

export type DashboardMode = (typeof DASHBOARD_MODES)[number];

/** What somebody may do with the dashboard. */
export type DashboardRight = "none" | "read" | "purge";

/** Who asks for it. */
export interface DashboardCaller {
  /** What follows `Bearer` in the field Authorization. */
  readonly offered: string | undefined;
  /** Of its certificate; undefined: it showed none that is valid. */
  readonly names: readonly string[] | undefined;
}

export interface DashboardRules extends Pick<OperatorAccess, "tokens" | "callers"> {
  /** There is a token, or calls are made by certificates. */
  readonly asksForProof: boolean;
  /** Only users of this machine reach the port. */
  readonly isLocal: boolean;
  readonly mode: DashboardMode;
}

/**
 * The users of this machine may read. Where calls need no proof at all, they may purge too, as they may at the edges. The
 * router proves itself to edges, so it asks for as much as they do before it purges for somebody.
 */
export function dashboardRight(caller: DashboardCaller, rules: DashboardRules): DashboardRight {
  const right = provenRight(caller, rules);
  return right === "purge" && rules.mode === "read-only" ? "read" : right;
}

function provenRight({ offered, names }: DashboardCaller, rules: DashboardRules): DashboardRight {
  const { tokens, asksForProof, callers, isLocal } = rules;
  if (isLocal && !asksForProof) return "purge";
  const rights = names === undefined ? undefined : callers()?.rightsOf(names);
  if (rights?.has("purge") === true) return "purge";
  if (offered !== undefined && tokens.token?.matches(offered) === true) return "purge";
  if (isLocal || rights?.has("read") === true) return "read";
  return offered !== undefined && mayRead(tokens, offered) ? "read" : "none";
}
