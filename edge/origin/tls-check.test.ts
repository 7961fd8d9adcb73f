import { expect } from "chai";
import { type TlsCheck, tlsCheckOf, tlsChecks } from "./tls-check.ts";

describe("the check of TLS that an origin failed", () => {
  const rows: readonly (readonly [code: string, check: TlsCheck | undefined])[] = [
    ["CERT_HAS_EXPIRED", "origin-certificate-expired"],
    ["CERT_NOT_YET_VALID", "origin-certificate-not-yet-valid"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "origin-certificate-other-name"],
    ["HOSTNAME_MISMATCH", "origin-certificate-other-name"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "origin-certificate-untrusted"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "origin-certificate-untrusted"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "origin-certificate-untrusted"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "origin-certificate-untrusted"],
    ["ERR_SSL_UNSUPPORTED_PROTOCOL", "origin-tls-version"],
    ["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", "origin-tls-version"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "origin-speaks-no-tls"],
    ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "origin-wants-certificate"],
    ["ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", "origin-refuses-certificate"],
    ["ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED", "origin-refuses-certificate"],
    ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "origin-refuses-certificate"],
    ["ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", undefined],
    ["EPROTO", undefined],
  ];
  for (const [code, check] of rows)
    it(`is ${check ?? "not known"} for ${code}`, () => expect(tlsCheckOf(code)).to.equal(check));

  it("has a row for each word", () =>
    expect(new Set(rows.flatMap(([, check]) => check ?? []))).to.deep.equal(new Set(tlsChecks)));
});
