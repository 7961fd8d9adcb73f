import { expect } from "chai";
import { Failure } from "../../process/failure.ts";
import { originErrorOf, statusFor } from "./origin-error.ts";

function thrown(code: string, message = "it broke"): Error {
  return Object.assign(new Error(message), { code });
}

describe("originErrorOf", () => {
  for (const [code, word] of [
    ["ECONNREFUSED", "connection_refused"],
    ["ETIMEDOUT", "connection_timeout"],
    ["EAI_AGAIN", "dns_error"],
    ["EHOSTUNREACH", "destination_ip_unroutable"],
    ["EMFILE", "destination_unavailable"],
    ["EPIPE", "connection_terminated"],
    ["EPROTO", "tls_protocol_error"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "tls_protocol_error"],
    ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "tls_alert_received"],
    ["ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", "tls_alert_received"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "tls_certificate_error"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "tls_certificate_error"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "tls_certificate_error"],
    ["ERR_INVALID_ARG_VALUE", "proxy_internal_error"],
  ] as const) {
    it(`calls ${code} ${word} and keeps the cause`, () => {
      const cause = thrown(code);
      const failure = originErrorOf(cause, "nothing", "GET /a");
      expect(failure).to.include({ code: word, source: "origin", cause });
      expect(failure.message).to.equal(`GET /a failed: ${word}: it broke`);
    });
  }

  it("tells a lost connection by how much had arrived", () => {
    expect(originErrorOf(thrown("ECONNRESET"), "nothing").code).to.equal("connection_terminated");
    expect(originErrorOf(thrown("ECONNRESET"), "some of the fields").code).to.equal(
      "http_response_incomplete",
    );
    expect(originErrorOf(thrown("ECONNRESET"), "the fields").code).to.equal("origin-body-short");
  });

  it("returns a Failure as it is", () => {
    const failure = new Failure("client-left", "client", "The client left.");
    expect(originErrorOf(failure)).to.equal(failure);
  });

  it("takes a caller's deadline for the origin's", () => {
    expect(originErrorOf(new DOMException("late", "TimeoutError")).code).to.equal("http_response_timeout");
  });

  it("knows what to do with what is no error at all", () => {
    expect(originErrorOf(undefined).code).to.equal("proxy_internal_error");
    expect(originErrorOf("no").message).to.contain("no");
  });
});

describe("statusFor", () => {
  for (const [code, status] of [
    ["connection_refused", 502],
    ["connection_timeout", 504],
    ["http_response_timeout", 504],
    ["destination_unavailable", 503],
    ["origin-body-short", 502],
    ["unheard-of", 502],
    ["constructor", 502],
  ] as const) {
    it(`answers ${code} with ${status}`, () => {
      expect(statusFor(code)).to.equal(status);
    });
  }
});
