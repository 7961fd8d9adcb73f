import type { Request } from "express";
import { z } from "zod";
import type { PurgeTarget } from "../../../../proto/gen/edgecache/v1/edge.ts";
import { type CallResult, invalidArgument } from "../../call-result.ts";
import { namedUrl, type PurgeShape, tagTargets } from "./purge-shape.ts";

// The id of a service is the name of a site.
const SERVICE = /^\/service\/([^/?]+)\/(purge_all|purge)(?:\/([^/?]+))?$/;
const URL_CALL = /^\/purge\/(.+)$/;

/** The purge calls of Fastly's API: by key, by keys, all, and by URL; and PURGE of a URL. */
export const fastly: PurgeShape = {
  takes: ({ method, originalUrl }) =>
    method === "PURGE" || (method === "POST" && (SERVICE.test(originalUrl) || URL_CALL.test(originalUrl))),
  authorization: ({ headersDistinct }) =>
    headersDistinct["fastly-key"]?.map((token) => `Bearer ${token}`) ?? headersDistinct.authorization ?? [],
  read: (request) => {
    const targets = readTargets(request);
    if (!targets.ok) return targets;
    const soft = request.headers["fastly-soft-purge"] === "1";
    return { ok: true, value: { targets: targets.value, soft } };
  },
  answer: ({ outcome, purgeId }, status, request) => {
    const word = outcome === "applied" ? "ok" : outcome;
    const keys = keysOf(request);
    if (keys.length > 0 && outcome === "applied")
      return { status, document: Object.fromEntries(keys.map((key) => [key, purgeId])) };
    return { status, document: { status: word, id: purgeId } };
  },
  refusal: ({ code, message }, status) => ({ status, document: { msg: code, detail: message } }),
};

function readTargets(request: Request): CallResult<readonly PurgeTarget[]> {
  if (request.method === "PURGE") {
    const { host, path } = namedUrl(request);
    return { ok: true, value: [{ target: { $case: "url", url: `https://${host}${path}` }, site: "" }] };
  }
  const [, url] = URL_CALL.exec(request.originalUrl) ?? [];
  if (url !== undefined) {
    // Fastly leaves out the scheme.
    const whole = /^https?:\/\//i.test(url) ? url : `https://${url}`;
    return { ok: true, value: [{ target: { $case: "url", url: whole }, site: "" }] };
  }
  const [, site = "", verb, key] = SERVICE.exec(request.originalUrl) ?? [];
  if (verb === "purge_all")
    return { ok: true, value: [{ target: { $case: "everything", everything: true }, site }] };
  const keys = key === undefined ? keysOf(request) : [unescaped(key)];
  return keys.length === 0
    ? invalidArgument("Surrogate-Key", "must name keys, or surrogate_keys of the body must", "nothing")
    : { ok: true, value: tagTargets(keys, site) };
}

const batch = z.object({ surrogate_keys: z.array(z.string()) });

/** Of a call for several keys. */
function keysOf({ headers, body, originalUrl }: Request): readonly string[] {
  const [, , verb, key] = SERVICE.exec(originalUrl) ?? [];
  if (verb !== "purge" || key !== undefined) return [];
  const listed = batch.safeParse(body);
  if (listed.success) return listed.data.surrogate_keys;
  return String(headers["surrogate-key"] ?? "")
    .split(/\s+/)
    .filter((each) => each !== "");
}

/** Tags are ASCII. What else is encoded stays so. */
function unescaped(key: string): string {
  return key.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
