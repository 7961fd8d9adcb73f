/** Which check of a TLS connection to an origin failed; beside the word of RFC 9209, which says only that one did. */
export const tlsChecks = [
  "origin-certificate-expired",
  "origin-certificate-not-yet-valid",
  /** It is for another name than the one that was asked for. */
  "origin-certificate-other-name",
  /** No CA that this edge believes vouches for it. */
  "origin-certificate-untrusted",
  /** The origin speaks no version of TLS that is allowed. */
  "origin-tls-version",
  /** What it answers with is no TLS. */
  "origin-speaks-no-tls",
  /** The origin wants a certificate of the edge, and got none. */
  "origin-wants-certificate",
  /** The origin does not take the certificate of the edge. */
  "origin-refuses-certificate",
] as const;

export type TlsCheck = (typeof tlsChecks)[number];

// The words of OpenSSL (X509_V_ERR_*), of its alerts (RFC 8446 section 6.2), and of node.
const CHECKS: readonly (readonly [code: RegExp, check: TlsCheck])[] = [
  // What the origin says of our certificate comes first: its words are like those about the origin's.
  [/^ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED$/, "origin-wants-certificate"],
  [/^ERR_SSL_.*ALERT_.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/, "origin-refuses-certificate"],
  [/UNSUPPORTED_PROTOCOL|ALERT_PROTOCOL_VERSION|VERSION_TOO_LOW/, "origin-tls-version"],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/, "origin-speaks-no-tls"],
  [/^CERT_HAS_EXPIRED$/, "origin-certificate-expired"],
  [/^CERT_NOT_YET_VALID$/, "origin-certificate-not-yet-valid"],
  [/^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/, "origin-certificate-other-name"],
  [/CERT|^UNABLE_TO_/, "origin-certificate-untrusted"],
];

/** `code`: of an error of TLS. Undefined when it says no more than that the handshake failed. */
export function tlsCheckOf(code: string): TlsCheck | undefined {
  return CHECKS.find(([shape]) => shape.test(code))?.[1];
}
