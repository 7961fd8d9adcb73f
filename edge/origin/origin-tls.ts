import { isIP } from "node:net";
import { z } from "zod";
import { fileValue } from "../../process/settings/file-values.ts";
import { setting } from "../../process/settings/program.ts";
import { choice, host, show, text } from "../../process/settings/values.ts";
import { type LocatedSite, siteUrls } from "./origin-urls.ts";

/** How an edge and an HTTPS origin prove to each other who they are. */
export interface OriginTls {
  /** File with the CAs that vouch for the origin; undefined: those of the system. */
  readonly ca: string | undefined;
  /** Files of the edge's own certificate; undefined: it shows none. */
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** The name that the origin's certificate must have; undefined: the one in its URL. */
  readonly serverName: string | undefined;
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
}

export const USUAL_ORIGIN_TLS: OriginTls = {
  ca: undefined,
  cert: undefined,
  key: undefined,
  serverName: undefined,
  minVersion: "TLSv1.2",
};

const file = { ...text("the path of a PEM file"), name: "path" };
// RFC 6066 section 3: an address is no server name.
const serverName = {
  ...host,
  rule: "a host name that is no address",
  parse: (value: string) => (isIP(value) === 0 ? host.parse(value) : undefined),
};
const version = choice("TLSv1.2", "TLSv1.3");

/** The flags, for the site of --origin. */
export const originTlsSettings = {
  originCa: setting({
    type: file,
    help: "File with the certificates of the CAs that vouch for an https:// origin, in the place of those of the system. It and the next two are read again when they change.",
  }),
  originCert: setting({
    type: file,
    help: "File with the certificate that an https:// origin is shown, then any intermediate ones.",
  }),
  originKey: setting({ type: file, help: "File with the private key of --origin-cert." }),
  originServerName: setting({
    type: serverName,
    help: "The name that an https:// origin is asked for (SNI) and that its certificate must have. Default: the one in its URL.",
  }),
  originTlsMin: setting({
    type: version,
    default: USUAL_ORIGIN_TLS.minVersion,
    help: "The lowest version of TLS that is spoken with an https:// origin.",
  }),
};

interface FlagValues {
  readonly originCa: string | undefined;
  readonly originCert: string | undefined;
  readonly originKey: string | undefined;
  readonly originServerName: string | undefined;
  readonly originTlsMin: OriginTls["minVersion"];
}

/** Picks them from the values of the flags. */
export function originTlsAmong(values: FlagValues): OriginTls {
  const { originCa: ca, originCert: cert, originKey: key, originServerName, originTlsMin } = values;
  return { ca, cert, key, serverName: originServerName, minVersion: originTlsMin };
}

/** The same as keys of a site in the configuration file. */
export const originTlsKeys = {
  "origin-ca": fileValue(file).optional(),
  "origin-cert": fileValue(file).optional(),
  "origin-key": fileValue(file).optional(),
  "origin-server-name": fileValue(serverName).optional(),
  "origin-tls-min": fileValue(version).default(USUAL_ORIGIN_TLS.minVersion),
};

const keys = z.object(originTlsKeys);

/** Picks them from the values of the keys. */
export function originTlsOf(values: z.infer<typeof keys>): OriginTls {
  return {
    ca: values["origin-ca"],
    cert: values["origin-cert"],
    key: values["origin-key"],
    serverName: values["origin-server-name"],
    minVersion: values["origin-tls-min"],
  };
}

/** What does not fit together in the settings of a site. Its files are read when its origin is opened. */
export function originTlsProblems(
  sites: readonly (LocatedSite & { readonly tls?: OriginTls })[],
): readonly string[] {
  return sites.flatMap(({ tls = USUAL_ORIGIN_TLS, ...site }) => {
    const { cert, key } = tls;
    const urls = siteUrls(site);
    const at = `of site "${site.name}"`;
    if ((cert === undefined) !== (key === undefined)) {
      const got = cert === undefined ? "origin-key" : "origin-cert";
      return [`origin-cert, origin-key ${at}: must be given together, got only ${got}`];
    }
    if (!isUnusual(tls) || urls.some(({ protocol }) => protocol === "https:")) return [];
    const got = urls.map(String).join(", ");
    return [
      `origin-ca, origin-cert, origin-server-name, origin-tls-min ${at}: must be for an https:// origin, got ${show(got === "" ? "a directory" : got)}`,
    ];
  });
}

/** Whether any of them was set. */
export function isUnusual({ ca, cert, serverName, minVersion }: OriginTls): boolean {
  const given = [ca, cert, serverName].some((each) => each !== undefined);
  return given || minVersion !== USUAL_ORIGIN_TLS.minVersion;
}
