import { constants } from "node:crypto";
import type { SecureContextOptions } from "node:tls";

/**
 * Mozilla's "intermediate" configuration, version 5.7: every client of the last ten years. Its two DHE ciphers are left
 * out, because each client that knows them knows ECDHE too, and theirs is the dearest handshake for a server.
 */
export const TLS_POLICY = {
  minVersion: "TLSv1.2",
  maxVersion: "TLSv1.3",
  ciphers: [
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
  ].join(":"),
  // All of them are good, so the client takes the one that its processor is fast at.
  honorCipherOrder: false,
  // The first one keeps recorded traffic secret from later quantum computers.
  ecdhCurve: "X25519MLKEM768:X25519:prime256v1:secp384r1",
  // RFC 9325 section 3.5: a renegotiation costs the server ten times what it costs the client. TLS 1.3 has none.
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
} as const satisfies SecureContextOptions;
