import type { Clock } from "../../process/clock.ts";
import type { Log } from "../../process/log.ts";
import { authoritiesOf } from "../rules/own-references.ts";
import type { SiteRules } from "../rules/site-rules.ts";
import { DirectoryOrigin } from "./directory.ts";
import { FailoverOrigin } from "./failover.ts";
import { CLIENT_HOST, type HostPolicy } from "./host-policy.ts";
import { NamedOrigins } from "./named-origins.ts";
import type { ReplaceableOrigin } from "./origin.ts";
import { OriginCertificates } from "./origin-certificates.ts";
import { type OriginProtocol, USUAL_ORIGIN_PROTOCOL } from "./origin-protocol.ts";
import { isUnusual, type OriginTls } from "./origin-tls.ts";
import { originUrls } from "./origin-urls.ts";
import { RelativeOrigin } from "./relative-origin.ts";
import { UpstreamOrigin } from "./upstream.ts";

export type OriginConfig =
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "http"; readonly url: URL }
  /** Two or more with the same content, the preferred one first. */
  | { readonly kind: "several"; readonly urls: readonly URL[] };

export interface OriginContext {
  /** Freshness that a directory gives its files, in milliseconds. */
  readonly ttlMs: number;
  /** The Host that HTTP origins are sent. */
  readonly host: HostPolicy;
  readonly certificates?: OriginCertificates | undefined;
  readonly protocol?: OriginProtocol | undefined;
  /** The edge's id, for the Via of requests to an HTTP origin. */
  readonly via: string;
  readonly clock: Clock;
  /** From 0 to 1, such as Math.random. */
  readonly random: () => number;
  readonly log: Log;
}

/** A site, as far as its origin is concerned. */
interface OriginSite {
  readonly name: string;
  readonly origin: OriginConfig;
  readonly host?: HostPolicy;
  readonly tls?: OriginTls;
  readonly protocol?: OriginProtocol;
  readonly rules?: Pick<SiteRules, "location">;
  /** Others, by the names that rules give them. */
  readonly origins?: Readonly<Record<string, OriginConfig>>;
}

/** Throws a Failure, as openOrigin does. */
export async function openSiteOrigin(
  { name, origin, origins = {}, host = CLIENT_HOST, tls, protocol, rules }: OriginSite,
  context: Omit<OriginContext, "host" | "certificates" | "protocol">,
): Promise<ReplaceableOrigin> {
  const log = context.log.child({ site: name });
  const { clock } = context;
  const certificates = tls && isUnusual(tls) ? new OriginCertificates(tls, name, { clock, log }) : undefined;
  const opened: ReplaceableOrigin[] = [];
  const open = async (config: OriginConfig): Promise<ReplaceableOrigin> => {
    const plain = await openOrigin(config, { ...context, host, log, certificates, protocol });
    opened.push(plain);
    return rules?.location === "map" ? new RelativeOrigin(plain, ownAuthorities(config, host)) : plain;
  };
  try {
    const usual = await open(origin);
    const named = new Map<string, ReplaceableOrigin>();
    for (const [each, config] of Object.entries(origins)) named.set(each, await open(config));
    return named.size === 0 ? usual : new NamedOrigins(usual, named);
  } catch (thrown) {
    for (const each of opened) await each.close();
    throw thrown;
  }
}

/** The addresses that an origin may take for its own: those in its URLs, and the Host that it is told. */
function ownAuthorities(config: OriginConfig, host: HostPolicy): ReadonlySet<string> {
  const told = host.kind === "fixed" ? [host.host.toLowerCase()] : [];
  return new Set([...originUrls(config).flatMap(authoritiesOf), ...told]);
}

/** Throws a Failure with the code "bad-config" when a directory can not be served; an HTTP origin may be down. */
export async function openOrigin(config: OriginConfig, context: OriginContext): Promise<ReplaceableOrigin> {
  const { ttlMs, host, via, clock, random, log, certificates, protocol = USUAL_ORIGIN_PROTOCOL } = context;
  const common = { host, certificates, protocol, via, clock };
  switch (config.kind) {
    case "directory":
      return DirectoryOrigin.open({ root: config.path, ttlMs, clock });
    case "http":
      return new UpstreamOrigin({ base: config.url, ...common });
    case "several": {
      const members = config.urls.map((base) => ({
        name: base.origin,
        origin: new UpstreamOrigin({ base, ...common }),
      }));
      return new FailoverOrigin({ members, clock, random, log });
    }
  }
}
