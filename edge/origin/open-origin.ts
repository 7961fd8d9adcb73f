import type { Clock } from "../../process/clock.ts";
import type { Log } from "../../process/log.ts";
import { DirectoryOrigin } from "./directory.ts";
import { FailoverOrigin } from "./failover.ts";
import { CLIENT_HOST, type HostPolicy } from "./host-policy.ts";
import type { Origin } from "./origin.ts";
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
  /** The edge's id, for the Via of requests to an HTTP origin. */
  readonly via: string;
  readonly clock: Clock;
  /** From 0 to 1, such as Math.random. */
  readonly random: () => number;
  readonly log: Log;
}

/** The origins of all sites, by site name. Throws the Failure of the first that cannot be opened; then none is open. */
export async function openOrigins(
  sites: readonly { readonly name: string; readonly origin: OriginConfig; readonly host?: HostPolicy }[],
  context: Omit<OriginContext, "host">,
): Promise<ReadonlyMap<string, Origin>> {
  const origins = new Map<string, Origin>();
  try {
    for (const { name, origin, host = CLIENT_HOST } of sites) {
      const log = context.log.child({ site: name });
      origins.set(name, await openOrigin(origin, { ...context, host, log }));
    }
  } catch (thrown) {
    for (const origin of origins.values()) await origin.close();
    throw thrown;
  }
  return origins;
}

/** Throws a Failure with the code "bad-config" when a directory can not be served; an HTTP origin may be down. */
export async function openOrigin(config: OriginConfig, context: OriginContext): Promise<Origin> {
  const { ttlMs, host, via, clock, random, log } = context;
  switch (config.kind) {
    case "directory":
      return DirectoryOrigin.open({ root: config.path, ttlMs, clock });
    case "http":
      return new UpstreamOrigin({ base: config.url, host, via, clock });
    case "several": {
      const members = config.urls.map((base) => ({
        name: base.origin,
        origin: new UpstreamOrigin({ base, host, via, clock }),
      }));
      return new FailoverOrigin({ members, clock, random, log });
    }
  }
}
