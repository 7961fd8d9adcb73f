import type { OperatorAccess } from "../../process/control/operator-access.ts";
import type { Tokens } from "../../process/control/tokens.ts";

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
  /** What its login gave it. */
  readonly session: DashboardRight;
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
  return withinMode(provenRight(caller, rules), rules.mode);
}

/** What a login with `offered` gives. */
export function loginRight(offered: string, { tokens, mode }: DashboardRules): DashboardRight {
  return withinMode(tokenRight(offered, tokens), mode);
}

function provenRight({ offered, names, session }: DashboardCaller, rules: DashboardRules): DashboardRight {
  const { tokens, asksForProof, callers, isLocal } = rules;
  if (isLocal && !asksForProof) return "purge";
  const rights = names === undefined ? undefined : callers()?.rightsOf(names);
  const has: readonly DashboardRight[] = [
    isLocal ? "read" : "none",
    session,
    offered === undefined ? "none" : tokenRight(offered, tokens),
    rights?.has("purge") === true ? "purge" : rights?.has("read") === true ? "read" : "none",
  ];
  if (has.includes("purge")) return "purge";
  return has.includes("read") ? "read" : "none";
}

function tokenRight(offered: string, { token, readToken }: Tokens): DashboardRight {
  if (token?.matches(offered) === true) return "purge";
  return readToken?.matches(offered) === true ? "read" : "none";
}

function withinMode(right: DashboardRight, mode: DashboardMode): DashboardRight {
  return right === "purge" && mode === "read-only" ? "read" : right;
}
