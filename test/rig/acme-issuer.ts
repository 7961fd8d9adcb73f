import { createPrivateKey, randomBytes, webcrypto } from "node:crypto";
import {
  AuthorityKeyIdentifierExtension,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { type MadeCertificate, makeAuthority } from "../../process/control/certificate-maker.ts";

const DAY_MS = 24 * 3_600_000;
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" } as const;

/** How long new certificates are valid, in days from now. */
export interface Life {
  readonly from: number;
  readonly to: number;
}

/** Signs certificates for the requests of an ACME server. */
export class AcmeIssuer {
  readonly #authority: MadeCertificate;
  readonly #key: webcrypto.CryptoKey;

  private constructor(authority: MadeCertificate, key: webcrypto.CryptoKey) {
    this.#authority = authority;
    this.#key = key;
  }

  static async make(): Promise<AcmeIssuer> {
    const now = Date.now();
    const authority = await makeAuthority(
      "ACME of a test",
      new Date(now - 900 * DAY_MS),
      new Date(now + 900 * DAY_MS),
    );
    const der = createPrivateKey(authority.key).export({ type: "pkcs8", format: "der" });
    const algorithm = { name: "ECDSA", namedCurve: "P-256" } as const;
    const key = await webcrypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
    return new AcmeIssuer(authority, key);
  }

  /** By which clients check the certificates. */
  get cert(): string {
    return this.#authority.cert;
  }

  /** `request`: PKCS #10 in base64url. Resolves with the chain. Rejects a request that is not for `host` alone. */
  async issue(host: string, request: string, life: Life): Promise<string> {
    const asked = new Pkcs10CertificateRequest(Buffer.from(request, "base64url"));
    const names = asked.extensions
      .filter((each) => each instanceof SubjectAlternativeNameExtension)
      .flatMap((each) => each.names.toJSON());
    if (JSON.stringify(names) !== JSON.stringify([{ type: "dns", value: host }]) || !(await asked.verify()))
      throw new Error(`the request must be for ${host}, got ${JSON.stringify(names)}`);
    const issuer = new X509Certificate(this.#authority.cert);
    const now = Date.now();
    const certificate = await X509CertificateGenerator.create({
      serialNumber: randomBytes(12).toString("hex"),
      subject: [{ CN: [host] }],
      issuer: issuer.subjectName,
      notBefore: new Date(now + life.from * DAY_MS),
      notAfter: new Date(now + life.to * DAY_MS),
      signingAlgorithm: SIGNATURE,
      publicKey: asked.publicKey,
      signingKey: this.#key,
      extensions: [
        new SubjectAlternativeNameExtension([{ type: "dns", value: host }]),
        await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
        await SubjectKeyIdentifierExtension.create(asked.publicKey),
      ],
    });
    return `${certificate.toString("pem")}\n${this.#authority.cert}`;
  }
}
