import { X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import type { CertificateFiles } from "../http/tls/certificate.ts";

const DAY_MS = 24 * 3_600_000;
// Long enough that a browser need not be asked again every month, short enough that nobody comes to depend on it.
const LIFE_MS = 365 * DAY_MS;
// One that ends during the demonstration is made anew before.
const LEAST_LEFT_MS = 7 * DAY_MS;

/** The folder of the certificate, which only its user can read. */
export const LOCAL_FOLDER = join(homedir(), ".edgecache");

/**
 * A certificate for this machine alone, that no browser trusts until its user says so. It is kept, so that the user says so
 * once. `now`: wall time.
 */
export async function localCertificate(folder: string, now: number): Promise<CertificateFiles> {
  const files = { cert: join(folder, "localhost.cert.pem"), key: join(folder, "localhost.key.pem") };
  if (isUsable(files, now)) return files;
  const made = await generate([{ name: "commonName", value: "edgeCache on this machine" }], {
    keyType: "ec",
    algorithm: "sha256",
    // Clocks of other programs may be a little behind.
    notBeforeDate: new Date(now - DAY_MS),
    notAfterDate: new Date(now + LIFE_MS),
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
          { type: 7, ip: "::1" },
        ],
      },
    ],
  });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  write(files.key, made.private);
  write(files.cert, made.cert);
  return files;
}

function isUsable(files: CertificateFiles, now: number): boolean {
  try {
    const { validToDate } = new X509Certificate(readFileSync(files.cert));
    return readFileSync(files.key).length > 0 && validToDate.getTime() - now > LEAST_LEFT_MS;
  } catch {
    // It is not there, or damaged: another one is made.
    return false;
  }
}

/** At once for every reader. */
function write(path: string, text: string): void {
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, path);
}
