import type { Request } from "express";
import { z } from "zod";
import type { PurgeTarget } from "../../../../proto/gen/edgecache/v1/edge.ts";
import { type CallResult, invalidArgument } from "../../call-result.ts";
import { type PurgeShape, type ShapedPurge, type SiteOf, tagTargets } from "./purge-shape.ts";

// The id of a zone is the name of a site.
const ZONE = /^\/client\/v4\/zones\/([^/?]+)\/purge_cache$/;

/** The code of what is refused; Cloudflare has many. */
const REFUSED = 1000;

/** POST /client/v4/zones/{zone}/purge_cache of Cloudflare's API. */
export const cloudflare: PurgeShape = {
  takes: ({ method, originalUrl }) => method === "POST" && ZONE.test(originalUrl),
  authorization: ({ headersDistinct }) => headersDistinct.authorization ?? [],
  read: readCloudflare,
  answer: ({ outcome, purgeId, edges, detail }, status) => {
    const waiting = edges.filter(({ state }) => state === "pending").map(({ edge }) => edge);
    const note = detail === "" ? `${outcome}: ${waiting.join(", ")}` : `${outcome}: ${detail}`;
    const failed = outcome !== "applied" && outcome !== "pending";
    return {
      status,
      document: {
        success: !failed,
        errors: failed ? [{ code: REFUSED, message: note }] : [],
        messages: outcome === "pending" ? [{ code: REFUSED, message: note }] : [],
        result: failed ? null : { id: purgeId },
      },
    };
  },
  refusal: ({ message }, status) => ({
    status,
    document: { success: false, errors: [{ code: REFUSED, message }], messages: [], result: null },
  }),
};

const RULE = "must be an object with files, tags, prefixes, hosts or purge_everything";

const body = z.strictObject({
  files: z.array(z.union([z.string(), z.object({ url: z.string() })])).optional(),
  tags: z.array(z.string()).optional(),
  prefixes: z.array(z.string()).optional(),
  hosts: z.array(z.string()).optional(),
  purge_everything: z.literal(true).optional(),
});

function readCloudflare(request: Request, siteOf: SiteOf): CallResult<ShapedPurge> {
  const [, site = ""] = ZONE.exec(request.originalUrl) ?? [];
  const read = body.safeParse(request.body);
  if (!read.success) return invalidArgument("body", RULE, JSON.stringify(request.body ?? null));
  const { files = [], tags = [], prefixes = [], hosts = [], purge_everything } = read.data;
  const targets: PurgeTarget[] = [];
  for (const file of files) {
    targets.push({ target: { $case: "url", url: typeof file === "string" ? file : file.url }, site });
  }
  targets.push(...tagTargets(tags, site));
  for (const [index, text] of prefixes.entries()) {
    const [, host = "", path = "/"] = /^(?:https?:\/\/)?([^/]+)(\/.*)?$/i.exec(text) ?? [];
    if (siteOf(host) !== site) return ofZone(`prefixes[${index}]`, site, text);
    targets.push({ target: { $case: "prefix", prefix: path }, site });
  }
  for (const [index, host] of hosts.entries()) {
    if (siteOf(host) !== site) return ofZone(`hosts[${index}]`, site, host);
  }
  if (purge_everything === true || hosts.length > 0) {
    // A response is stored for its site. So all hosts of the site go.
    targets.push({ target: { $case: "everything", everything: true }, site });
  }
  return targets.length === 0
    ? invalidArgument("body", RULE, JSON.stringify(request.body))
    : { ok: true, value: { targets } };
}

function ofZone(field: string, site: string, value: string): CallResult<never> {
  return invalidArgument(field, `must have a host of the site ${site}, which is the zone`, value);
}
