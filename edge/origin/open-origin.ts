import type { Clock } from "../../process/clock.ts";
import { DirectoryOrigin } from "./directory.ts";
import type { Origin } from "./origin.ts";
import { UpstreamOrigin } from "./upstream.ts";

export type OriginConfig =
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "http"; readonly url: URL };

export interface OriginContext {
  /** Freshness that a directory gives its files, in milliseconds. */
  readonly ttlMs: number;
  /** The edge's id, by which an HTTP origin knows who asks. */
  readonly via: string;
  readonly clock: Clock;
}

/** Throws a Failure with the code "bad-config" when a directory can not be served; an HTTP origin may be down. */
export async function openOrigin(
  config: OriginConfig,
  { ttlMs, via, clock }: OriginContext,
): Promise<Origin> {
  switch (config.kind) {
    case "directory":
      return DirectoryOrigin.open({ root: config.path, ttlMs, clock });
    case "http":
      return new UpstreamOrigin({ base: config.url, via, clock });
  }
}
