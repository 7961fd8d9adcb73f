import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type MadeCertificate,
  makeAuthority,
  makeCertificate,
} from "../../process/control/certificate-maker.ts";

const DAY_MS = 24 * 3_600_000;

export interface PairFiles {
  readonly cert: string;
  readonly key: string;
}

/** Days from now; the first one is -1 unless it is given. */
export interface Validity {
  readonly from?: number;
  readonly days?: number;
}

/** A private CA and certificates of it, as files in a folder of their own. */
export class ControlCertificates {
  readonly path = mkdtempSync(join(tmpdir(), "edgecache-control-"));
  readonly #authority: MadeCertificate;

  private constructor(authority: MadeCertificate) {
    this.#authority = authority;
    writeFileSync(this.ca, authority.cert);
    writeFileSync(this.caKey, authority.key);
  }

  static async make(validity: Validity = {}): Promise<ControlCertificates> {
    return new ControlCertificates(await makeAuthority("A private CA", ...span({ days: 30, ...validity })));
  }

  get ca(): string {
    return join(this.path, "ca.cert.pem");
  }

  get caKey(): string {
    return join(this.path, "ca.key.pem");
  }

  /** Of a program that others reach on this machine. */
  async server(name: string, validity?: Validity): Promise<PairFiles> {
    return await this.#issue(name, [name, "localhost", "127.0.0.1"], true, validity);
  }

  /** Of a caller. */
  async client(name: string, validity?: Validity): Promise<PairFiles> {
    return await this.#issue(name, [name], false, validity);
  }

  files(name: string): PairFiles {
    return { cert: join(this.path, `${name}.cert.pem`), key: join(this.path, `${name}.key.pem`) };
  }

  file(name: string, text: string): string {
    const path = join(this.path, name);
    writeFileSync(path, text);
    return path;
  }

  /** The flags of a program or of the CLI. */
  flags({ cert, key }: PairFiles): readonly string[] {
    return ["--control-ca", this.ca, "--control-cert", cert, "--control-key", key];
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  async #issue(
    name: string,
    names: readonly string[],
    isServer: boolean,
    validity: Validity = {},
  ): Promise<PairFiles> {
    const [validFrom, validTo] = span(validity);
    const made = await makeCertificate(this.#authority, { names, isServer, validFrom, validTo });
    const files = this.files(name);
    writeFileSync(files.key, made.key, { mode: 0o600 });
    writeFileSync(files.cert, made.cert);
    return files;
  }
}

function span({ from = -1, days = 20 }: Validity): [from: Date, to: Date] {
  return [new Date(Date.now() + from * DAY_MS), new Date(Date.now() + days * DAY_MS)];
}
