import { AuthorityKeyIdentifierExtension, X509Certificate } from "@peculiar/x509";
import { z } from "zod";
import { AcmeRefusal } from "./acme-refusal.ts";
import { getJson, type Transport } from "./acme-transport.ts";
import type { Suggestion } from "./order-ledger.ts";

const directory = z.object({ renewalInfo: z.string().optional() });

const renewalInfo = z.object({
  suggestedWindow: z.object({
    start: z.iso.datetime({ offset: true }),
    end: z.iso.datetime({ offset: true }),
  }),
});

const HOUR_MS = 3_600_000;
// RFC 9773 section 4.3.2 gives the bounds, and 6 h for a CA that cannot be asked now.
const SOONEST_MS = 60_000;
const LATEST_MS = 24 * HOUR_MS;
const WHEN_FAILED_MS = 6 * HOUR_MS;

const FIRST_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/;

/** RFC 9773 section 4.1, of the first certificate in `pem`. undefined: it does not say which key signed it. */
export function certificateId(pem: string): string | undefined {
  const [own] = FIRST_CERTIFICATE.exec(pem) ?? [];
  if (own === undefined) return undefined;
  const named = namesIn(own);
  if (named?.issuer === undefined) return undefined;
  const { issuer } = named;
  const serial = Buffer.from(named.serial, "hex");
  // The content of an INTEGER of DER: a number that is not negative begins with a bit that is 0.
  const signed = (serial[0] ?? 0) < 0x80 ? serial : Buffer.concat([Buffer.of(0), serial]);
  return `${Buffer.from(issuer, "hex").toString("base64url")}.${signed.toString("base64url")}`;
}

/** undefined: the library cannot read it. It is served all the same, and renewed without the CA's advice. */
function namesIn(pem: string): { readonly issuer: string | undefined; readonly serial: string } | undefined {
  try {
    const certificate = new X509Certificate(pem);
    const { keyId } = certificate.getExtension(AuthorityKeyIdentifierExtension) ?? {};
    return { issuer: keyId, serial: certificate.serialNumber };
  } catch {
    return undefined;
  }
}

/** What a CA says of renewals (RFC 9773). One that does not say so is asked again later. */
export class RenewalInfo {
  readonly #directory: string;
  #resource: { readonly url: string | undefined; readonly until: number } | undefined;

  constructor(directoryUrl: string) {
    this.#directory = directoryUrl;
  }

  /** When the certificate with this identifier should be renewed. Never rejects. */
  async ask(
    transport: Transport,
    of: string,
  ): Promise<{ readonly suggestion: Suggestion; readonly trouble?: AcmeRefusal }> {
    const now = transport.now();
    try {
      const base = await this.#base(transport, now);
      if (base === undefined) return { suggestion: { of, askAt: now + LATEST_MS } };
      const { value, retryAfterMs } = await getJson(transport, `${base.replace(/\/$/, "")}/${of}`);
      const { start, end } = renewalInfo.parse(value).suggestedWindow;
      const window = { start: Date.parse(start), end: Date.parse(end) };
      // RFC 9773 section 4.2: an end that is not behind the start is no window.
      if (window.end <= window.start) return { suggestion: { of, askAt: now + WHEN_FAILED_MS } };
      const wait = Math.min(LATEST_MS, Math.max(SOONEST_MS, retryAfterMs || WHEN_FAILED_MS));
      return { suggestion: { of, window, askAt: now + wait } };
    } catch (thrown) {
      const trouble =
        thrown instanceof AcmeRefusal
          ? thrown
          : new AcmeRefusal("refused", "the CA must tell a window of renewal (RFC 9773)", { cause: thrown });
      return { suggestion: { of, askAt: now + WHEN_FAILED_MS }, trouble };
    }
  }

  /** The directory is read once a day, for all certificates. */
  async #base(transport: Transport, now: number): Promise<string | undefined> {
    if (this.#resource !== undefined && now < this.#resource.until) return this.#resource.url;
    const { renewalInfo: url } = directory.parse((await getJson(transport, this.#directory)).value);
    this.#resource = { url, until: now + LATEST_MS };
    return url;
  }
}
