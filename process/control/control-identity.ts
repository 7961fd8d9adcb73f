import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { experimental } from "@grpc/grpc-js";
import type { Clock } from "../clock.ts";
import { Failure } from "../failure.ts";
import type { Finding } from "../finding.ts";
import type { Log } from "../log.ts";
import { readSmallFile } from "../settings/small-file.ts";
import type { ControlFiles } from "./control-files.ts";
import { type Identity, readIdentity } from "./identity.ts";

type CaListener = Parameters<experimental.CertificateProvider["addCaCertificateListener"]>[0];
type PairListener = Parameters<experimental.CertificateProvider["addIdentityCertificateListener"]>[0];

// A renewal is ready hours before it is needed. Reading three small files takes a fraction of a millisecond.
const LOOK_MS = 5_000;

const DAY_MS = 24 * 3_600_000;
// Enough to notice over a holiday.
const WARN_DAYS = 14;

/**
 * Who this program is on the control plane. It follows its files: new connections get the new certificate, open ones keep
 * theirs. While the files do not fit each other, as in the middle of a renewal, the last good ones serve.
 */
export class ControlIdentity implements experimental.CertificateProvider {
  readonly #files: ControlFiles;
  readonly #clock: Pick<Clock, "wall" | "wait">;
  readonly #log: Pick<Log, "info" | "warn" | "error">;
  readonly #listeners = new Set<() => void>();
  readonly #ca = new Set<CaListener>();
  readonly #pair = new Set<PairListener>();
  #current: Identity;
  /** What the last look found wrong, so that it is told once. */
  #complaint: string | undefined;

  /** Throws Failure("bad-config", "config"): one line with the flag, the file and the reason. */
  constructor(
    files: ControlFiles,
    clock: Pick<Clock, "wall" | "wait">,
    log: Pick<Log, "info" | "warn" | "error">,
  ) {
    this.#files = files;
    this.#clock = clock;
    this.#log = log;
    const read = readIdentity(files, clock.wall(), readSmallFile);
    if (read.kind === "unusable") throw new Failure("bad-config", "config", read.problem);
    this.#current = read.identity;
    this.#warn();
  }

  get current(): Identity {
    return this.#current;
  }

  /** When the first of the certificates ends, in milliseconds of wall time. */
  get endsAt(): number {
    return this.#current.validTo;
  }

  /** Whole days until then; negative when it is over. */
  get #daysLeft(): number {
    return Math.floor((this.endsAt - this.#clock.wall()) / DAY_MS);
  }

  /** What an operator should know of them now. */
  get findings(): readonly Finding[] {
    const daysLeft = this.#daysLeft;
    const about = "control certificates";
    const findings: Finding[] = [];
    if (this.#complaint !== undefined) {
      const text = `not reloaded; the last good ones serve: ${this.#complaint}`;
      findings.push({ severity: "problem", about, text });
    }
    if (daysLeft < 0) findings.push({ severity: "problem", about, text: "one has expired" });
    else if (daysLeft < WARN_DAYS)
      findings.push({ severity: "warning", about, text: `the first expires in ${daysLeft} days` });
    return findings;
  }

  /** Whether its own certificate names this host or address. */
  isFor(host: string): boolean {
    const { pair } = this.#current;
    if (pair === undefined) return false;
    const own = new X509Certificate(pair.cert);
    return (isIP(host) === 0 ? own.checkHost(host) : own.checkIP(host)) !== undefined;
  }

  /** Calls `changed` after each change. */
  onChange(changed: () => void): void {
    this.#listeners.add(changed);
  }

  /** Looks at the files now and then. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.wait(LOOK_MS, signal).catch(() => undefined);
      if (!signal.aborted) this.refresh();
    }
  }

  /** Takes what has changed. */
  refresh(): void {
    const read = readIdentity(this.#files, this.#clock.wall(), readSmallFile);
    if (read.kind === "unusable") {
      if (read.problem !== this.#complaint)
        this.#log.error(
          { cause: read.problem },
          "control certificates not reloaded; the last good ones serve",
        );
      this.#complaint = read.problem;
      return;
    }
    this.#complaint = undefined;
    const before = this.#current;
    const { ca, pair } = read.identity;
    if (ca === before.ca && pair?.cert === before.pair?.cert && pair?.key === before.pair?.key) return;
    this.#current = read.identity;
    for (const listener of this.#ca) listener(this.#caUpdate());
    for (const listener of this.#pair) listener(this.#pairUpdate());
    for (const changed of this.#listeners) changed();
    this.#log.info({ names: read.identity.names, daysLeft: this.#daysLeft }, "control certificates reloaded");
    this.#warn();
  }

  addCaCertificateListener(listener: CaListener): void {
    this.#ca.add(listener);
    process.nextTick(() => listener(this.#caUpdate()));
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#ca.delete(listener);
  }

  addIdentityCertificateListener(listener: PairListener): void {
    this.#pair.add(listener);
    process.nextTick(() => listener(this.#pairUpdate()));
  }

  removeIdentityCertificateListener(listener: PairListener): void {
    this.#pair.delete(listener);
  }

  #caUpdate() {
    return { caCertificate: Buffer.from(this.#current.ca) };
  }

  #pairUpdate() {
    const { pair } = this.#current;
    return pair === undefined
      ? null
      : { certificate: Buffer.from(pair.cert), privateKey: Buffer.from(pair.key) };
  }

  #warn(): void {
    const daysLeft = this.#daysLeft;
    if (daysLeft < WARN_DAYS) this.#log.warn({ daysLeft }, "a control certificate ends soon");
  }
}
