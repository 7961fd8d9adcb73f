import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type MadeCertificate,
  makeAuthority,
  makeCertificate,
} from "../process/control/certificate-maker.ts";
import { readIdentity } from "../process/control/identity.ts";
import { describeError, Failure } from "../process/failure.ts";
import { readSmallFile } from "../process/settings/small-file.ts";

const DAY_MS = 24 * 3_600_000;
// Replacing a CA means that every machine gets a new file.
const AUTHORITY_DAYS = 3_650;
// Machines whose clock is some minutes behind take a new certificate at once.
const BACKDATED_MS = 3_600_000;

const AUTHORITY_NAME = "edgeCache control plane";

/** A folder with a private CA and the certificates that it has signed. */
export class AuthorityFolder {
  readonly path: string;
  /** The CA was made just now. */
  readonly isNew: boolean;
  readonly #authority: MadeCertificate;
  readonly #endsAt: number;
  readonly #now: number;

  private constructor(path: string, isNew: boolean, authority: MadeCertificate, endsAt: number, now: number) {
    this.path = path;
    this.isNew = isNew;
    this.#authority = authority;
    this.#endsAt = endsAt;
    this.#now = now;
  }

  /** Makes the CA unless it is there. Throws Failure("bad-authority" or "cannot-write"). */
  static async open(path: string, now: number): Promise<AuthorityFolder> {
    const cert = join(path, "ca.cert.pem");
    const key = join(path, "ca.key.pem");
    const isNew = !existsSync(cert) && !existsSync(key);
    if (isNew) {
      const from = new Date(now - BACKDATED_MS);
      const made = await makeAuthority(AUTHORITY_NAME, from, new Date(now + AUTHORITY_DAYS * DAY_MS));
      write(() => mkdirSync(path, { recursive: true, mode: 0o700 }));
      writePair(path, "ca", made);
    }
    // A CA's own certificate is signed by itself.
    const read = readIdentity({ ca: cert, pair: { cert, key } }, now, readSmallFile);
    if (read.kind === "unusable") {
      const rule = "must hold ca.cert.pem and ca.key.pem that fit each other, or neither";
      throw new Failure("bad-authority", "client", `${path}: ${rule}: ${read.problem}`);
    }
    const { ca, pair, validTo } = read.identity;
    return new AuthorityFolder(path, isNew, { cert: ca, key: pair?.key ?? "" }, validTo, now);
  }

  /** Writes both files of `name`; returns when the certificate ends. */
  async make(name: string, hosts: readonly string[], days: number): Promise<Date> {
    const validTo = new Date(Math.min(this.#now + days * DAY_MS, this.#endsAt));
    const made = await makeCertificate(this.#authority, {
      names: [...new Set([name, ...hosts])],
      isServer: hosts.length > 0,
      validFrom: new Date(this.#now - BACKDATED_MS),
      validTo,
    });
    writePair(this.path, name, made);
    return validTo;
  }
}

/** Each file changes at once, so no reader sees half of it. Programs wait until both have changed. */
function writePair(folder: string, name: string, { cert, key }: MadeCertificate): void {
  for (const [kind, text, mode] of [
    ["key", key, 0o600],
    ["cert", cert, 0o644],
  ] as const) {
    const path = join(folder, `${name}.${kind}.pem`);
    const draft = `${path}.new`;
    write(() => {
      writeFileSync(draft, text, { mode });
      renameSync(draft, path);
    });
  }
}

function write(act: () => void): void {
  try {
    act();
  } catch (thrown) {
    throw new Failure(
      "cannot-write",
      "client",
      `certs: a file cannot be written (${describeError(thrown)})`,
      thrown,
    );
  }
}
