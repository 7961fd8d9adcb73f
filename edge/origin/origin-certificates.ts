import { X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import { readCertificate } from "../../http/tls/certificate.ts";
import type { Clock } from "../../process/clock.ts";
import { describeError, Failure } from "../../process/failure.ts";
import type { Log } from "../../process/log.ts";
import { readSmallFile } from "../../process/settings/small-file.ts";
import { show } from "../../process/settings/values.ts";
import type { OriginTls } from "./origin-tls.ts";

// As often as the files of a port. Reading three small files takes a fraction of a millisecond.
const LOOK_MS = 5_000;

interface Loaded {
  readonly texts: readonly (string | undefined)[];
  readonly context: SecureContext;
}

type Read =
  | { readonly kind: "loaded"; readonly loaded: Loaded }
  | { readonly kind: "unusable"; readonly why: string };

/** What an edge shows to an HTTPS origin, and whom it believes. It follows its files, at the next new connection. */
export class OriginCertificates {
  readonly #tls: OriginTls;
  readonly #clock: Pick<Clock, "wall" | "monotonic">;
  readonly #log: Pick<Log, "info" | "error">;
  #loaded: Loaded;
  #lookedAt: number;
  #complaint: string | undefined;

  /** Throws Failure("bad-config", "config"): one line with the setting, the site, the file and the reason. */
  constructor(
    tls: OriginTls,
    site: string,
    {
      clock,
      log,
    }: { readonly clock: Pick<Clock, "wall" | "monotonic">; readonly log: Pick<Log, "info" | "error"> },
  ) {
    this.#tls = tls;
    this.#clock = clock;
    this.#log = log;
    this.#lookedAt = clock.monotonic();
    const read = readAll(tls, clock.wall());
    if (read.kind === "unusable") {
      const [field = "", ...rule] = read.why.split(": ");
      throw new Failure("bad-config", "config", `${field} of site "${site}": ${rule.join(": ")}`);
    }
    this.#loaded = read.loaded;
  }

  get serverName(): string | undefined {
    return this.#tls.serverName;
  }

  /** For a new connection. The same object until something has changed. */
  context(): SecureContext {
    const now = this.#clock.monotonic();
    if (now - this.#lookedAt >= LOOK_MS) {
      this.#lookedAt = now;
      this.#look();
    }
    return this.#loaded.context;
  }

  #look(): void {
    const read = readAll(this.#tls, this.#clock.wall());
    if (read.kind === "unusable") {
      if (read.why !== this.#complaint)
        this.#log.error({ cause: read.why }, "origin certificates not reloaded; the last good ones serve");
      this.#complaint = read.why;
      return;
    }
    this.#complaint = undefined;
    if (read.loaded.texts.every((each, index) => each === this.#loaded.texts[index])) return;
    this.#loaded = read.loaded;
    this.#log.info("origin certificates reloaded");
  }
}

function readAll({ ca, cert, key, minVersion }: OriginTls, now: number): Read {
  const unusable = (why: string): Read => ({ kind: "unusable", why });
  let caText: string | undefined;
  if (ca !== undefined) {
    try {
      caText = readSmallFile(ca);
      for (const block of certificatesIn(caText)) new X509Certificate(block);
    } catch (thrown) {
      return unusable(
        `origin-ca: must be a file of certificates that can be read, got ${show(ca)} (${describeError(thrown)})`,
      );
    }
    if (certificatesIn(caText).length === 0)
      return unusable(`origin-ca: must be certificates in PEM form, ${show(ca)} has none`);
  }
  if (cert === undefined || key === undefined) {
    const context = createSecureContext({ minVersion, ...(caText === undefined ? {} : { ca: caText }) });
    return { kind: "loaded", loaded: { texts: [caText], context } };
  }
  const own = readCertificate({ cert, key }, readSmallFile);
  if (own.kind === "unusable")
    return unusable(`origin-cert, origin-key: must be a pair that can be used: ${own.why}`);
  const { validFrom, validTo } = own.certificate;
  if (now < validFrom || now > validTo) {
    const span = `${new Date(validFrom).toISOString()} to ${new Date(validTo).toISOString()}`;
    return unusable(`origin-cert: must be valid now, ${show(cert)} is valid from ${span}`);
  }
  const pair = { cert: own.certificate.cert, key: own.certificate.key };
  try {
    const context = createSecureContext({
      minVersion,
      ...pair,
      ...(caText === undefined ? {} : { ca: caText }),
    });
    return { kind: "loaded", loaded: { texts: [caText, pair.cert, pair.key], context } };
  } catch (thrown) {
    return unusable(
      `origin-cert: must be a pair that TLS takes, got ${show(cert)} (${describeError(thrown)})`,
    );
  }
}

function certificatesIn(pem: string): readonly string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}
