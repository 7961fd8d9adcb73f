import { createPrivateKey, X509Certificate } from "node:crypto";
import { describeError } from "../../process/failure.ts";
import type { Finding } from "../../process/finding.ts";

/** The files of one certificate: its chain and its private key, both PEM. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** A certificate that fits its key. */
export interface Certificate {
  readonly files: CertificateFiles;
  /** The server's own certificate, then those of its issuers. PEM. */
  readonly cert: string;
  readonly key: string;
  /** The names that it is for, in lower case; some begin with "*.". Addresses are not among them. */
  readonly names: readonly string[];
  /** Wall time in milliseconds. */
  readonly validFrom: number;
  readonly validTo: number;
  /** Whether each certificate of the file was issued by the one behind it. */
  readonly ordered: boolean;
}

export type CertificateRead =
  | { readonly kind: "certificate"; readonly certificate: Certificate }
  | { readonly kind: "unusable"; readonly why: string };

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** `readFile` throws when a file cannot be read. */
export function readCertificate(
  files: CertificateFiles,
  readFile: (path: string) => string,
): CertificateRead {
  const unusable = (why: string): CertificateRead => ({ kind: "unusable", why });
  let [cert, key] = ["", ""];
  try {
    cert = readFile(files.cert);
    key = readFile(files.key);
  } catch (thrown) {
    return unusable(describeError(thrown));
  }
  try {
    const chain = (cert.match(PEM_CERTIFICATE) ?? []).map((block) => new X509Certificate(block));
    const [own] = chain;
    if (own === undefined) return unusable(`${files.cert} has no certificate in PEM form`);
    const privateKey = privateKeyOf(key);
    if (privateKey === undefined)
      return unusable(`${files.key} has no private key in PEM form without a passphrase`);
    if (!own.checkPrivateKey(privateKey)) {
      const other = chain.some((each) => each.checkPrivateKey(privateKey));
      return unusable(
        other
          ? `the server's own certificate must stand first in ${files.cert}; its issuers follow`
          : `the certificate in ${files.cert} does not match the key in ${files.key}`,
      );
    }
    const certificate = {
      files,
      cert,
      key,
      names: namesOf(own),
      validFrom: own.validFromDate.getTime(),
      validTo: own.validToDate.getTime(),
      ordered: chain.slice(1).every((issuer, index) => chain[index]?.checkIssued(issuer)),
    };
    return { kind: "certificate", certificate };
  } catch (thrown) {
    return unusable(`${files.cert} cannot be read as a certificate: ${describeError(thrown)}`);
  }
}

function privateKeyOf(pem: string) {
  try {
    return createPrivateKey(pem);
  } catch {
    // The caller says what is wrong: the library's message names no file.
    return undefined;
  }
}

/** RFC 9525 section 2: the DNS names of the subject alternative name, and never the common name. */
function namesOf({ subjectAltName = "" }: X509Certificate): readonly string[] {
  return Array.from(subjectAltName.matchAll(/(?:^|, )DNS:([^,"\s]+)/g), ([, name = ""]) =>
    name.toLowerCase(),
  );
}

const DAY_MS = 24 * 3_600_000;

// Enough to notice over a holiday.
const SOON_DAYS = 14;

/** What an operator should know of it. `hosts`: of the configured sites; empty: any. */
export function certificateFindings(
  certificate: Certificate,
  now: number,
  hosts: readonly string[],
): readonly Finding[] {
  const { files, names, validFrom, validTo, ordered } = certificate;
  const findings: Finding[] = [];
  const find = (severity: Finding["severity"], text: string) =>
    findings.push({ severity, about: files.cert, text });
  if (now > validTo) find("problem", `the certificate expired on ${day(validTo)}`);
  else if (endsSoon(certificate, now)) find("warning", `the certificate expires on ${day(validTo)}`);
  if (now < validFrom) find("problem", `the certificate is not valid before ${day(validFrom)}`);
  if (!ordered)
    find("warning", "each certificate must be followed by that of its issuer; some clients will refuse it");
  if (hosts.length > 0 && !hosts.some((host) => covers(names, host)))
    find("warning", `the certificate is for no configured site: it is for ${names.join(", ") || "no name"}`);
  return findings;
}

/** A certificate that lives for a few days is renewed later in its life. */
function endsSoon({ validFrom, validTo }: Certificate, now: number): boolean {
  return validTo - now < Math.min(SOON_DAYS * DAY_MS, (validTo - validFrom) / 4);
}

/** RFC 9525 section 6.3: a wildcard stands for one label, the first. */
export function covers(names: readonly string[], host: string): boolean {
  return names.includes(host) || names.includes(wildcardOf(host));
}

/** "*.b.example" for "a.b.example". */
export function wildcardOf(host: string): string {
  const dot = host.indexOf(".");
  return dot < 0 ? "" : `*${host.slice(dot)}`;
}

function day(wall: number): string {
  return new Date(wall).toISOString().slice(0, 10);
}
