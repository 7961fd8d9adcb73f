import { createSecureContext, type SecureContext } from "node:tls";
import type { Clock } from "../../process/clock.ts";
import { TLS_POLICY } from "../tls/tls-policy.ts";
import type { AcmeFolder } from "./acme-folder.ts";

/** RFC 8555 section 8.1: base64url. The length is that of a file name. */
export const TOKEN = /^[A-Za-z0-9_-]{1,200}$/;

// A look reads the names of two folders that are empty most of the time.
const LOOK_MS = 1_000;
/** How long a new challenge is kept from the CA: three looks, so that a disk may show it a little late. */
export const SPREAD_MS = 3 * LOOK_MS;

// One order is under way at a time, and it has one challenge. Files beyond that are not ours.
const MOST = 100;

/** The challenges of the orders under way, of whichever program of the fleet: the CA may ask any of them. */
export class Challenges {
  readonly #folder: AcmeFolder;
  readonly #clock: Clock;
  #byToken: ReadonlyMap<string, string> = new Map();
  #byHost: ReadonlyMap<string, SecureContext> = new Map();

  constructor(folder: AcmeFolder, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** RFC 8555 section 8.3: what is answered for the token; undefined: it is none of ours. */
  keyAuthorization(token: string): string | undefined {
    return this.#byToken.get(token);
  }

  /** RFC 8737 section 3: what a handshake for the host must show; undefined: there is no challenge for it. */
  certificateFor(host: string): SecureContext | undefined {
    return this.#byHost.get(host.toLowerCase());
  }

  /** Looks for new ones now and then. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look();
      await this.#clock.wait(LOOK_MS, signal).catch(() => undefined);
    }
  }

  async look(): Promise<void> {
    this.#byToken = await this.#read("http-01", this.#byToken, (text) => text);
    this.#byHost = await this.#read("tls-alpn-01", this.#byHost, contextOf);
  }

  async #read<T>(
    shelf: "http-01" | "tls-alpn-01",
    known: ReadonlyMap<string, T>,
    parse: (text: string) => T | undefined,
  ): Promise<ReadonlyMap<string, T>> {
    const files = await this.#folder.names(shelf);
    if (files.length === 0) return known.size === 0 ? known : new Map();
    const found = new Map<string, T>();
    for (const file of files.slice(0, MOST)) {
      const name = file.replace(/\.pem$/, "");
      const text = await this.#folder.read(this.#folder.on(shelf, file));
      const value = text === undefined ? undefined : parse(text);
      if (value !== undefined) found.set(name, value);
    }
    return found;
  }
}

function contextOf(pem: string): SecureContext | undefined {
  try {
    return createSecureContext({ ...TLS_POLICY, cert: pem, key: pem });
  } catch {
    // Somebody else put it there: no client can ask for it.
    return undefined;
  }
}
