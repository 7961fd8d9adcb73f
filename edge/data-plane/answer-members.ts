import type { Member } from "../../http/access-log/access-line.ts";
import type { CacheOutcome } from "../cache/outcome.ts";
import type { LoggedAnswer } from "./hit-notes.ts";
import type { EdgeField } from "./request-log-fields.ts";

/** What lines and spans say of an answer. The words are those of Cache-Status. */
export function answerMembers({
  outcome,
  form,
  tunnel,
  rules = [],
  originMs,
}: LoggedAnswer): readonly Member<EdgeField>[] {
  const { kind, detail } = outcome;
  return [
    ["outcome", kind],
    ["tier", tierOf(outcome)],
    ["fwd", "fwd" in outcome ? outcome.fwd : undefined],
    ["fwd_status", "fwdStatus" in outcome ? outcome.fwdStatus : undefined],
    ["ttl", "ttl" in outcome && outcome.ttl !== undefined ? Math.floor(outcome.ttl) : undefined],
    ["stored", "stored" in outcome ? outcome.stored : undefined],
    ["collapsed", kind === "miss" ? outcome.collapsed : undefined],
    ["detail", detail],
    ["rules", rules.length === 0 ? undefined : rules.join(", ")],
    ["coding", form],
    ["tunnel", tunnel],
    ["origin", originMs === undefined ? undefined : Math.round(originMs) / 1000],
  ];
}

/** Where the content came from; undefined: the edge, or a rule of the site, has made it. */
function tierOf(outcome: CacheOutcome): "memory" | "disk" | "origin" | undefined {
  switch (outcome.kind) {
    case "hit":
    case "stale":
    case "revalidated":
      return outcome.detail === "disk" ? "disk" : "memory";
    case "miss":
      return "origin";
    case "bypass":
      return outcome.fwdStatus === undefined ? undefined : "origin";
    case "error":
      return undefined;
  }
}
