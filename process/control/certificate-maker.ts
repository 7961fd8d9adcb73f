import { randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** A certificate and its private key, both PEM. */
export interface MadeCertificate {
  readonly cert: string;
  readonly key: string;
}

/** What a new certificate is for. */
export interface CertificateRequest {
  /** DNS names, URIs and addresses; the first one is its subject too. */
  readonly names: readonly string[];
  /** A program that others call; it may call others too. */
  readonly isServer: boolean;
  readonly validFrom: Date;
  readonly validTo: Date;
}

// RFC 8422 section 5.1.1: every TLS library knows this curve, and its signatures are the cheapest of those.
const KEYS = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" } as const;

/** The certificate of a private CA, which signs certificates and nothing else. */
export async function makeAuthority(name: string, validFrom: Date, validTo: Date): Promise<MadeCertificate> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ CN: [name] }],
    notBefore: validFrom,
    notAfter: validTo,
    signingAlgorithm: SIGNATURE,
    keys,
    extensions: [
      // RFC 5280 section 4.2.1.9: it signs certificates of programs, and of no other CA.
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: `${certificate.toString("pem")}\n`, key: await privatePem(keys.privateKey) };
}

/** Throws when `authority` is no certificate with its key. */
export async function makeCertificate(
  authority: MadeCertificate,
  { names, isServer, validFrom, validTo }: CertificateRequest,
): Promise<MadeCertificate> {
  const issuer = new X509Certificate(authority.cert);
  const keys = await newKeys();
  const usages = isServer
    ? [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]
    : [ExtendedKeyUsage.clientAuth];
  const certificate = await X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: [{ CN: [names[0] ?? ""] }],
    issuer: issuer.subjectName,
    notBefore: validFrom,
    notAfter: validTo,
    signingAlgorithm: SIGNATURE,
    publicKey: keys.publicKey,
    signingKey: await privateKeyOf(authority.key),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension(usages),
      // RFC 5280 section 4.2.1.6.
      new SubjectAlternativeNameExtension(names.map(generalName)),
      await AuthorityKeyIdentifierExtension.create(issuer),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: `${certificate.toString("pem")}\n`, key: await privatePem(keys.privateKey) };
}

function generalName(value: string): JsonGeneralName {
  if (isIP(value) !== 0) return { type: "ip", value };
  return { type: value.includes(":") ? "url" : "dns", value };
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(KEYS, true, ["sign", "verify"]);
}

async function privateKeyOf(pem: string): Promise<webcrypto.CryptoKey> {
  return await webcrypto.subtle.importKey("pkcs8", PemConverter.decodeFirst(pem), KEYS, false, ["sign"]);
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = await webcrypto.subtle.exportKey("pkcs8", key);
  return `${PemConverter.encode(bytes, PemConverter.PrivateKeyTag)}\n`;
}

/** RFC 5280 section 4.1.2.2: positive and at most 20 bytes; 16 random ones are never given twice. */
function newSerial(): string {
  return `00${randomBytes(16).toString("hex")}`;
}
