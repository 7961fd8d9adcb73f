import { cacheControl, controlOf, scopeOf } from "./directives.ts";
import { heuristicAllowed } from "./freshness.ts";
import { fieldOf, type Lines, linesOf } from "./message.ts";

/** A response with the request that it answers, as far as storing is concerned. */
export interface Storable {
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly fields: Lines;
  /** The client's fields. */
  readonly request: Lines;
}

/** RFC 9111 section 3: the rule that forbids a shared cache to store it, in words; undefined when none does. */
export function whyNotStored(response: Storable): string | undefined {
  const { method, status, fields, request } = response;
  const { directives, targeted } = controlOf(fields);
  const explicit =
    directives.has("s-maxage") ||
    directives.has("max-age") ||
    (!targeted && linesOf(fields, "Expires").length > 0);
  if (status < 200) return "an interim response";
  // RFC 9111 section 5.2.1.5.
  if (cacheControl(request).has("no-store")) return "no-store in the request";
  // RFC 9111 section 5.2.2.3: a status that is understood may be stored against no-store.
  if (directives.has("no-store") && !directives.has("must-understand")) return "no-store";
  if (scopeOf(directives, "private") === "all") return "private";
  // RFC 9111 section 3.5.
  const shared = ["must-revalidate", "public", "s-maxage"].some((name) => directives.has(name));
  if (linesOf(request, "Authorization").length > 0 && !shared) return "Authorization in the request";
  switch (method) {
    case "GET":
    case "HEAD":
      break;
    case "POST":
      // RFC 9110 section 9.3.3.
      if (!explicit || fieldOf(fields, "Content-Location") !== response.target)
        return "a POST without what it takes";
      break;
    default:
      return `the method ${method}`;
  }
  if (!explicit && !heuristicAllowed(status, fields)) return `status ${status} without explicit freshness`;
  return undefined;
}

/** RFC 9111 section 5.2.2.7: fields that may not be stored, lower case. */
export function privateFields(fields: Lines): readonly string[] {
  return namesIn(fields, "private");
}

/** RFC 9111 section 5.2.2.4: fields that may not be sent from the store without the origin's word, lower case. */
export function uncachedFields(fields: Lines): readonly string[] {
  return namesIn(fields, "no-cache");
}

function namesIn(fields: Lines, directive: "no-cache" | "private"): readonly string[] {
  const scope = scopeOf(controlOf(fields).directives, directive);
  return typeof scope === "string" ? [] : scope;
}
