import type { ExplainRequest, PurgesRequest, TopRequest } from "../../../proto/gen/edgecache/v1/edge.ts";
import { type CallResult, invalidArgument } from "../call-result.ts";

// As `admin-cli purges` shows.
const DEFAULT_LISTED = 20;

export function purgesRequest(query: URLSearchParams): CallResult<PurgesRequest> {
  const limit = query.get("limit");
  if (limit === null) return { ok: true, value: { limit: DEFAULT_LISTED } };
  if (/^[1-9]\d{0,8}$/.test(limit)) return { ok: true, value: { limit: Number(limit) } };
  return invalidArgument("limit", "must be a whole number from 1 to 1000", limit);
}

export function topRequest(query: URLSearchParams): CallResult<TopRequest> {
  const limit = query.get("limit") ?? "20";
  if (/^[1-9]\d{0,2}$/.test(limit))
    return { ok: true, value: { by: query.get("by") ?? "", limit: Number(limit) } };
  return invalidArgument("limit", "must be a whole number from 1 to 100", limit);
}

// RFC 9110 section 5.1 (a name is a token). The edge checks both once more.
const FIELD_LINE = /^([^:\s]+):[ \t]*(.*?)[ \t]*$/;

export function explainRequest(query: URLSearchParams): CallResult<ExplainRequest> {
  const url = query.get("url");
  if (url === null) return invalidArgument("url", "must be given: explain?url=/path", "nothing");
  const fields: [string, string][] = [];
  for (const line of query.getAll("field")) {
    const [, name, value] = FIELD_LINE.exec(line) ?? [];
    if (name === undefined || value === undefined)
      return invalidArgument("field", 'must be "Name: value"', line);
    fields.push([name, value]);
  }
  return { ok: true, value: { url, fields: Object.fromEntries(fields) } };
}
