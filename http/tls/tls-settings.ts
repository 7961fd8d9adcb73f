import { isLoopback } from "../../process/address.ts";
import { runtimeWarning } from "../../process/runtime.ts";
import { setting } from "../../process/settings/program.ts";
import { choice, duration, flag, listOf, port, text } from "../../process/settings/values.ts";
import type { UnknownName } from "./certificates.ts";

const YEAR_MS = 365 * 24 * 3_600_000;

// A comma separates the paths of a list.
const path = { ...text("the path of a file, without a comma", /^[^,]+$/), name: "path" };

/** The settings of both programs for the ports of clients. */
export const tlsSettings = {
  tlsPort: setting({
    type: port,
    help: "TCP port for clients by HTTPS. 0 takes any free port. Default: none. Needs --tls-cert and --tls-key, or --acme-directory.",
  }),
  tlsCert: setting({
    type: listOf(path),
    default: [],
    help: "PEM files of certificates, each with its issuers behind it. The first one serves clients that name no host. May be given several times. Files that change are read again.",
  }),
  tlsKey: setting({
    type: listOf(path),
    default: [],
    help: "PEM files of the private keys, in the order of --tls-cert.",
  }),
  tlsUnknownName: setting({
    type: choice<UnknownName>("default", "refuse"),
    default: "default",
    help: "The answer to a client that names a host without a certificate. default: the first certificate. refuse: no connection.",
  }),
  tlsTicketKeys: setting({
    type: path,
    help: "File of 48 bytes with the key of session tickets, which all programs that share it renew every 12h. It is made when it is not there. Default: a key in memory, so that a restart ends all sessions.",
  }),
  tlsOnUnsafeNode: setting({
    type: flag,
    default: false,
    help: "Open a TLS port beyond loopback even on a Node release with known remote defects in TLS.",
  }),
  hsts: setting({
    type: duration(0, 3 * YEAR_MS),
    help: "Answers by HTTPS tell browsers to use HTTPS only, for this time (RFC 6797). 0 tells them to forget it. Default: nothing is said.",
  }),
  tellTls: setting({
    type: flag,
    default: false,
    help: "Answers by HTTPS tell the version of TLS in Server-Timing, for pages that show it.",
  }),
  redirectToHttps: setting({
    type: flag,
    default: false,
    help: "Requests by HTTP are answered 308, with the same URL by HTTPS. Requests that a trusted proxy took by HTTPS are served.",
  }),
  h2c: setting({
    type: flag,
    default: false,
    help: "Take HTTP/2 on the plain port too, from clients that begin with it (prior knowledge), such as a proxy that ends TLS.",
  }),
} as const;

/** The values of the settings above. */
export interface TlsValues {
  readonly tlsPort: number | undefined;
  readonly tlsCert: readonly string[];
  readonly tlsKey: readonly string[];
  readonly tlsUnknownName: UnknownName;
  readonly tlsTicketKeys: string | undefined;
  readonly tlsOnUnsafeNode: boolean;
  readonly hsts: number | undefined;
  readonly tellTls: boolean;
  readonly redirectToHttps: boolean;
  readonly h2c: boolean;
}

/** Of a program's settings. */
export function tlsValuesOf(values: TlsValues): TlsValues {
  const { tlsPort, tlsCert, tlsKey, tlsUnknownName, tlsTicketKeys, tlsOnUnsafeNode, hsts } = values;
  const { tellTls, redirectToHttps, h2c } = values;
  return {
    tlsPort,
    tlsCert,
    tlsKey,
    tlsUnknownName,
    tlsTicketKeys,
    tlsOnUnsafeNode,
    hsts,
    tellTls,
    redirectToHttps,
    h2c,
  };
}

/** No TLS port. */
export const NO_TLS: TlsValues = {
  tlsPort: undefined,
  tlsCert: [],
  tlsKey: [],
  tlsUnknownName: tlsSettings.tlsUnknownName.default,
  tlsTicketKeys: undefined,
  tlsOnUnsafeNode: false,
  hsts: undefined,
  tellTls: false,
  redirectToHttps: false,
  h2c: false,
};

/** What is wrong with them, one line each. `nodeVersion`: such as "26.13.1". */
export function tlsProblems(
  values: TlsValues & { readonly acmeDirectory?: string | undefined },
  host: string,
  nodeVersion: string,
): readonly string[] {
  const { tlsPort, tlsCert, tlsKey, hsts, redirectToHttps, tlsTicketKeys, tlsOnUnsafeNode } = values;
  const problems: string[] = [];
  if (tlsCert.length !== tlsKey.length) {
    const got = `${tlsCert.length} and ${tlsKey.length}`;
    problems.push(`--tls-cert, --tls-key: must be as many certificates as keys, got ${got}`);
  }
  if (tlsPort === undefined) {
    const useless = [
      ["--tls-cert", tlsCert.length > 0],
      ["--tls-ticket-keys", tlsTicketKeys !== undefined],
      ["--hsts", hsts !== undefined],
      ["--tell-tls", values.tellTls],
      ["--redirect-to-https", redirectToHttps],
    ] as const;
    for (const [name, given] of useless)
      if (given) problems.push(`${name}: must be given together with --tls-port; got no --tls-port`);
    return problems;
  }
  if (tlsCert.length === 0 && values.acmeDirectory === undefined)
    problems.push(
      "--tls-port: must be given together with --tls-cert and --tls-key, or with --acme-directory; got none of them",
    );
  const defects = isLoopback(host) || tlsOnUnsafeNode ? undefined : runtimeWarning(nodeVersion);
  if (defects !== undefined)
    problems.push(`--tls-port: must not be open to other machines. ${defects}, or --tls-on-unsafe-node`);
  return problems;
}
