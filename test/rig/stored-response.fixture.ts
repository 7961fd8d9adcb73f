import type { CacheRequest, TimedHead } from "../../edge/rules/exchange.ts";
import type { Moment } from "../../edge/rules/moment.ts";
import { type ParsedHead, parsedHead } from "../../edge/rules/stored-head.ts";
import type { StoredResponse } from "../../edge/store/stored-response.ts";
import { Fields } from "../../http/message/fields.ts";

const START: Moment = { wall: 0, monotonic: 0 };

type Given = Partial<TimedHead & Omit<StoredResponse, keyof ParsedHead>>;

/** A stored 200 for the target on the site `default`, without fields, body and tags where nothing else is given. */
export function storedResponse(target: string, given: Given = {}): StoredResponse {
  const { status = 200, fields = Fields.none, requestTime = START, responseTime = START, ...more } = given;
  const site = more.site ?? "default";
  return {
    ...parsedHead({ status, fields, requestTime, responseTime }),
    key: `${site} ${target}`,
    site,
    target,
    method: "GET",
    authorized: false,
    selecting: new Map(),
    chunks: [],
    bodyLength: 0,
    sent: "rewritten",
    tags: [],
    variance: undefined,
    mark: { position: { epoch: 1, seq: 0 }, flushes: 0, invalidations: 0 },
    ...more,
  };
}

/** A GET for the target on the site `default`. */
export function requestFor(target: string, fields: Record<string, string> = {}): CacheRequest {
  return { method: "GET", target, site: "default", fields: Fields.of(Object.entries(fields)) };
}
