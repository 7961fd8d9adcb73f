import type { Request } from "express";
import { purgeDocument } from "../../../../proto/json/purge-document.ts";
import { type CallResult, invalidArgument } from "../../call-result.ts";
import {
  namedUrl,
  type PurgeShape,
  type ShapedPurge,
  type SiteOf,
  siteOfHost,
  tagTargets,
} from "./purge-shape.ts";

// Under these names the plug-ins of Drupal, Symfony, TYPO3 and Magento send tags, and xkey of Varnish takes them.
const TAG_FIELDS = ["cache-tags", "x-cache-tags", "purge-cache-tags", "xkey", "xkey-purge", "surrogate-key"];

/** PURGE as VCL answers it: a path with its Host, a path that ends with `.*`, or tags in a field. */
export const varnish: PurgeShape = {
  takes: ({ method }) => method === "PURGE",
  authorization: ({ headersDistinct }) => headersDistinct.authorization ?? [],
  read: readVarnish,
  answer: (purged, status) => ({ status, document: purgeDocument(purged) }),
  refusal: ({ message }, status) => ({ status, document: { status, detail: message } }),
};

function readVarnish(request: Request, siteOf: SiteOf): CallResult<ShapedPurge> {
  const { host, path } = namedUrl(request);
  const tags = TAG_FIELDS.flatMap((name) => request.headersDistinct[name] ?? []).flatMap(splitTags);
  const isRegex = /^regex$/i.test(String(request.headers["x-purge-method"] ?? ""));
  if (tags.length === 0 && !isRegex) {
    return {
      ok: true,
      value: { targets: [{ target: { $case: "url", url: `http://${host}${path}` }, site: "" }] },
    };
  }
  const site = siteOfHost(host, siteOf);
  if (!site.ok) return site;
  if (tags.length > 0) return { ok: true, value: { targets: tagTargets(tags, site.value) } };
  const prefix = /^\^?(\/[^()[\]{}|*+?^$\\]*?)\.\*\$?$/.exec(decoded(path))?.[1];
  if (prefix === undefined) {
    return invalidArgument("path", "must be a path that ends with .* and has no other pattern", path);
  }
  return { ok: true, value: { targets: [{ target: { $case: "prefix", prefix }, site: site.value }] } };
}

function splitTags(value: string): readonly string[] {
  return value.split(/[\s,|]+/).filter((tag) => tag !== "");
}

/** Some clients encode the star. */
function decoded(path: string): string {
  return path.replace(/%2a/gi, "*").replace(/%5e/gi, "^");
}
