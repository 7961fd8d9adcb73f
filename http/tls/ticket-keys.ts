import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import type { Clock } from "../../process/clock.ts";
import { describeError, Failure } from "../../process/failure.ts";
import type { Log } from "../../process/log.ts";

/** What a TLS server of node needs: a name, a key to sign, a key to encrypt, of 16 bytes each. */
export const TICKET_KEY_BYTES = 48;

// RFC 8446 section 4.6.1 allows seven days. Whoever steals a key can read the sessions of TLS 1.2 that it sealed.
const ROTATE_MS = 12 * 3_600_000;

/**
 * The key that seals session tickets. Programs that have the same key resume each other's sessions, and so does a program
 * that was restarted. It lives in memory, or in a file that all of them read; the first that finds it old writes a new one.
 * After a rotation each client makes one full handshake.
 */
export class TicketKeys {
  readonly #path: string | undefined;
  readonly #clock: Pick<Clock, "wall">;
  readonly #log: Pick<Log, "warn">;
  #key: Buffer = randomBytes(TICKET_KEY_BYTES);
  #madeAt: number;
  #complained = false;

  /** Throws Failure("bad-config"): the file is there and is no key. */
  constructor(path: string | undefined, clock: Pick<Clock, "wall">, log: Pick<Log, "warn">) {
    this.#path = path;
    this.#clock = clock;
    this.#log = log;
    this.#madeAt = clock.wall();
    if (path === undefined) return;
    const found = readKey(path);
    if (found === undefined) this.#write(path, this.#key);
    else if (found.key.length === TICKET_KEY_BYTES) this.#take(found);
    else {
      const rule = `must be a file of ${TICKET_KEY_BYTES} bytes, or not exist yet`;
      throw new Failure(
        "bad-config",
        "config",
        `--tls-ticket-keys: ${rule}; ${path} has ${found.key.length}`,
      );
    }
  }

  get key(): Buffer {
    return this.#key;
  }

  /** Looks whether another program has written a new key, and writes one when it is time. Whether the key has changed. */
  refresh(): boolean {
    const before = this.#key;
    const path = this.#path;
    const found = path === undefined ? undefined : readKey(path);
    if (found?.key.length === TICKET_KEY_BYTES) this.#take(found);
    // A clock that was set back must not keep a key for ever.
    const age = Math.abs(this.#clock.wall() - this.#madeAt);
    if (age >= ROTATE_MS) {
      const key = randomBytes(TICKET_KEY_BYTES);
      if (path === undefined || this.#write(path, key)) {
        this.#key = key;
        this.#madeAt = this.#clock.wall();
      }
    }
    return !before.equals(this.#key);
  }

  #take({ key, madeAt }: { readonly key: Buffer; readonly madeAt: number }): void {
    this.#key = key;
    this.#madeAt = madeAt;
  }

  /** A file that cannot be written is somebody else's to rotate. */
  #write(path: string, key: Buffer): boolean {
    const draft = `${path}.${process.pid}.new`;
    try {
      writeFileSync(draft, key, { mode: 0o600 });
      // At once for every reader: none sees half a key.
      renameSync(draft, path);
      return true;
    } catch (thrown) {
      if (!this.#complained)
        this.#log.warn({ path, cause: describeError(thrown) }, "ticket keys cannot be written");
      this.#complained = true;
      return false;
    }
  }
}

function readKey(path: string): { readonly key: Buffer; readonly madeAt: number } | undefined {
  try {
    return { key: readFileSync(path), madeAt: statSync(path).mtimeMs };
  } catch {
    // It is not there yet, or not readable: the caller writes it and says so when it cannot.
    return undefined;
  }
}
