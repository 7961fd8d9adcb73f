import { constants, write } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Sink } from "../../process/log-writer.ts";

// Addresses and URLs of clients are for the owner and his group only.
const MODE = 0o640;
// A pipe without a reader is an error, not a wait.
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

const writeTo = (descriptor: number, bytes: Uint8Array) =>
  new Promise<number>((resolve, reject) => {
    write(descriptor, bytes, (error, written) => (error === null ? resolve(written) : reject(error)));
  });

/** A file at whose end lines are added. It stays in use when it is renamed, until it is opened again. */
export class LogFile {
  #path: string;
  readonly #trouble: (cause: unknown) => void;
  #file: FileHandle | undefined;
  /** One after the other: a write, or an opening. */
  #work: Promise<void> = Promise.resolve();
  #isBroken = false;

  /** `trouble`: told of the first write or opening of several that fails. */
  constructor(path: string, trouble: (cause: unknown) => void) {
    this.#path = path;
    this.#trouble = trouble;
  }

  /** Rejects when it cannot be written to. */
  async open(): Promise<void> {
    this.#file = await open(this.#path, FLAGS, MODE);
  }

  readonly sink: Sink = (bytes, done) => {
    this.#work = this.#work.then(async () => done(await this.#tried(() => this.#write(bytes))));
  };

  /** Goes on at the end of the file that has the path now, which is made when there is none. */
  reopen(path = this.#path): Promise<void> {
    this.#work = this.#work.then(async () => {
      await this.#tried(async () => {
        const next = await open(path, FLAGS, MODE);
        this.#path = path;
        await this.#file?.close();
        this.#file = next;
      });
    });
    return this.#work;
  }

  close(): Promise<void> {
    this.#work = this.#work.then(async () => {
      await this.#file?.close();
      this.#file = undefined;
    });
    return this.#work;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const descriptor = this.#file?.fd;
    if (descriptor === undefined) throw new Error("the access log is closed");
    for (let rest = bytes; rest.byteLength > 0; ) rest = rest.subarray(await writeTo(descriptor, rest));
  }

  /** A full disk may have room again, and a pipe a reader: the next lines are tried. */
  async #tried(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      this.#isBroken = false;
      return true;
    } catch (cause) {
      if (!this.#isBroken) this.#trouble(cause);
      this.#isBroken = true;
      return false;
    }
  }
}
