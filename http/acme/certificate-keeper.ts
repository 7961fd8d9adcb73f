import type { Clock } from "../../process/clock.ts";
import { describeError } from "../../process/failure.ts";
import type { Log } from "../../process/log.ts";
import { WorkSlice } from "../../process/work-slice.ts";
import type { Certificate } from "../tls/certificate.ts";
import { KeptCertificates } from "../tls/kept-certificates.ts";
import { AcmeFolder } from "./acme-folder.ts";
import { AcmeAccount } from "./acme-order.ts";
import { AcmeRefusal, type OrderEnd } from "./acme-refusal.ts";
import type { AcmeConfig } from "./acme-settings.ts";
import {
  begun,
  entryOf,
  failed,
  issued,
  leftOff,
  type OrderLedger,
  readLedger,
  suggested,
  unfinished,
  writeLedger,
} from "./order-ledger.ts";
import { OrderLock } from "./order-lock.ts";
import { nextOrderAt, orderDue, rest, unitOf } from "./renewal.ts";
import { certificateId, RenewalInfo } from "./renewal-info.ts";

export interface KeeperParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly counters: { certificateOrdered(end: OrderEnd): void };
}

// How soon a certificate is asked for that is due, and how soon the lock of another program is tried again.
export const LOOK_MS = 5_000;

/**
 * Keeps a certificate for each host: orders what is missing, and renews what ends. In a fleet that shares its storage, one
 * program does it at a time; the others find what it gets.
 */
export class CertificateKeeper {
  readonly #config: AcmeConfig;
  readonly #parts: KeeperParts;
  readonly #folder: AcmeFolder;
  readonly #lock: OrderLock;
  readonly #account: AcmeAccount;
  readonly #kept: KeptCertificates;
  readonly #renewals: RenewalInfo;
  /** Why nothing was ordered, so that it is told once. */
  #complaint: string | undefined;

  constructor(config: AcmeConfig, parts: KeeperParts) {
    const { clock } = parts;
    this.#config = config;
    this.#parts = parts;
    this.#folder = new AcmeFolder(config.folder);
    this.#lock = new OrderLock(this.#folder, clock);
    this.#account = new AcmeAccount(config, this.#folder, clock);
    this.#renewals = new RenewalInfo(config.directory);
    const files = { hosts: config.hosts, path: (host: string) => this.#folder.certificate(host) };
    // Those that serve say what they load.
    const quiet = { error: () => undefined, info: () => undefined };
    this.#kept = new KeptCertificates(files, clock, quiet);
  }

  /** Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    const { directory, hosts } = this.#config;
    log.info({ directory, hosts: hosts.length }, "certificates come by ACME");
    while (!signal.aborted) {
      await this.#round(signal).catch((thrown: unknown) => this.#complain(thrown, signal));
      await clock.wait(LOOK_MS, signal).catch(() => undefined);
    }
  }

  #complain(thrown: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    const cause = describeError(thrown);
    if (cause !== this.#complaint) {
      this.#parts.log.error({ cause, path: this.#folder.path }, "no certificates can be ordered");
      this.#parts.counters.certificateOrdered("storage");
    }
    this.#complaint = cause;
  }

  async #look(): Promise<void> {
    await this.#kept.look();
    const slice = new WorkSlice(this.#parts.clock);
    for (const certificate of this.#kept.all) {
      if (ids.has(certificate)) continue;
      ids.set(certificate, certificateId(certificate.cert));
      if (slice.isOver(ID_WEIGHT)) await slice.pause();
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    await this.#look();
    if (!this.#isWork(await readLedger(this.#folder, this.#parts.clock.wall()))) return;
    await this.#folder.prepare(this.#parts.log);
    if (!(await this.#lock.take())) return;
    const over = new AbortController();
    const beating = this.#lock.keep(over.signal);
    try {
      await this.#work(signal);
      this.#complaint = undefined;
    } finally {
      over.abort();
      await beating;
      await this.#lock.release();
    }
  }

  #isWork(ledger: OrderLedger): boolean {
    const now = this.#parts.clock.wall();
    if (unfinished(ledger).length > 0) return true;
    return this.#config.hosts.some(
      (host) => this.#isDue(ledger, host, now) || this.#asksAt(ledger, host) <= now,
    );
  }

  /** What one program does while no other one orders. */
  async #work(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    let ledger = await this.#clearedUp(await readLedger(this.#folder, this.#parts.clock.wall()));
    // Another program may have got some while this one waited for the lock.
    await this.#look();
    for (const host of this.#config.hosts) {
      if (signal.aborted || !this.#lock.isHeld) return;
      ledger = await this.#askAgain(ledger, host, signal);
      const now = clock.wall();
      if (this.#isDue(ledger, host, now) && !signal.aborted) ledger = await this.#order(ledger, host, signal);
    }
  }

  /** After a program that was killed in the middle of an order. */
  async #clearedUp(found: OrderLedger): Promise<OrderLedger> {
    for (const shelf of ["http-01", "tls-alpn-01"] as const)
      for (const name of await this.#folder.names(shelf))
        await this.#folder.remove(this.#folder.on(shelf, name));
    let ledger = found;
    for (const host of unfinished(found)) {
      const cause = new AcmeRefusal("unfinished", "a program ended before its order was over");
      ledger = this.#failed(ledger, host, cause);
    }
    return ledger === found ? found : this.#write(ledger);
  }

  /** Nothing once the lock is lost: another program writes then. */
  async #write(ledger: OrderLedger): Promise<OrderLedger> {
    if (this.#lock.isHeld) await writeLedger(this.#folder, ledger);
    return ledger;
  }

  #isDue(ledger: OrderLedger, host: string, now: number): boolean {
    const held = this.#kept.certificate(host);
    const { renewal, ...tries } = entryOf(ledger, host);
    const known = held === undefined ? undefined : ids.get(held);
    const window = renewal !== undefined && renewal.of === known ? renewal.window : undefined;
    const due = orderDue(held, window, tries, unitOf(`${host} ${known}`));
    return Math.max(due, nextOrderAt(ledger.orders)) <= now;
  }

  /** When the CA is asked what it suggests for the certificate that is held. */
  #asksAt(ledger: OrderLedger, host: string): number {
    const held = this.#kept.certificate(host);
    const id = held === undefined ? undefined : ids.get(held);
    if (id === undefined) return Number.POSITIVE_INFINITY;
    const { renewal } = entryOf(ledger, host);
    return renewal?.of === id ? renewal.askAt : 0;
  }

  async #askAgain(ledger: OrderLedger, host: string, signal: AbortSignal): Promise<OrderLedger> {
    const { clock, log } = this.#parts;
    const held = this.#kept.certificate(host);
    const id = held === undefined ? undefined : ids.get(held);
    if (id === undefined || this.#asksAt(ledger, host) > clock.wall()) return ledger;
    const transport = await this.#account.transport(signal);
    const { suggestion, trouble } = await this.#renewals.ask(transport, id);
    if (signal.aborted) return ledger;
    if (trouble !== undefined)
      log.warn({ host, cause: describeError(trouble) }, "the CA does not say when to renew");
    // What it said before is better than nothing.
    const before = entryOf(ledger, host).renewal;
    const window = suggestion.window ?? (before?.of === id ? before.window : undefined);
    return this.#write(suggested(ledger, host, { ...suggestion, window }));
  }

  async #order(before: OrderLedger, host: string, signal: AbortSignal): Promise<OrderLedger> {
    const { clock, log, counters } = this.#parts;
    const held = this.#kept.certificate(host);
    let ledger = await this.#write(begun(before, host, clock.wall()));
    log.info({ host, renews: held !== undefined }, "certificate ordered");
    const ended = AbortSignal.any([signal, this.#lock.lost]);
    try {
      const replaced = held === undefined ? undefined : ids.get(held);
      const { pem, life } = await this.#account.obtain(host, replaced, ended);
      await this.#folder.write(this.#folder.certificate(host), pem);
      ledger = issued(ledger, host, clock.wall() + rest(life));
      counters.certificateOrdered("issued");
      log.info({ host }, "certificate issued");
    } catch (thrown) {
      ledger = ended.aborted ? leftOff(ledger, host) : this.#failed(ledger, host, thrown);
      if (this.#lock.lost.aborted) log.warn({ host }, "certificate left to another program");
    }
    await this.#write(ledger);
    await this.#look();
    return ledger;
  }

  #failed(ledger: OrderLedger, host: string, thrown: unknown): OrderLedger {
    const { clock, log, random, counters } = this.#parts;
    const { reason, askedMs } =
      thrown instanceof AcmeRefusal ? thrown : ({ reason: "storage", askedMs: 0 } as const);
    const changed = failed(ledger, host, { now: clock.wall(), askedMs, unit: random() });
    counters.certificateOrdered(reason);
    const { failures, notBefore } = entryOf(changed, host);
    log.error(
      { host, reason, failures, nextTry: new Date(notBefore), cause: describeError(thrown) },
      "certificate not issued",
    );
    return changed;
  }
}

// Finding one takes a millisecond, as long as thousands of usual steps.
const ID_WEIGHT = 1_000;

/** RFC 9773 section 4.1; undefined: it has none. */
const ids = new WeakMap<Certificate, string | undefined>();
