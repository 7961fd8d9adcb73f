import { createHash } from "node:crypto";
import { get } from "node:http";
import { connect } from "node:tls";
import { SubjectAlternativeNameExtension, X509Certificate } from "@peculiar/x509";

/** Where the programs listen that must prove a host. */
export interface ProvingPorts {
  readonly http: number;
  readonly tls: number;
}

// RFC 8737 section 6.1.
const ACME_IDENTIFIER = "1.3.6.1.5.5.7.1.31";

/** RFC 8555 section 8.3: asks the plain port for the token. Rejects when the answer is no proof. */
export async function checkHttp(
  host: string,
  token: string,
  keyAuthorization: string,
  port: number,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const path = `/.well-known/acme-challenge/${token}`;
  get({ host: "127.0.0.1", port, path, headers: { Host: host }, agent: false }, (response) => {
    let text = "";
    response.setEncoding("latin1").on("data", (part: string) => {
      text += part;
    });
    response.on("end", () => resolve(`${response.statusCode} ${text}`));
  }).on("error", reject);
  const got = await promise;
  if (got !== `200 ${keyAuthorization}`) throw new Error(`got ${got.slice(0, 100)}`);
}

/** RFC 8737 section 3: asks the TLS port for a handshake. Rejects when what it shows is no proof. */
export async function checkAlpn(host: string, keyAuthorization: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<{ protocol: unknown; raw: Buffer }>();
  const socket = connect({
    port,
    host: "127.0.0.1",
    servername: host,
    ALPNProtocols: ["acme-tls/1"],
    rejectUnauthorized: false,
  });
  socket.on("error", reject).on("secureConnect", () => {
    resolve({ protocol: socket.alpnProtocol, raw: socket.getPeerCertificate().raw });
    socket.destroy();
  });
  const { protocol, raw } = await promise;
  if (protocol !== "acme-tls/1") throw new Error(`got the protocol ${protocol}`);
  const shown = new X509Certificate(raw);
  const names = shown.getExtension(SubjectAlternativeNameExtension)?.names.toJSON();
  if (JSON.stringify(names) !== JSON.stringify([{ type: "dns", value: host }]))
    throw new Error(`got a certificate for ${JSON.stringify(names)}`);
  const proof = shown.getExtension(ACME_IDENTIFIER);
  const digest = createHash("sha256").update(keyAuthorization).digest();
  // An OCTET STRING of 32 bytes.
  const wanted = Buffer.concat([Buffer.of(0x04, 0x20), digest]);
  if (proof?.critical !== true || !wanted.equals(Buffer.from(proof.value)))
    throw new Error("got a certificate without the proof");
}
