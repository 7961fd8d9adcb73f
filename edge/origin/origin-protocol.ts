import { z } from "zod";
import { fileValue } from "../../process/settings/file-values.ts";
import { setting } from "../../process/settings/program.ts";
import { choice, show } from "../../process/settings/values.ts";
import { type LocatedSite, siteUrls } from "./origin-urls.ts";

/**
 * What is spoken with an HTTP origin. h2: HTTP/2, when an https:// origin agrees (RFC 7301), else HTTP/1.1. h2c: HTTP/2 with an
 * http:// origin, which is known to speak it (RFC 9113 section 3.3).
 */
export type OriginProtocol = "http/1.1" | "h2" | "h2c";

export const USUAL_ORIGIN_PROTOCOL: OriginProtocol = "http/1.1";

const protocol = choice("http/1.1", "h2", "h2c");

/** The flag, for the site of --origin. */
export const originProtocolSettings = {
  originProtocol: setting({
    type: protocol,
    default: USUAL_ORIGIN_PROTOCOL,
    help: "The version of HTTP for requests to the origin. h2: HTTP/2 with an https:// origin that agrees to it, else HTTP/1.1. h2c: HTTP/2 with an http:// origin, which must speak it. Tunnels (upgrades) always use HTTP/1.1.",
  }),
};

/** The same as a key of a site in the configuration file. */
export const originProtocolKeys = {
  "origin-protocol": fileValue(protocol).default(USUAL_ORIGIN_PROTOCOL),
};

const keys = z.object(originProtocolKeys);

/** Picks it from the values of the keys. */
export function originProtocolOf(values: z.infer<typeof keys>): OriginProtocol {
  return values["origin-protocol"];
}

/** Protocols that none of a site's origins could speak. */
export function originProtocolProblems(
  sites: readonly (LocatedSite & { readonly protocol?: OriginProtocol })[],
): readonly string[] {
  return sites.flatMap(({ protocol: spoken = USUAL_ORIGIN_PROTOCOL, ...site }) => {
    if (spoken === "http/1.1") return [];
    const urls = siteUrls(site);
    if (urls.some((url) => speaks(url, spoken))) return [];
    const scheme = spoken === "h2" ? "https" : "http";
    const got = urls.length === 0 ? "a directory" : urls.map(String).join(", ");
    return [
      `origin-protocol ${spoken} of site "${site.name}": must be for an ${scheme}:// origin, got ${show(got)}`,
    ];
  });
}

/** Whether HTTP/2 is asked of the origin with this URL. */
export function speaks({ protocol: scheme }: URL, spoken: OriginProtocol): boolean {
  return spoken !== "http/1.1" && (scheme === "https:") === (spoken === "h2");
}
