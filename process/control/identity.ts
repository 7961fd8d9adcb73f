import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { describeError } from "../failure.ts";
import { show } from "../settings/values.ts";
import { certificateNames } from "./certificate-names.ts";
import type { ControlFiles } from "./control-files.ts";

/** Files that fit each other, are valid now, and were read whole. */
export interface Identity {
  /** PEM, as is all that follows. */
  readonly ca: string;
  /** undefined: it has no certificate of its own. */
  readonly pair: { readonly cert: string; readonly key: string } | undefined;
  /** The names of its own certificate. */
  readonly names: readonly string[];
  /** When the first of the certificates ends; wall time in milliseconds. */
  readonly validTo: number;
}

export type IdentityRead =
  | { readonly kind: "identity"; readonly identity: Identity }
  /** `problem` names the flag, the rule, the file and the reason. */
  | { readonly kind: "unusable"; readonly problem: string };

const CONTROL_FLAGS = { ca: "--control-ca", cert: "--control-cert", key: "--control-key" } as const;

type Flag = (typeof CONTROL_FLAGS)[keyof typeof CONTROL_FLAGS];

class Unusable extends Error {
  constructor(flag: Flag, rule: string, got: string) {
    super(`${flag}: must be ${rule}, ${got}`);
  }
}

/** `now`: wall time. `readFile` throws when a file cannot be read. */
export function readIdentity(
  { ca, pair }: ControlFiles,
  now: number,
  readFile: (path: string) => string,
): IdentityRead {
  try {
    const read = (flag: Flag, path: string) => readText(flag, path, readFile);
    const caText = read(CONTROL_FLAGS.ca, ca);
    const authorities = certificatesIn(CONTROL_FLAGS.ca, ca, caText);
    for (const each of authorities) checkAuthority(each, ca, now);
    const ends = authorities.map(({ validToDate }) => validToDate.getTime());
    if (pair === undefined) {
      const identity = { ca: caText, pair, names: [], validTo: Math.min(...ends) };
      return { kind: "identity", identity };
    }
    const cert = read(CONTROL_FLAGS.cert, pair.cert);
    const key = read(CONTROL_FLAGS.key, pair.key);
    const chain = certificatesIn(CONTROL_FLAGS.cert, pair.cert, cert);
    const own = checkOwn(chain, privateKeyOf(pair.key, key), pair, now);
    checkIssued(chain, authorities, pair.cert, ca);
    const names = certificateNames(own.subjectAltName);
    // The certificate of a CA, which is read beside its key when it signs, needs none.
    if (names.length === 0 && !own.ca) {
      const got = `${show(pair.cert)} has no subject alternative name`;
      throw new Unusable(CONTROL_FLAGS.cert, "a certificate with a name", got);
    }
    const validTo = Math.min(own.validToDate.getTime(), ...ends);
    return { kind: "identity", identity: { ca: caText, pair: { cert, key }, names, validTo } };
  } catch (thrown) {
    if (thrown instanceof Unusable) return { kind: "unusable", problem: thrown.message };
    throw thrown;
  }
}

function readText(flag: Flag, path: string, readFile: (path: string) => string): string {
  try {
    return readFile(path);
  } catch (thrown) {
    throw new Unusable(flag, "a file that can be read", `got ${show(path)} (${describeError(thrown)})`);
  }
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** At least one. */
function certificatesIn(
  flag: Flag,
  path: string,
  pem: string,
): readonly [X509Certificate, ...X509Certificate[]] {
  try {
    const [own, ...others] = (pem.match(PEM_CERTIFICATE) ?? []).map((block) => new X509Certificate(block));
    if (own !== undefined) return [own, ...others];
  } catch (thrown) {
    const got = `${show(path)} has one that cannot be read (${describeError(thrown)})`;
    throw new Unusable(flag, "certificates in PEM form", got);
  }
  throw new Unusable(flag, "certificates in PEM form", `${show(path)} has none`);
}

function checkAuthority(authority: X509Certificate, path: string, now: number): void {
  if (!authority.ca) {
    const got = `${show(path)} has one of ${show(authority.subject ?? "nobody")} that is none`;
    throw new Unusable(CONTROL_FLAGS.ca, "certificates of a CA", got);
  }
  checkTime(CONTROL_FLAGS.ca, authority, path, now);
}

function checkTime(flag: Flag, certificate: X509Certificate, path: string, now: number): void {
  const { validFromDate, validToDate } = certificate;
  const today = `; the clock of this machine says ${new Date(now).toISOString()}`;
  if (now > validToDate.getTime()) {
    const got = `${show(path)} expired at ${validToDate.toISOString()}${today}`;
    throw new Unusable(flag, "valid now", got);
  }
  if (now < validFromDate.getTime()) {
    const got = `${show(path)} is not valid before ${validFromDate.toISOString()}${today}`;
    throw new Unusable(flag, "valid now", got);
  }
}

function privateKeyOf(path: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // The library's message names no file, and may say something of the key.
    const rule = "a private key in PEM form without a passphrase";
    throw new Unusable(CONTROL_FLAGS.key, rule, `${show(path)} has none`);
  }
}

function checkOwn(
  chain: readonly [X509Certificate, ...X509Certificate[]],
  key: KeyObject,
  files: { readonly cert: string; readonly key: string },
  now: number,
): X509Certificate {
  const [own] = chain;
  if (!own.checkPrivateKey(key)) {
    const rule = `the key of the first certificate in ${show(files.cert)}`;
    throw new Unusable(CONTROL_FLAGS.key, rule, `${show(files.key)} has another one`);
  }
  checkTime(CONTROL_FLAGS.cert, own, files.cert, now);
  return own;
}

/** RFC 5280 section 6.1: each certificate was signed by the next one, the last one by the CA. */
function checkIssued(
  chain: readonly [X509Certificate, ...X509Certificate[]],
  authorities: readonly X509Certificate[],
  path: string,
  caPath: string,
): void {
  const isOf = (each: X509Certificate) => (issuer: X509Certificate) =>
    each.checkIssued(issuer) && each.verify(issuer.publicKey);
  let last = chain[0];
  for (const issuer of chain.slice(1)) {
    if (authorities.some(isOf(last))) return;
    if (isOf(last)(issuer)) last = issuer;
  }
  if (authorities.some(isOf(last))) return;
  const got = `${show(path)} is issued by ${show(last.issuer ?? "nobody")}`;
  throw new Unusable(CONTROL_FLAGS.cert, `issued by the CA in ${show(caPath)}`, got);
}
