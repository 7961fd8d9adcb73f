import { hkdfSync, randomBytes } from "node:crypto";
import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
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
  #key: Buffer;
  /** Wall time, of the key in the file. */
  #madeAt: number;
  #complained = false;

  /** Throws Failure("bad-config"): the file is there and is no key. */
  constructor(path: string | undefined, clock: Pick<Clock, "wall">, log: Pick<Log, "warn">) {
    this.#path = path;
    this.#clock = clock;
    this.#log = log;
    this.#madeAt = clock.wall();
    this.#key = keyInMemory(this.#madeAt);
    if (path === undefined) return;
    const found = readKey(path);
    if (found === undefined) this.#write(path, randomBytes(TICKET_KEY_BYTES));
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

  /** Looks whether there is a new key, and writes one when it is time. Returns whether it has changed. */
  refresh(): boolean {
    const before = this.#key;
    if (this.#path === undefined) this.#key = keyInMemory(this.#clock.wall());
    else this.#refreshFile(this.#path);
    return !before.equals(this.#key);
  }

  #refreshFile(path: string): void {
    const found = readKey(path);
    if (found?.key.length === TICKET_KEY_BYTES) this.#take(found);
    // A clock that was set back must not keep a key for ever.
    if (Math.abs(this.#clock.wall() - this.#madeAt) >= ROTATE_MS)
      this.#write(path, randomBytes(TICKET_KEY_BYTES));
  }

  #take({ key, madeAt }: { readonly key: Buffer; readonly madeAt: number }): void {
    this.#key = key;
    this.#madeAt = madeAt;
  }

  /** A file that cannot be written is somebody else's to rotate. */
  #write(path: string, key: Buffer): void {
    const draft = `${path}.${process.pid}.new`;
    try {
      writeFileSync(draft, key, { mode: 0o600 });
      // At once for every reader: none sees half a key.
      renameSync(draft, path);
      this.#take({ key, madeAt: this.#clock.wall() });
    } catch (thrown) {
      if (!this.#complained)
        this.#log.warn({ path, cause: describeError(thrown) }, "ticket keys cannot be written");
      this.#complained = true;
    }
  }
}

// The name of the secret among the data that node gives to new threads. The main thread makes it before it starts any.
const NAME = "edgecache-ticket-secret";
const SECRET = secretOfProcess();

/** The same for every thread of the process, and a new one every 12 h of wall time. */
function keyInMemory(now: number): Buffer {
  const period = Math.floor(now / ROTATE_MS);
  return Buffer.from(hkdfSync("sha256", SECRET, "", `tickets ${period}`, TICKET_KEY_BYTES));
}

function secretOfProcess(): Uint8Array {
  const known = getEnvironmentData(NAME);
  if (known instanceof Uint8Array) return known;
  const made = randomBytes(32);
  setEnvironmentData(NAME, made);
  return made;
}

function readKey(path: string): { readonly key: Buffer; readonly madeAt: number } | undefined {
  try {
    return { key: readFileSync(path), madeAt: statSync(path).mtimeMs };
  } catch {
    // It is not there yet, or not readable: the caller writes it and says so when it cannot.
    return undefined;
  }
}
