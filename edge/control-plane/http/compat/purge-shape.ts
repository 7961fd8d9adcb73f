import type { Request } from "express";
import type { PurgeRequest, PurgeResponse, PurgeTarget } from "../../../../proto/gen/edgecache/v1/edge.ts";
import { type CallFault, type CallResult, invalidArgument } from "../../call-result.ts";

/** Whose purge calls the operator port understands beside its own. */
export const purgeShapeNames = ["varnish", "fastly", "cloudflare"] as const;

export type PurgeShapeName = (typeof purgeShapeNames)[number];

/** What a call of another product's shape asks for. */
export interface ShapedPurge {
  readonly targets: readonly PurgeTarget[];
  readonly soft?: boolean;
}

/** The status and the JSON that a client of that product expects. */
export interface ShapedAnswer {
  readonly status: number;
  readonly document: unknown;
}

/** One product's purge calls. */
export interface PurgeShape {
  /** Whether the call is one of them; its content has not been read yet. */
  takes(request: Request): boolean;
  /** The credentials, as an Authorization field would have them. */
  authorization(request: Request): readonly string[];
  /** `siteOf`: the site that answers a Host. */
  read(request: Request, siteOf: SiteOf): CallResult<ShapedPurge>;
  answer(purged: PurgeResponse, status: number, request: Request): ShapedAnswer;
  refusal(fault: CallFault, status: number): ShapedAnswer;
}

export type SiteOf = (authority: string) => string | undefined;

// The editor of a page waits for it, and clients of these shapes give up after 5 s.
const WAIT_SECONDS = 3;

export function purgeRequest({ targets, soft = false }: ShapedPurge): PurgeRequest {
  return {
    purgeId: "",
    targets: [...targets],
    soft,
    dryRun: false,
    wait: { seconds: WAIT_SECONDS, nanos: 0 },
    rebound: undefined,
    pace: 0,
  };
}

/** The site of a Host; a fault when there is none. */
export function siteOfHost(host: string, siteOf: SiteOf): CallResult<string> {
  const site = siteOf(host);
  return site === undefined
    ? invalidArgument("Host", "must be a host of a configured site", host)
    : { ok: true, value: site };
}

export function tagTargets(tags: readonly string[], site: string): readonly PurgeTarget[] {
  return tags.map((tag) => ({ target: { $case: "tag", tag }, site }));
}

/** RFC 9112 section 3.2.2: the target may be a whole URL; then its host counts. */
export function namedUrl({ originalUrl, headers }: Request): {
  readonly host: string;
  readonly path: string;
} {
  const [, authority, path] = /^https?:\/\/([^/?]+)(.*)$/i.exec(originalUrl) ?? [];
  if (authority === undefined || path === undefined) return { host: headers.host ?? "", path: originalUrl };
  return { host: authority, path: path.startsWith("/") ? path : `/${path}` };
}
