import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import type { CertificateFiles } from "../../http/tls/certificate.ts";

export interface MadeCertificate {
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 24 * 3_600_000;

/** A self-signed certificate for these names. `days`: from yesterday on; negative: it has expired. */
export async function makeCertificate(names: readonly string[], days = 30): Promise<MadeCertificate> {
  const now = Date.now();
  const made = await generate([{ name: "commonName", value: names[0] ?? "nobody" }], {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: new Date(Math.min(now - DAY_MS, now + (days - 1) * DAY_MS)),
    notAfterDate: new Date(now + days * DAY_MS),
    extensions: [{ name: "subjectAltName", altNames: names.map((value) => ({ type: 2, value })) }],
  });
  return { cert: made.cert, key: made.private };
}

/** A folder of certificates, for tests. */
export class CertificateFolder {
  readonly path = mkdtempSync(join(tmpdir(), "edgecache-certificates-"));

  write(name: string, { cert, key }: MadeCertificate): CertificateFiles {
    const files = { cert: join(this.path, `${name}.cert.pem`), key: join(this.path, `${name}.key.pem`) };
    writeFileSync(files.cert, cert);
    writeFileSync(files.key, key);
    return files;
  }

  async make(name: string, names: readonly string[], days?: number): Promise<CertificateFiles> {
    return this.write(name, await makeCertificate(names, days));
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** The file was written so long ago. */
  age(path: string, ms: number): void {
    const then = new Date(Date.now() - ms);
    utimesSync(path, then, then);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
