import type { Fields } from "../../http/message/fields.ts";
import type { OriginResponse } from "../origin/origin.ts";
import { searchVariance } from "../rules/no-vary-search.ts";
import { clientFields, storable, storedFields } from "../rules/storable.ts";
import type { CacheRequest } from "../rules/stored-head.ts";
import { tagsOf } from "../rules/tags.ts";
import { freshened, headUpdates } from "../rules/validation.ts";
import { selectingFields } from "../rules/vary.ts";
import type { FillMark, StoredResponse } from "../store/stored-response.ts";
import { keep } from "./admit.ts";
import { NO_CONTENT } from "./content.ts";
import type { CacheContext } from "./context.ts";
import type { Filled, Own } from "./filled.ts";
import { SharedBody } from "./shared-body.ts";

/** A response of the origin whose fields have just come in, with all that decides what becomes of it. */
export interface Arrived {
  readonly request: CacheRequest;
  readonly key: string;
  readonly mark: FillMark | undefined;
  readonly requestTime: number;
  readonly responseTime: number;
  readonly status: number;
  readonly fields: Fields;
  readonly body: OriginResponse["body"];
  readonly endsWithConnection: boolean;
  /** Gives up the rest of the body. */
  cancel(): void;
}

/** For the request that asked, as it came. `detail` says why it is not kept, where there is something to say. */
export function own(arrived: Arrived, detail?: string): Own {
  const { request, status, body, cancel } = arrived;
  // RFC 9110 section 6.4.1: these have no content whatever their fields say.
  const empty = request.method === "HEAD" || status === 204 || status === 304;
  return {
    kind: "own",
    status,
    fields: clientFields(arrived.fields),
    content: empty
      ? NO_CONTENT
      : { kind: "stream", length: lengthOf(arrived.fields), read: (from) => skip(body, from), cancel },
    detail,
  };
}

/** For all who wait, if the rules let it be stored; else for the request that asked. */
export function sharedOrOwn(arrived: Arrived, edge: CacheContext, keepsParts: boolean): Filled {
  const { request, fields, status, mark } = arrived;
  const { method } = request;
  if (method !== "GET" && method !== "POST") return own(arrived);
  const verdict = storable(request, arrived, { keepsParts });
  if (verdict.kind === "do-not-store") return own(arrived, verdict.reason);
  const selecting = selectingFields(fields, request);
  if (selecting === "never") return own(arrived, "vary");
  const tags = tagsOf(fields);
  if (tags.kind === "refused") return own(arrived, "tags-refused");
  if (mark === undefined) return own(arrived, "purge-log-unknown");
  // What only ends with its connection may have been cut short.
  if (arrived.endsWithConnection) return own(arrived, "length-unknown");
  const length = lengthOf(fields);
  const response: StoredResponse = {
    key: arrived.key,
    site: request.site,
    target: request.target,
    method,
    authorized: request.fields.has("Authorization"),
    status,
    fields: storedFields({ status, fields }),
    requestTime: arrived.requestTime,
    responseTime: arrived.responseTime,
    selecting,
    chunks: [],
    bodyLength: 0,
    tags: tags.tags,
    variance: searchVariance(fields),
    mark,
    softPurgedAt: undefined,
  };
  const body = new SharedBody(arrived.body, edge.fillBudget, edge.keepLimit, edge.clock, length);
  const starter = body.join();
  body.end.then((end) => {
    if (end.kind === "complete") {
      keep({ ...response, chunks: end.chunks, bodyLength: end.length }, request, edge);
    }
  });
  return { kind: "shared", response, ownFields: clientFields(fields), body, starter, length };
}

/** RFC 9111 section 4.3.4: the 304 freshens the stored response that was validated. */
export function validated(arrived: Arrived, old: StoredResponse, edge: CacheContext): Filled {
  const updated = freshenedBy(arrived, old, edge);
  if (updated === undefined) edge.store.remove(old);
  else keep(updated, arrived.request, edge);
  const response = updated ?? { ...old, fields: freshened(old, arrived.fields) };
  return { kind: "validated", response, kept: updated !== undefined };
}

/** RFC 9111 section 4.3.5: a HEAD response tells whether the stored GET response is still current. */
export function headOf(arrived: Arrived, old: StoredResponse, edge: CacheContext): Own {
  if (headUpdates(old, arrived.fields) === "invalidate") edge.store.remove(old);
  else {
    const updated = freshenedBy({ ...arrived, request: { ...arrived.request, method: "GET" } }, old, edge);
    if (updated !== undefined) keep(updated, arrived.request, edge);
  }
  return own(arrived);
}

/** What is to be stored in place of `old`; undefined when what came forbids that. */
function freshenedBy(arrived: Arrived, old: StoredResponse, edge: CacheContext): StoredResponse | undefined {
  const { request, requestTime, responseTime, mark } = arrived;
  // Rule E3, for what it was when the origin was asked: its tags may change with its fields.
  if (mark !== undefined && edge.purges.overtaken(mark, old)) return undefined;
  const fields = freshened(old, arrived.fields);
  if (mark === undefined || storable(request, { ...old, fields }, { keepsParts: true }).kind !== "store") {
    return undefined;
  }
  // RFC 9111 section 3.2: Vary may be among what was updated, and it selects from now on.
  const selecting = selectingFields(fields, request);
  const tags = tagsOf(fields);
  if (selecting === "never" || tags.kind === "refused") return undefined;
  const variance = searchVariance(fields);
  const updated = { fields, requestTime, responseTime, mark, selecting, tags: tags.tags, variance };
  return { ...old, ...updated, softPurgedAt: undefined };
}

async function* skip(body: AsyncIterable<Uint8Array>, from: number): AsyncGenerator<Uint8Array> {
  let left = from;
  for await (const chunk of body) {
    if (chunk.byteLength > left) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.byteLength);
  }
}

function lengthOf(fields: Fields): number | undefined {
  const text = fields.get("Content-Length");
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
