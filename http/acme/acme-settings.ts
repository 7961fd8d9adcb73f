import { createHash } from "node:crypto";
import { isIP } from "node:net";
import { join } from "node:path";
import { setting } from "../../process/settings/program.ts";
import { choice, flag, isHost, listOf, text, type ValueType } from "../../process/settings/values.ts";

/** How this program proves to the CA that it answers for a host: RFC 8555 section 8.3, RFC 8737. */
export type ChallengeType = "http-01" | "tls-alpn-01";

const directoryUrl: ValueType<string> = {
  ...text("an https:// URL without credentials, query or fragment", /^https:\/\/[^\s\\?#@]+$/i),
  name: "url",
  parse: (value) =>
    /^https:\/\/[^\s\\?#@]{1,2000}$/i.test(value) && URL.canParse(value) ? new URL(value).href : undefined,
};

const email: ValueType<string> = {
  ...text("one e-mail address", /^[^\s@,<>?&]+@[^\s@,<>?&]+$/),
  name: "address",
};

const path = { ...text("a path without a comma", /^[^,]+$/), name: "path" };

// The name of a file has 255 bytes on most disks, and its ending some.
const LONGEST_HOST = 240;

// RFC 8555 section 8.3: no challenge of this program proves a wildcard name, which takes DNS-01.
const provableHost: ValueType<string> = {
  name: "host",
  rule: `a host name of at most ${LONGEST_HOST} characters without a wildcard, and no IP address`,
  parse: (value) =>
    value.length <= LONGEST_HOST && isHost(value) && isIP(value) === 0 ? value.toLowerCase() : undefined,
  format: (value) => value,
};

/** The settings of both programs for certificates that they get by themselves. */
export const acmeSettings = {
  acmeDirectory: setting({
    type: directoryUrl,
    help: "The ACME directory (RFC 8555) of the CA that issues the certificates of the TLS port, such as https://acme-v02.api.letsencrypt.org/directory. Default: none; certificates come from --tls-cert alone.",
  }),
  acmeAcceptTerms: setting({
    type: flag,
    default: false,
    help: "You accept the terms of service of this CA. Without it no account is made there.",
  }),
  acmeEmail: setting({
    type: email,
    help: "Where the CA may write to you about your certificates. Default: it gets no address.",
  }),
  acmeStorage: setting({
    type: path,
    help: "Directory for the account, the certificates and their keys. It is made when it is not there. Edges and routers that share it share their certificates, and only one of them asks at a time.",
  }),
  acmeCa: setting({
    type: path,
    help: "PEM file with the CA certificates that the server of --acme-directory is checked by, for a private CA. Default: those of Node.",
  }),
  acmeChallenge: setting({
    type: choice<ChallengeType>("http-01", "tls-alpn-01"),
    default: "http-01",
    help: "How the CA checks that a host is yours: by a request to port 80, which must lead to --port (http-01), or by a handshake with port 443, which must lead to --tls-port (tls-alpn-01).",
  }),
  acmeHosts: setting({
    type: listOf(provableHost),
    default: [],
    help: "The hosts that get certificates, one each. Default: on an edge the hosts of its sites. A router knows no sites, so it needs this.",
  }),
} as const;

/** The values of the settings above. */
export interface AcmeValues {
  readonly acmeDirectory: string | undefined;
  readonly acmeAcceptTerms: boolean;
  readonly acmeEmail: string | undefined;
  readonly acmeStorage: string | undefined;
  readonly acmeCa: string | undefined;
  readonly acmeChallenge: ChallengeType;
  readonly acmeHosts: readonly string[];
}

/** Certificates come from files alone. */
export const NO_ACME: AcmeValues = {
  acmeDirectory: undefined,
  acmeAcceptTerms: false,
  acmeEmail: undefined,
  acmeStorage: undefined,
  acmeCa: undefined,
  acmeChallenge: acmeSettings.acmeChallenge.default,
  acmeHosts: [],
};

/** Of a program's settings. */
export function acmeValuesOf(values: AcmeValues): AcmeValues {
  const { acmeDirectory, acmeAcceptTerms, acmeEmail, acmeStorage, acmeCa, acmeChallenge, acmeHosts } = values;
  return { acmeDirectory, acmeAcceptTerms, acmeEmail, acmeStorage, acmeCa, acmeChallenge, acmeHosts };
}

/** What a program needs to get certificates. */
export interface AcmeConfig {
  readonly directory: string;
  readonly email: string | undefined;
  /** The folder of this CA in the storage. */
  readonly folder: string;
  readonly ca: string | undefined;
  readonly challenge: ChallengeType;
  /** In lower case; each gets a certificate of its own. */
  readonly hosts: readonly string[];
}

/** undefined: certificates come from files alone. */
export function acmeConfigOf(values: AcmeValues): AcmeConfig | undefined {
  const { acmeDirectory: directory, acmeStorage, acmeEmail, acmeCa, acmeChallenge, acmeHosts } = values;
  if (directory === undefined || acmeStorage === undefined) return undefined;
  return {
    directory,
    email: acmeEmail,
    folder: join(acmeStorage, folderName(directory)),
    ca: acmeCa,
    challenge: acmeChallenge,
    hosts: [...new Set(acmeHosts)],
  };
}

/** One for each CA, so that certificates of a staging server never serve in the place of real ones. */
function folderName(directory: string): string {
  const digest = createHash("sha256").update(directory).digest("hex").slice(0, 8);
  return `${new URL(directory).hostname.replace(/[^a-z0-9.-]/gi, "_")}-${digest}`;
}

/**
 * The hosts that get certificates: those that are named, else those of the sites. Addresses among these are left out: the
 * challenges prove names alone.
 */
export function hostsToProve(
  { acmeDirectory, acmeHosts }: AcmeValues,
  sites: readonly string[],
): readonly string[] {
  if (acmeDirectory === undefined || acmeHosts.length > 0) return acmeHosts;
  return sites.flatMap((host) => provableHost.parse(host) ?? []);
}

/** What the hosts of a program are. */
export interface HostsOfProgram {
  /** Of the configured sites. */
  readonly sites: readonly string[];
  /** Requests for any other host are answered too. */
  readonly answersAny: boolean;
}

/** What is wrong with them, one line each. */
export function acmeProblems(
  values: AcmeValues,
  tlsPort: number | undefined,
  hosts: HostsOfProgram,
): readonly string[] {
  const { acmeDirectory, acmeStorage, acmeAcceptTerms, acmeHosts } = values;
  if (acmeDirectory === undefined) {
    const useless = [
      ["--acme-accept-terms", acmeAcceptTerms],
      ["--acme-email", values.acmeEmail !== undefined],
      ["--acme-storage", acmeStorage !== undefined],
      ["--acme-ca", values.acmeCa !== undefined],
      ["--acme-challenge", values.acmeChallenge !== NO_ACME.acmeChallenge],
      ["--acme-hosts", acmeHosts.length > 0],
    ] as const;
    return useless
      .filter(([, given]) => given)
      .map(([name]) => `${name}: must be given together with --acme-directory; got no --acme-directory`);
  }
  const problems: string[] = [];
  const needs = (name: string, why: string) =>
    problems.push(`--acme-directory: must be given together with ${name}${why}; got no ${name}`);
  if (tlsPort === undefined) needs("--tls-port", "");
  if (acmeStorage === undefined) needs("--acme-storage", "");
  if (!acmeAcceptTerms) needs("--acme-accept-terms", ", which says that you accept the terms of its CA");
  const foreign = hosts.answersAny ? [] : acmeHosts.filter((host) => !hosts.sites.includes(host));
  for (const host of foreign) problems.push(`--acme-hosts: must be hosts of configured sites, got "${host}"`);
  if (hostsToProve(values, hosts.sites).length === 0)
    problems.push(
      "--acme-hosts: must name a host unless a configured site does: certificates are for exact names; got none",
    );
  return problems;
}
