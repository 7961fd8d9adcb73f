import { readFile, stat } from "node:fs/promises";
import { createSecureContext, type SecureContext } from "node:tls";
import type { Clock } from "../../process/clock.ts";
import { describeError } from "../../process/failure.ts";
import type { Finding } from "../../process/finding.ts";
import type { Log } from "../../process/log.ts";
import { WorkSlice } from "../../process/work-slice.ts";
import { type Certificate, certificateFindings, readCertificate } from "./certificate.ts";
import { TLS_POLICY } from "./tls-policy.ts";

/** Certificates that come and change while the program runs, each with its key in one file. */
export interface KeptFiles {
  readonly hosts: readonly string[];
  path(host: string): string;
}

interface Kept {
  readonly certificate: Certificate;
  /** Of the file: another one has another. */
  readonly stamp: string;
  /** Made when a client first asks for it: there may be hundreds. */
  context?: SecureContext;
}

/** The certificates of many hosts. One that is missing or unusable does not touch the others. */
export class KeptCertificates {
  readonly #files: KeptFiles;
  readonly #clock: Clock;
  readonly #log: Pick<Log, "error" | "info">;
  readonly #byHost = new Map<string, Kept>();
  readonly #complaints = new Map<string, string>();

  constructor(files: KeptFiles, clock: Clock, log: Pick<Log, "error" | "info">) {
    this.#files = files;
    this.#clock = clock;
    this.#log = log;
  }

  get all(): readonly Certificate[] {
    return Array.from(this.#byHost.values(), ({ certificate }) => certificate);
  }

  certificate(host: string): Certificate | undefined {
    return this.#byHost.get(host)?.certificate;
  }

  /** What an operator should know of them now. */
  get findings(): readonly Finding[] {
    const now = this.#clock.wall();
    return this.#files.hosts.flatMap((host) => {
      const kept = this.certificate(host);
      const found = kept === undefined ? [] : certificateFindings(kept, now, []);
      const complaint = this.#complaints.get(host);
      if (complaint !== undefined) return [{ severity: "problem", about: host, text: complaint }, ...found];
      const text = "has no certificate yet; the log of the program that orders it says why";
      return kept === undefined ? [{ severity: "warning", about: host, text }] : found;
    });
  }

  context(host: string, ticketKeys: Buffer): SecureContext | undefined {
    const kept = this.#byHost.get(host);
    if (kept === undefined) return undefined;
    const { cert, key } = kept.certificate;
    try {
      kept.context ??= createSecureContext({ ...TLS_POLICY, cert, key, ticketKeys });
    } catch (thrown) {
      // Such as a key that is too weak. The handshake goes on without it.
      this.#complain(host, describeError(thrown));
    }
    return kept.context;
  }

  /** That of the first host that has one. */
  first(ticketKeys: Buffer): SecureContext | undefined {
    const [host] = this.#byHost.keys();
    return host === undefined ? undefined : this.context(host, ticketKeys);
  }

  /** The contexts are made anew, such as for another key of tickets. */
  forgetContexts(): void {
    for (const kept of this.#byHost.values()) delete kept.context;
  }

  #complain(host: string, why: string): void {
    if (this.#complaints.get(host) !== why)
      this.#log.error({ host, cause: why }, "certificate not loaded; the last good one serves");
    this.#complaints.set(host, why);
  }

  /** Takes what has changed. Files that are unusable leave the certificates as they were. Never rejects. */
  async look(): Promise<void> {
    const slice = new WorkSlice(this.#clock);
    for (const host of this.#files.hosts) {
      await this.#lookAt(host, this.#files.path(host));
      if (slice.isOver(WEIGHT)) await slice.pause();
    }
  }

  async #lookAt(host: string, path: string): Promise<void> {
    const stamp = await stamped(path);
    const before = this.#byHost.get(host);
    if (stamp === undefined || stamp === before?.stamp) return;
    const text = await readFile(path, "utf8").catch(() => "");
    const read = readCertificate({ cert: path, key: path }, () => text);
    if (read.kind === "unusable") {
      this.#complain(host, read.why);
      return;
    }
    this.#complaints.delete(host);
    this.#byHost.set(host, { certificate: read.certificate, stamp });
    this.#log.info({ host, until: new Date(read.certificate.validTo) }, "certificate loaded");
  }
}

// Reading one takes as long as some tens of usual steps.
const WEIGHT = 8;

/** undefined: it is not there. */
async function stamped(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? undefined : `${found.ino} ${found.mtimeMs} ${found.size}`;
}
