import { cacheKey } from "../rules/cache-key.ts";
import { requestDirectives } from "../rules/directives.ts";
import { forOrigin } from "../rules/negotiation.ts";
import type { PassedDetail } from "../rules/verdict-detail.ts";
import type { Served } from "./answer.ts";
import type { CacheContext } from "./context.ts";
import { errorAnswer, failureAnswer } from "./error-answer.ts";
import { fill } from "./fill.ts";
import type { FillRequest } from "./fill-request.ts";
import { headAndContent } from "./filled-content.ts";
import { timed } from "./origin-time.ts";
import { withTrailers } from "./representation.ts";

interface PassedRequest extends FillRequest {
  readonly body: AsyncIterable<Uint8Array> | undefined;
}

/** The request passes the cache by, because a rule of the site says so or its content does not fit. */
export async function passBy(
  request: PassedRequest,
  detail: PassedDetail,
  edge: CacheContext,
): Promise<Served> {
  // RFC 9111 section 5.2.1.7.
  if (requestDirectives(request.fields).onlyIfCached)
    return errorAnswer(504, { fwd: "bypass", detail: "only-if-cached" }, edge);
  return timed(passThrough(request, cacheKey(request), { why: "bypass", detail }, edge), edge);
}

/** The request goes to the origin unchanged, and the answer to the client unchanged. */
export async function passThrough(
  request: PassedRequest,
  key: string,
  { why, detail }: { readonly why: "bypass" | "method" | "request"; readonly detail: string },
  edge: CacheContext,
): Promise<Served> {
  // RFC 9110 section 9.3.1: content in a GET has no meaning, and could smuggle one into the cache.
  const body = request.method === "GET" || request.method === "HEAD" ? undefined : request.body;
  try {
    const asked = forOrigin(request, edge.store.peek(key));
    const plan = { request: asked, key, aim: { kind: "as-asked", body } } as const;
    const filled = await fill(plan, edge);
    const answered = headAndContent(request, filled, "starter", edge);
    return {
      ...withTrailers(answered, answered.content, filled),
      outcome: { kind: "bypass", fwd: why, fwdStatus: answered.status, detail },
    };
  } catch (thrown) {
    return failureAnswer(thrown, why, edge);
  }
}
