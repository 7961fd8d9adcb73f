import { Failure } from "../process/failure.ts";
import { type Arrived, headOf, own, sharedOrOwn, validated } from "./arrived.ts";
import type { Filled } from "./filled.ts";
import { fieldsForFill, fieldsForOrigin } from "./origin/forwarded-request.ts";
import type { OriginRequest } from "./origin/origin.ts";
import type { EdgeParts } from "./parts.ts";
import { formatHttpDate } from "./rules/http-date.ts";
import { combined, completion, heldPart } from "./rules/partial.ts";
import type { CacheRequest } from "./rules/stored-head.ts";
import { conditionalFields, matches304 } from "./rules/validation.ts";
import type { FillMark } from "./store/fill-mark.ts";
import type { StoredResponse } from "./store/stored-response.ts";

/** What a fill asks the origin for. */
export type FillAim =
  /** The whole response; only if it has changed, when a stored one is to be validated. */
  | { readonly kind: "whole"; readonly validating: StoredResponse | undefined }
  /** What a stored part lacks. */
  | { readonly kind: "rest"; readonly of: StoredResponse }
  /** The range that the client asked for, which may be stored as a part. */
  | { readonly kind: "range" }
  /** What the client asked for, as it is, for this client. */
  | { readonly kind: "as-asked"; readonly body: AsyncIterable<Uint8Array> | undefined };

/**
 * Fetches once from the origin. The mark was taken before, so that a purge that lands meanwhile keeps the old
 * bytes out of the store (rule E3). Throws a Failure when the origin gives no response.
 */
export async function fill(
  request: CacheRequest,
  key: string,
  aim: FillAim,
  mark: FillMark | undefined,
  edge: EdgeParts,
): Promise<Filled> {
  const arrived = await fetchOnce(request, key, aim, mark, edge);
  switch (aim.kind) {
    case "whole":
      return ofWhole(arrived, aim.validating, edge);
    case "rest":
      return ofRest(arrived, aim.of, edge);
    case "range":
      return sharedOrOwn(arrived, edge, true);
    case "as-asked":
      return request.method === "POST" ? sharedOrOwn(arrived, edge, false) : own(arrived);
  }
}

async function fetchOnce(
  request: CacheRequest,
  key: string,
  aim: FillAim,
  mark: FillMark | undefined,
  edge: EdgeParts,
): Promise<Arrived> {
  const origin = edge.origins.get(request.site);
  if (origin === undefined) throw new Failure("unknown-site", "edge", `no origin for site ${request.site}`);
  const fetching = new AbortController();
  const requestTime = edge.clock.wall();
  edge.counters.add("fills");
  const response = await origin.fetch(originRequest(request, aim), fetching.signal);
  const responseTime = edge.clock.wall();
  // RFC 9110 section 6.6.1: a recipient with a clock adds the Date that the origin left out.
  const fields = response.fields.has("Date")
    ? response.fields
    : response.fields.plus("Date", formatHttpDate(responseTime));
  return {
    request,
    key,
    mark,
    requestTime,
    responseTime,
    status: response.status,
    fields,
    body: response.body,
    endsWithConnection: response.endsWithConnection ?? false,
    cancel: () => fetching.abort(),
  };
}

function originRequest(request: CacheRequest, aim: FillAim): OriginRequest {
  const { method, target, fields } = request;
  switch (aim.kind) {
    case "whole": {
      const validators = aim.validating === undefined ? [] : conditionalFields(aim.validating);
      return { method, target, fields: fieldsForFill(fields, validators) };
    }
    case "rest": {
      const missing = completion(aim.of);
      const asked: [string, string][] =
        missing === undefined
          ? []
          : [
              ["Range", missing.range],
              ["If-Range", missing.ifRange],
            ];
      return { method, target, fields: fieldsForFill(fields, asked) };
    }
    case "range":
      return { method, target, fields: fieldsForOrigin(fields).without(["Content-Length"]) };
    case "as-asked":
      return aim.body === undefined
        ? { method, target, fields: fieldsForOrigin(fields).without(["Content-Length"]) }
        : { method, target, fields: fieldsForOrigin(fields), body: aim.body };
  }
}

async function ofWhole(
  arrived: Arrived,
  validating: StoredResponse | undefined,
  edge: EdgeParts,
): Promise<Filled> {
  const { request, status } = arrived;
  if (status === 304) {
    if (validating === undefined) {
      const what = `the origin answered 304 to a request without preconditions: ${request.target}`;
      throw new Failure("http_protocol_error", "origin", what);
    }
    if (matches304(validating, arrived.fields)) return validated(arrived, validating, edge);
    // RFC 9111 section 4.3.4: it is about a response that we do not hold, so we ask for one to hold.
    return fill(request, arrived.key, { kind: "whole", validating: undefined }, arrived.mark, edge);
  }
  if (validating !== undefined) {
    // What is stored stays there: it may still be better than this error, or be validated later.
    if (status >= 500) return own(arrived, "origin-error");
    if (request.method === "HEAD" && status === 200) return headOf(arrived, validating, edge);
  }
  return sharedOrOwn(arrived, edge, false);
}

/** RFC 9111 section 3.3: a stored part is completed, if what came belongs to it. */
async function ofRest(arrived: Arrived, part: StoredResponse, edge: EdgeParts): Promise<Filled> {
  if (arrived.status !== 206) return sharedOrOwn(arrived, edge, false);
  const whole = combined(part, arrived);
  if (whole?.status === 200) {
    const { status, fields } = whole;
    return sharedOrOwn({ ...arrived, status, fields, body: together(part, arrived) }, edge, false);
  }
  arrived.cancel();
  return fill(arrived.request, arrived.key, { kind: "whole", validating: undefined }, arrived.mark, edge);
}

async function* together(part: StoredResponse, rest: Arrived): AsyncGenerator<Uint8Array> {
  const restFirst = heldPart(rest)?.first === 0;
  if (restFirst) yield* rest.body;
  yield* part.chunks;
  if (!restFirst) yield* rest.body;
}
