import { readFileSync } from "node:fs";
import { createSecureContext, type SecureContext } from "node:tls";
import type { Clock } from "../../process/clock.ts";
import { describeError, Failure } from "../../process/failure.ts";
import type { Finding } from "../../process/finding.ts";
import type { Log } from "../../process/log.ts";
import {
  type Certificate,
  type CertificateFiles,
  certificateFindings,
  readCertificate,
  wildcardOf,
} from "./certificate.ts";
import type { KeptCertificates } from "./kept-certificates.ts";
import { TicketKeys } from "./ticket-keys.ts";
import { TLS_POLICY } from "./tls-policy.ts";

/** What a client gets that asks for a name which no certificate is for. */
export type UnknownName = "default" | "refuse";

export interface CertificatesConfig {
  /** The first one is the default. */
  readonly pairs: readonly CertificateFiles[];
  readonly unknownName: UnknownName;
  /** A file; undefined: the key lives in memory. */
  readonly ticketKeys: string | undefined;
  /** The hosts of the configured sites; empty: any. */
  readonly hosts: readonly string[];
  readonly kept?: KeptSource | undefined;
}

/** Certificates that the program gets by itself. Those of `pairs` go before them. */
export interface KeptSource {
  readonly certificates: KeptCertificates;
  /** Serves in the place of the first one while there is none, PEM. No client trusts it. */
  readonly placeholder: { readonly cert: string; readonly key: string };
  /** Shows a challenge for the host to clients that ask for it; undefined: there is none. */
  readonly challengeFor: (host: string) => SecureContext | undefined;
}

// A renewal is ready hours before it is needed. Reading a few small files takes a fraction of a millisecond.
const LOOK_MS = 5_000;

interface Loaded {
  readonly certificates: readonly Certificate[];
  /** undefined: there are no pairs. */
  readonly first: SecureContext | undefined;
  /** undefined: there are pairs. */
  readonly placeholder: SecureContext | undefined;
  readonly byName: ReadonlyMap<string, SecureContext>;
}

/** The certificates of a TLS port. They follow their files; connections that are open keep theirs. */
export class Certificates {
  readonly #config: CertificatesConfig;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #ticketKeys: TicketKeys;
  #loaded: Loaded;
  /** What the last look found wrong, so that it is told once. */
  #complaint: string | undefined;

  /** Throws Failure("bad-config", "config"), one line for each pair that is unusable. */
  constructor(config: CertificatesConfig, clock: Clock, log: Log) {
    this.#config = config;
    this.#clock = clock;
    this.#log = log;
    const { certificates, problems } = readAll(config.pairs);
    if (problems.length > 0) throw new Failure("bad-config", "config", problems.join("\n"));
    this.#ticketKeys = new TicketKeys(config.ticketKeys, clock, log);
    this.#loaded = this.#load(certificates);
    this.#warn(certificates);
  }

  /** When the first of them ends, in milliseconds of wall time; Infinity while there is none. */
  get endsAt(): number {
    const all = [...this.#loaded.certificates, ...(this.#config.kept?.certificates.all ?? [])];
    return Math.min(...all.map(({ validTo }) => validTo));
  }

  /** What an operator should know of them now. */
  get findings(): readonly Finding[] {
    const kept = this.#config.kept?.certificates.findings ?? [];
    const findings = [...this.#findingsOf(this.#loaded.certificates), ...kept];
    if (this.#complaint === undefined) return findings;
    const text = `not reloaded; the last good ones serve: ${this.#complaint}`;
    return [{ severity: "problem", about: "certificates", text }, ...findings];
  }

  /** For a client that names no host. */
  get unnamed(): SecureContext {
    const { first, placeholder } = this.#loaded;
    const found = first ?? this.#config.kept?.certificates.first(this.#ticketKeys.key) ?? placeholder;
    if (found === undefined) throw new Error("a TLS port has a certificate or a placeholder");
    return found;
  }

  /** RFC 8737: what proves to a CA that a host is ours; undefined: no CA is asked. */
  get challengeFor(): ((host: string) => SecureContext | undefined) | undefined {
    return this.#config.kept?.challengeFor;
  }

  /** RFC 6066 section 3: for the host that the client names; undefined: it is refused. */
  named(host: string): SecureContext | undefined {
    const { byName } = this.#loaded;
    const name = host.toLowerCase();
    const found =
      byName.get(name) ??
      byName.get(wildcardOf(name)) ??
      this.#config.kept?.certificates.context(name, this.#ticketKeys.key);
    if (found !== undefined) return found;
    return this.#config.unknownName === "default" ? this.unnamed : undefined;
  }

  /** Looks at the files now and then. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.wait(LOOK_MS, signal).catch(() => undefined);
      if (!signal.aborted) this.refresh();
    }
  }

  /** Takes what has changed. Files that are unusable, or half replaced, leave the certificates as they were. */
  refresh(): void {
    const isNewKey = this.#ticketKeys.refresh();
    if (isNewKey) this.#config.kept?.certificates.forgetContexts();
    void this.#config.kept?.certificates.look();
    const { certificates, problems } = readAll(this.#config.pairs);
    if (problems.length > 0) {
      this.#complain(problems.join("; "));
      if (isNewKey) this.#loaded = this.#load(this.#loaded.certificates);
      return;
    }
    const isNew = certificates.some((each, index) => !isSame(each, this.#loaded.certificates[index]));
    if (!isNew && !isNewKey) return;
    try {
      this.#loaded = this.#load(certificates);
    } catch (thrown) {
      this.#complain(describeError(thrown));
      return;
    }
    this.#complaint = undefined;
    if (!isNew) return;
    this.#log.info({ endsAt: new Date(this.endsAt).toISOString() }, "certificates reloaded");
    this.#warn(certificates);
  }

  #complain(why: string): void {
    if (why !== this.#complaint)
      this.#log.error({ cause: why }, "certificates not reloaded; the last good ones serve");
    this.#complaint = why;
  }

  #warn(certificates: readonly Certificate[]): void {
    for (const { about, text } of this.#findingsOf(certificates)) this.#log.warn(`${about}: ${text}`);
  }

  #findingsOf(certificates: readonly Certificate[]): readonly Finding[] {
    const now = this.#clock.wall();
    return certificates.flatMap((each) => certificateFindings(each, now, this.#config.hosts));
  }

  #load(certificates: readonly Certificate[]): Loaded {
    const byName = new Map<string, SecureContext>();
    let first: SecureContext | undefined;
    for (const { cert, key, names } of certificates) {
      // The keys are given each time: a context that is not told them makes some of its own.
      const context = createSecureContext({ ...TLS_POLICY, cert, key, ticketKeys: this.#ticketKeys.key });
      first ??= context;
      // An earlier certificate for the same name wins.
      for (const name of names) if (!byName.has(name)) byName.set(name, context);
    }
    const own = this.#config.kept?.placeholder;
    const placeholder =
      first !== undefined || own === undefined
        ? undefined
        : createSecureContext({ ...TLS_POLICY, ...own, ticketKeys: this.#ticketKeys.key });
    if (first === undefined && placeholder === undefined)
      throw new Failure("bad-config", "config", "--tls-cert: must name a certificate");
    return { certificates, first, placeholder, byName };
  }
}

function readAll(pairs: readonly CertificateFiles[]): {
  readonly certificates: readonly Certificate[];
  readonly problems: readonly string[];
} {
  const certificates: Certificate[] = [];
  const problems: string[] = [];
  for (const files of pairs) {
    const read = readCertificate(files, (path) => readFileSync(path, "utf8"));
    if (read.kind === "certificate") certificates.push(read.certificate);
    else problems.push(`--tls-cert, --tls-key: ${read.why}`);
  }
  return { certificates, problems };
}

function isSame(one: Certificate, other: Certificate | undefined): boolean {
  return one.cert === other?.cert && one.key === other.key;
}
