import type { Fields } from "../../http/message/fields.ts";
import { ttl } from "../rules/freshness.ts";
import { momentOf } from "../rules/moment.ts";
import { mostVariants } from "../store/variants-beside.ts";
import type { Served } from "./answer.ts";
import type { Fetched, Turn } from "./collapse.ts";
import type { CacheContext } from "./context.ts";
import { headAndContent } from "./filled-content.ts";
import { fieldsKnown, formOf, withDetail } from "./form.ts";
import type { CacheOutcome } from "./outcome.ts";
import { represent, withTrailers } from "./representation.ts";

/** What a client gets of a fetch. `ifStored`: what is told of it when it is stored. */
export function fetchedAnswer(
  { request, verdict }: Turn,
  { filled, collapsed }: Fetched,
  edge: CacheContext,
  ifStored?: "variants",
): Served {
  const fwd = verdict.why;
  const now = momentOf(edge.clock);
  switch (filled.kind) {
    case "validated": {
      const outcome: CacheOutcome = {
        kind: "revalidated",
        fwd: fwd === "request" ? "request" : "stale",
        fwdStatus: 304,
        ttl: ttl(filled.response, now),
        stored: filled.kept,
      };
      edge.store.used(filled.response);
      const { name, ...represented } = formOf(request, filled.response, edge);
      const cookies = collapsed ? [] : filled.cookies;
      const fields = withCookies(represented.fields, cookies);
      return { ...represented, fields, outcome: withDetail(outcome, name), stored: filled.response };
    }
    case "shared": {
      const { content, ...head } = headAndContent(request, filled, collapsed ? "joined" : "starter", edge);
      const left = ttl(filled.response, now);
      const fwdStatus = head.status;
      const outcome: CacheOutcome = filled.body.kept
        ? {
            kind: "miss",
            fwd,
            fwdStatus,
            ttl: left,
            stored: true,
            collapsed,
            detail: ifStored,
          }
        : { kind: "miss", fwd, fwdStatus, stored: false, collapsed, detail: "too-large" };
      const fields = fieldsKnown(request, head.fields, filled.response);
      return { ...withTrailers(represent(request, { ...head, fields }, content), content, filled), outcome };
    }
    case "for-one": {
      const { status: fwdStatus, content, detail } = filled;
      const outcome: CacheOutcome = { kind: "miss", fwd, fwdStatus, stored: false, collapsed, detail };
      return { ...withTrailers(represent(request, filled, content), content, filled), outcome };
    }
  }
}

/** The key has as many variants as it may: for the new one, the least used of them goes. */
export function crowded({ request, key, verdict }: Turn, { store }: CacheContext): "variants" | undefined {
  if (verdict.why !== "vary-miss") return undefined;
  return store.peek(key).length >= mostVariants(request) ? "variants" : undefined;
}

/** The cookies that a 304 sets, for the client whose request it answers. */
function withCookies(fields: Fields, cookies: readonly string[]): Fields {
  if (cookies.length === 0) return fields;
  return cookies.reduce((all, cookie) => all.plus("Set-Cookie", cookie), fields.without(["Set-Cookie"]));
}
