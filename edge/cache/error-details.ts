import type { Refusal } from "../../http/message/refusal.ts";
import type { OriginErrorCode } from "../origin/origin-error.ts";
import type { TlsCheck } from "../origin/tls-check.ts";
import type { BrokenLimit } from "../rules/request-limits.ts";
import type { PlacesRefusal } from "./origin-places.ts";
import type { TunnelRefusal } from "./tunnels.ts";

// Each word stands in Cache-Status and in the logs. docs/caching.md repeats the sentence beside it.

type OwnError = PlacesRefusal | TunnelRefusal | Exclude<BrokenLimit, Refusal>;

/** Why the edge answers with an error of its own. */
export const edgeErrors = {
  loop: "The request has passed this edge before (`CDN-Loop`, `Via`).",
  "edgecache-after": "The position in `EdgeCache-After` is malformed.",
  "edgecache-after-ahead":
    "The edge has not reached the position in `EdgeCache-After`, and the client is neither in a trusted network nor has the token.",
  "body-too-large": "The content is larger than `body-limit` of the site.",
  signature:
    "The URL needs a valid token and has none. The log says why; for operators Cache-Status does too: `signature:expired`.",
  "only-if-cached": "The request says `only-if-cached`, and nothing usable is stored.",
  "memory-short":
    "The process takes nearly all of its memory, so that it asks the origin for nothing more. `Retry-After` says when to try again.",
  "origin-places":
    "The site has as many requests under way at its origin as `origin-places` allows. `Retry-After` says when to try again.",
  "client-places": "The client has its share of those places, `origin-places-per-client`.",
  "upgrade-not-allowed": "The site does not let the protocol in `Upgrade` pass: see `upgrades`.",
  "edge-tunnels": "The edge carries as many tunnels as it may. `Retry-After` says when to try again.",
  "site-tunnels": "The site has as many tunnels as it may.",
  "client-tunnels": "The client has its share of the tunnels of the site.",
  internal: "The edge failed; its log has the error id.",
  "unknown-host": "No site has this host.",
} as const satisfies Readonly<Record<OwnError, string>> & Readonly<Record<string, string>>;

/** Why there is no response from the origin, or not a whole one. */
export const originErrors: Readonly<Record<OriginErrorCode, string>> = {
  dns_error: "The name of the origin cannot be resolved.",
  destination_unavailable: "No origin is up.",
  destination_ip_unroutable: "There is no route to the origin.",
  connection_refused: "The origin refuses connections.",
  connection_terminated: "The origin closed the connection before it answered.",
  connection_timeout: "The connection to the origin was not made in time.",
  connection_limit_reached: "All connections to the origin are in use.",
  tls_protocol_error: "The TLS handshake with the origin failed.",
  tls_certificate_error: "The certificate of the origin is not accepted.",
  tls_alert_received: "The origin ended the TLS handshake with an alert.",
  http_response_incomplete: "The response of the origin broke off.",
  http_response_header_section_size: "The fields of the response are too large.",
  http_response_transfer_coding: "The response has a transfer coding other than `chunked`.",
  http_response_timeout: "The origin did not answer in time.",
  http_upgrade_failed: "The origin switched protocols unasked, or to another one than it was asked for.",
  http_protocol_error: "The response of the origin is malformed.",
  proxy_internal_error: "The origin could not be asked: the edge failed.",
  "origin-body-short": "The body of a file ended early.",
  "origin-body-changed": "A file changed while it was read.",
};

/** Which check of TLS failed. */
export const tlsErrors: Readonly<Record<TlsCheck, string>> = {
  "origin-certificate-expired": "The certificate of the origin has expired.",
  "origin-certificate-not-yet-valid":
    "The certificate of the origin is not valid yet; or the clock of the edge is wrong.",
  "origin-certificate-other-name":
    "The certificate of the origin is for another name than the one in its URL, or in `origin-server-name`.",
  "origin-certificate-untrusted":
    "No CA that the edge believes vouches for the certificate of the origin: see `origin-ca`.",
  "origin-tls-version": "The origin speaks no version of TLS that `origin-tls-min` allows.",
  "origin-speaks-no-tls":
    "The origin's URL begins with `https:`, and it answers with something other than TLS.",
  "origin-wants-certificate": "The origin wants a certificate of the edge: see `origin-cert`.",
  "origin-refuses-certificate": "The origin does not take the certificate in `origin-cert`.",
};

/** Why a request is refused before anything is asked. */
export const refusals: Readonly<Record<Refusal, string>> = {
  "http-version": "The version of HTTP is not 1.0 or 1.1.",
  "malformed-request-line": "The request line does not have its three parts.",
  "malformed-method": "The method is not a token.",
  "method-too-long": "The method is longer than any known one.",
  "method-not-allowed": "The method is not one of those in `Allow`.",
  "asterisk-form": "`OPTIONS *` is not served.",
  "target-too-long": "The target is longer than 8 KiB, or than `url-limit` of the site.",
  "target-form": "The target is neither a path nor an absolute URL.",
  "target-authority": "The authority in the target is malformed, or names a user.",
  "target-character": "The target has a character that must be encoded.",
  "target-fragment": "The target has a fragment.",
  "target-percent": "A percent sign is not followed by two hexadecimal digits.",
  "target-control": "The target has an encoded control character.",
  "too-many-fields": "There are too many fields.",
  "fields-too-large": "The fields are larger than 8 KiB together, or than `fields-limit` of the site.",
  "folded-field": "A field goes on in the next line.",
  "space-before-colon": "A blank stands between a field's name and its colon.",
  "bare-line-end": "A line ends with CR or LF alone.",
  "malformed-field": "A field line is malformed.",
  "no-host": "An HTTP/1.1 request has no `Host`.",
  "two-host-fields": "The request has two `Host` fields.",
  "malformed-host": "`Host` is malformed.",
  "host-mismatch": "The target and `Host` name different hosts.",
  "transfer-encoding-in-http-1.0": "An HTTP/1.0 request has `Transfer-Encoding`.",
  "unknown-transfer-coding": "The transfer coding is not `chunked`.",
  "not-chunked": "`chunked` is not the last transfer coding.",
  "length-and-transfer-encoding": "The request has `Content-Length` and `Transfer-Encoding`.",
  "two-content-lengths": "The request has two `Content-Length` values.",
  "malformed-content-length": "`Content-Length` is not a number.",
  expectation: "`Expect` asks for something other than `100-continue`.",
  "upgrade-with-body": "The request offers another protocol in `Upgrade`, and has a body.",
  "unknown-protocol": "No site lets the protocol in `:protocol` pass.",
  "client-requests": "The client has as many requests under way as `--client-requests` allows.",
  "request-too-slow": "The fields or the body did not arrive in time.",
  "malformed-body": "The chunks of the body are malformed.",
};
