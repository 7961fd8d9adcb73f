import type { Case } from "./case.ts";
import { age } from "./cases/age.ts";
import { authorization } from "./cases/authorization.ts";
import { cacheControlFreshness } from "./cases/cache-control-freshness.ts";
import { cacheControlSyntax } from "./cases/cache-control-syntax.ts";
import { expires } from "./cases/expires.ts";
import { expiresSyntax } from "./cases/expires-syntax.ts";
import { heuristic } from "./cases/heuristic.ts";
import { ifModifiedSince } from "./cases/if-modified-since.ts";
import { ifNoneMatch } from "./cases/if-none-match.ts";
import { interim } from "./cases/interim.ts";
import { invalidation } from "./cases/invalidation.ts";
import { method } from "./cases/method.ts";
import { partial } from "./cases/partial.ts";
import { pragma } from "./cases/pragma.ts";
import { requestDirectives } from "./cases/request-directives.ts";
import { responseDirectives } from "./cases/response-directives.ts";
import { reuse } from "./cases/reuse.ts";
import { stale } from "./cases/stale.ts";
import { status } from "./cases/status.ts";
import { storedFields } from "./cases/stored-fields.ts";
import { surrogateControl } from "./cases/surrogate-control.ts";
import { targeted } from "./cases/targeted.ts";
import { update304 } from "./cases/update-304.ts";
import { updateHead } from "./cases/update-head.ts";
import { vary } from "./cases/vary.ts";
import { varySyntax } from "./cases/vary-syntax.ts";

/** What the cache is asked about, each with its cases. */
export const TOPICS: ReadonlyMap<string, readonly Case[]> = new Map([
  ["Cache-Control: freshness", cacheControlFreshness],
  ["Cache-Control: syntax", cacheControlSyntax],
  ["Cache-Control: responses", responseDirectives],
  ["Cache-Control: requests", requestDirectives],
  ["CDN-Cache-Control", targeted],
  ["Surrogate-Control", surrogateControl],
  ["Pragma", pragma],
  ["Age", age],
  ["Expires", expires],
  ["Expires: syntax", expiresSyntax],
  ["heuristic freshness", heuristic],
  ["stale responses", stale],
  ["status codes", status],
  ["methods", method],
  ["Authorization", authorization],
  ["reuse", reuse],
  ["Vary", vary],
  ["Vary: syntax", varySyntax],
  ["If-None-Match", ifNoneMatch],
  ["If-Modified-Since", ifModifiedSince],
  ["stored fields", storedFields],
  ["updates by 304", update304],
  ["updates by HEAD", updateHead],
  ["invalidation", invalidation],
  ["partial content", partial],
  ["interim responses", interim],
]);
