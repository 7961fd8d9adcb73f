import { listMembers } from "../../http/message/comma-list.ts";
import type { CacheRequest } from "./exchange.ts";
import type { Verdict } from "./judge.ts";
import type { StoredHead } from "./stored-head.ts";

/** Directives by which a client sends to the origin what the store could answer. */
const DEMANDS: ReadonlySet<string> = new Set(["max-age", "min-fresh", "no-cache", "no-store"]);

/** Whether the request goes to the origin only because its client wants that. */
export function isDemanded(verdict: Verdict<StoredHead>): boolean {
  switch (verdict.kind) {
    case "bypass":
      return verdict.why === "request" && verdict.detail !== "content";
    case "must-validate":
      return verdict.why === "request";
    default:
      return false;
  }
}

/**
 * The request without its demands. RFC 9111 section 5.2.1: directives of requests are advisory. RFC 9110 section 13.1.1
 * and 13.1.4: an intermediary may ignore If-Match and If-Unmodified-Since.
 */
export function withoutDemands<R extends CacheRequest>(request: R): R {
  const { fields } = request;
  const plain = fields.without(["Pragma", "If-Match", "If-Unmodified-Since"]);
  if (!fields.has("cache-control")) return { ...request, fields: plain };
  const kept = fields
    .all("cache-control")
    .flatMap(listMembers)
    .filter((member) => !DEMANDS.has(/^[^=\s]*/.exec(member)?.[0].toLowerCase() ?? ""));
  const rest =
    kept.length === 0 ? plain.without(["Cache-Control"]) : plain.with("Cache-Control", kept.join(", "));
  return { ...request, fields: rest };
}
