import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AcmeValues, acmeConfigOf, NO_ACME } from "../../http/acme/acme-settings.ts";
import { LOOK_MS } from "../../http/acme/certificate-keeper.ts";
import type { TlsValues } from "../../http/tls/tls-settings.ts";
import { AcmeProgram, acmeValuesFor } from "./acme-program.ts";
import { AcmeServer } from "./acme-server.ts";
import { FastClock } from "./fast-clock.ts";
import { until } from "./until.ts";

/** A CA and the programs that get certificates from it, which share a storage and a clock that runs fast. */
export class AcmeStory {
  readonly server: AcmeServer;
  /** The file with the certificate of the CA's server. */
  readonly ca: string;
  readonly clock: FastClock;
  readonly #folder: string;
  readonly #programs: AcmeProgram[] = [];

  private constructor(server: AcmeServer, rate: number) {
    this.server = server;
    this.clock = new FastClock(rate);
    this.#folder = mkdtempSync(join(tmpdir(), "edgecache-acme-"));
    this.ca = join(this.#folder, "ca.pem");
    writeFileSync(this.ca, server.cert);
  }

  /** `rate`: of the clock. A machine that stands still for a while lets so much more time pass. */
  static async begin(rate = 20): Promise<AcmeStory> {
    return new AcmeStory(await AcmeServer.start(), rate);
  }

  async end(): Promise<void> {
    for (const program of this.#programs) await program.stop();
    await this.server.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The CA looks for challenges at the program that is started last. */
  async start(more: Partial<AcmeValues & TlsValues> = {}): Promise<AcmeProgram> {
    const program = await AcmeProgram.start({ ...this.#values, ...more }, this.clock);
    this.#programs.push(program);
    this.server.ports = { http: program.httpPort, tls: program.tlsPort };
    return program;
  }

  /** Programs look whether something is to be ordered, several times. */
  looked(): Promise<void> {
    // The certificates that serve are looked at as often.
    return this.clock.waits(LOOK_MS, 8);
  }

  get #values(): Partial<AcmeValues> {
    return acmeValuesFor(this.server, { storage: join(this.#folder, "storage"), ca: this.ca });
  }

  /** A path below the folder of the CA in the storage. */
  kept(...names: readonly string[]): string {
    return join(acmeConfigOf({ ...NO_ACME, ...this.#values })?.folder ?? "", ...names);
  }
}

export function ended(program: AcmeProgram, count = 1): Promise<void> {
  return until(`${count} orders are over`, () => program.ends.length >= count);
}

export function serves(program: AcmeProgram, host = "a.example"): Promise<void> {
  return until(`${host} has its certificate`, async () => {
    const shown = await program.shown(host);
    return shown?.issuer.CN === "ACME of a test" && shown.subjectaltname === `DNS:${host}`;
  });
}
