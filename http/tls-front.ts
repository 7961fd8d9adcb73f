import { generate } from "selfsigned";
import type { Clock } from "../process/clock.ts";
import type { Log } from "../process/log.ts";
import { AcmeFolder } from "./acme/acme-folder.ts";
import { type AcmeConfig, type AcmeValues, acmeConfigOf } from "./acme/acme-settings.ts";
import { Challenges } from "./acme/challenges.ts";
import { Certificates, type KeptSource } from "./tls/certificates.ts";
import { KeptCertificates } from "./tls/kept-certificates.ts";
import type { TlsValues } from "./tls/tls-settings.ts";

/** The certificates of a program's TLS port, and what every answer on it says. */
export interface TlsFront {
  readonly port: number;
  readonly identity: Certificates;
  /** Field lines, each with its end. */
  readonly ownLines: string;
  /** Whether answers tell the version of TLS. */
  readonly tellsVersion: boolean;
  /** undefined: certificates come from files alone. */
  readonly challenges: Challenges | undefined;
  /** Follows what changes on the disk. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

/** undefined: the settings name no TLS port. `hosts`: of the configured sites; empty: any. Throws a Failure. */
export async function tlsFrontOf(
  values: TlsValues & AcmeValues,
  hosts: readonly string[],
  clock: Clock,
  log: Log,
): Promise<TlsFront | undefined> {
  const { tlsPort, tlsCert, tlsKey, tlsUnknownName, tlsTicketKeys, hsts, tellTls } = values;
  if (tlsPort === undefined) return undefined;
  const pairs = tlsCert.map((cert, index) => ({ cert, key: tlsKey[index] ?? "" }));
  const acme = acmeConfigOf(values);
  const challenges = acme === undefined ? undefined : new Challenges(new AcmeFolder(acme.folder), clock);
  const kept = await keptSource(acme, challenges, clock, log);
  const identity = new Certificates(
    { pairs, unknownName: tlsUnknownName, ticketKeys: tlsTicketKeys, hosts, kept },
    clock,
    log,
  );
  // RFC 6797 section 6.1.1: in seconds.
  const ownLines =
    hsts === undefined ? "" : `Strict-Transport-Security: max-age=${Math.floor(hsts / 1000)}\r\n`;
  return {
    port: tlsPort,
    identity,
    ownLines,
    tellsVersion: tellTls,
    challenges,
    run: async (signal) => {
      await Promise.all([identity.run(signal), challenges?.run(signal)]);
    },
  };
}

async function keptSource(
  acme: AcmeConfig | undefined,
  challenges: Challenges | undefined,
  clock: Clock,
  log: Log,
): Promise<KeptSource | undefined> {
  if (acme === undefined || challenges === undefined) return undefined;
  const folder = new AcmeFolder(acme.folder);
  const files = { hosts: acme.hosts, path: (host: string) => folder.certificate(host) };
  const certificates = new KeptCertificates(files, clock, log);
  await certificates.look();
  const made = await generate([{ name: "commonName", value: "no certificate yet" }], {
    keyType: "ec",
    algorithm: "sha256",
    // For no name.
    extensions: [{ name: "basicConstraints", cA: false, critical: true }],
  });
  return {
    certificates,
    placeholder: { cert: made.cert, key: made.private },
    challengeFor: (host) => challenges.certificateFor(host),
  };
}
