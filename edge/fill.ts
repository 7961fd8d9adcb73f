import type { Fields } from "../http/fields.ts";
import { Failure } from "../process/failure.ts";
import { type Content, NO_CONTENT } from "./content.ts";
import type { Filled, Own } from "./filled.ts";
import { fieldsForFill, fieldsForOrigin } from "./origin/forwarded-request.ts";
import type { Origin, OriginRequest, OriginResponse } from "./origin/origin.ts";
import { SharedBody } from "./origin/shared-body.ts";
import type { EdgeParts } from "./parts.ts";
import { clientFields } from "./rules/client-fields.ts";
import { formatHttpDate } from "./rules/http-date.ts";
import { storable, storedFields } from "./rules/storable.ts";
import type { CacheRequest } from "./rules/stored-head.ts";
import { tagsOf } from "./rules/tags.ts";
import { conditionalFields, freshened, matches304 } from "./rules/validation.ts";
import { selectingFields } from "./rules/vary.ts";
import type { FillMark } from "./store/fill-mark.ts";
import type { StoredResponse } from "./store/stored-response.ts";

/** What a fill asks for: the whole response, perhaps only if `validating` no longer holds, or what this client asked. */
export type FillAim =
  | { readonly kind: "whole"; readonly validating: StoredResponse | undefined }
  | { readonly kind: "as-asked"; readonly body: AsyncIterable<Uint8Array> | undefined };

/**
 * Fetches once from the origin. The mark is taken before the request is written, so that a purge that
 * lands meanwhile keeps the old bytes out of the store (rule E3).
 * Throws a Failure when the origin gives no response.
 */
export async function fill(
  request: CacheRequest,
  key: string,
  aim: FillAim,
  mark: FillMark | undefined,
  edge: EdgeParts,
): Promise<Filled> {
  const origin = edge.origins.get(request.site);
  if (origin === undefined) throw new Failure("unknown-site", "edge", `no origin for site ${request.site}`);
  const fetching = new AbortController();
  const requestTime = edge.clock.wall();
  edge.counters.add("fills");
  const response = await fetchFrom(origin, request, aim, fetching.signal);
  const responseTime = edge.clock.wall();
  // RFC 9110 section 6.6.1: a recipient with a clock adds the Date that the origin left out.
  const fields = response.fields.has("Date")
    ? response.fields
    : response.fields.plus("Date", formatHttpDate(responseTime));
  const arrived: Arrived = { request, key, mark, requestTime, responseTime, status: response.status, fields };
  if (aim.kind === "whole" && response.status === 304) {
    if (aim.validating === undefined) throw unaskedNotModified(request);
    if (matches304(aim.validating, fields)) return validated(arrived, aim.validating, edge);
    // RFC 9111 section 4.3.4: it is about a response that we do not hold, so we ask for one to hold.
    return fill(request, key, { kind: "whole", validating: undefined }, mark, edge);
  }
  return wholeOrOwn(arrived, aim, response, () => fetching.abort(), edge);
}

interface Arrived {
  readonly request: CacheRequest;
  readonly key: string;
  readonly mark: FillMark | undefined;
  readonly requestTime: number;
  readonly responseTime: number;
  readonly status: number;
  readonly fields: Fields;
}

function fetchFrom(
  origin: Origin,
  request: CacheRequest,
  aim: FillAim,
  signal: AbortSignal,
): Promise<OriginResponse> {
  const { method, target } = request;
  if (aim.kind === "whole") {
    const validators = aim.validating === undefined ? [] : conditionalFields(aim.validating);
    return origin.fetch({ method, target, fields: fieldsForFill(request.fields, validators) }, signal);
  }
  const asked: OriginRequest =
    aim.body === undefined
      ? { method, target, fields: fieldsForOrigin(request.fields).without(["Content-Length"]) }
      : { method, target, fields: fieldsForOrigin(request.fields), body: aim.body };
  return origin.fetch(asked, signal);
}

function wholeOrOwn(
  arrived: Arrived,
  aim: FillAim,
  response: OriginResponse,
  cancel: () => void,
  edge: EdgeParts,
): Filled {
  const { request, fields, status } = arrived;
  const length = declaredLength(fields);
  const own = (detail?: string): Own => ({
    kind: "own",
    status,
    fields: clientFields(fields),
    content: contentOf(request.method, status, response, length, cancel),
    detail,
  });
  if (request.method !== "GET") return own();
  // What is stored stays there: it may still be better than this error, or be validated later.
  if (aim.kind === "whole" && aim.validating !== undefined && status >= 500) return own("origin-error");
  const verdict = storable(request, { status, fields });
  if (verdict.kind === "do-not-store") return own(verdict.reason);
  const selecting = selectingFields(fields, request);
  if (selecting === "never") return own("vary");
  const tags = tagsOf(fields);
  if (tags.kind === "refused") return own("tags-refused");
  if (arrived.mark === undefined) return own("purge-log-unknown");
  if (response.endsWithConnection === true) return own("length-unknown");
  if (length !== undefined && length > edge.keepLimit) return own("too-large");
  const stored: StoredResponse = {
    key: arrived.key,
    site: request.site,
    target: request.target,
    method: "GET",
    authorized: request.fields.has("Authorization"),
    status,
    fields: storedFields({ status, fields }),
    requestTime: arrived.requestTime,
    responseTime: arrived.responseTime,
    selecting,
    chunks: [],
    bodyLength: 0,
    tags: tags.tags,
    mark: arrived.mark,
    softPurged: false,
  };
  const body = new SharedBody(response.body, edge.fillBudget, edge.keepLimit);
  const starter = body.join();
  body.end.then((end) => {
    if (end.kind === "complete")
      store({ ...stored, chunks: end.chunks, bodyLength: end.length }, request, edge);
  });
  return { kind: "shared", response: stored, body, starter, length };
}

/** RFC 9111 section 4.3.4: the 304 freshens the stored response that was validated. */
function validated(arrived: Arrived, old: StoredResponse, edge: EdgeParts): Filled {
  const fields = freshened(old, arrived.fields);
  const { requestTime, responseTime, request } = arrived;
  const mark = arrived.mark ?? old.mark;
  const response: StoredResponse = { ...old, fields, requestTime, responseTime, mark, softPurged: false };
  const keep = arrived.mark !== undefined && storable(request, response).kind === "store";
  if (keep) store(response, request, edge);
  else edge.store.remove(old);
  return { kind: "validated", response };
}

function unaskedNotModified({ target }: CacheRequest): Failure {
  const what = `the origin answered 304 to a request without preconditions: ${target}`;
  return new Failure("http_protocol_error", "origin", what);
}

/** Rule E3: what a purge has overtaken meanwhile is not stored; those who waited for it still get it. */
function store(response: StoredResponse, request: CacheRequest, edge: EdgeParts): void {
  if (edge.follower.overtaken(response.mark, response)) edge.counters.add("fenced");
  else if (edge.store.put(response, request) !== "stored") edge.counters.add("notStored");
}

function contentOf(
  method: string,
  status: number,
  response: OriginResponse,
  length: number | undefined,
  cancel: () => void,
): Content {
  // RFC 9110 section 6.4.1: these have no content whatever their fields say.
  if (method === "HEAD" || status === 204 || status === 304) return NO_CONTENT;
  return { kind: "stream", length, read: (from) => skip(response.body, from), cancel };
}

async function* skip(body: AsyncIterable<Uint8Array>, from: number): AsyncGenerator<Uint8Array> {
  let left = from;
  for await (const chunk of body) {
    if (chunk.byteLength > left) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.byteLength);
  }
}

function declaredLength(fields: Fields): number | undefined {
  const text = fields.get("Content-Length");
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
