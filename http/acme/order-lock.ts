import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import type { Clock } from "../../process/clock.ts";
import type { AcmeFolder } from "./acme-folder.ts";

// A holder says this often that it lives.
export const BEAT_MS = 10_000;
// A holder that could not say so for this long stops. It leaves those who wait as long again, for disks that show files late.
export const HELD_MS = 30_000;
/** A program that waits takes the lock of a holder that has said nothing for this long. */
export const DEAD_MS = 2 * HELD_MS;

const RELEASED = "released";

/** What another holder last said, and since when that has stood there, by this program's own clock. */
interface Seen {
  readonly name: string;
  readonly said: string;
  readonly since: number;
}

/**
 * Lets one program of a fleet order at a time. The lock is the file with the highest number. The program that makes it
 * holds it, because the system makes a file of one name once. A lock that is free, or whose holder is dead, is taken by
 * making the next number, so no two can take it over at once, and no clock is compared with that of another machine.
 */
export class OrderLock {
  readonly #folder: AcmeFolder;
  readonly #clock: Clock;
  readonly #id: string = randomUUID();
  #lost = new AbortController();
  #seen: Seen | undefined;
  #held: { readonly number: number; saidAt: number; beats: number } | undefined;

  constructor(folder: AcmeFolder, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** Aborts when the lock that was taken last is lost. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Whether this program holds the lock, and no other can have taken it. */
  get isHeld(): boolean {
    return this.#held !== undefined && this.#clock.monotonic() - this.#held.saidAt < HELD_MS;
  }

  /** Takes the lock if it is free, or its holder is dead. Throws when the folder cannot be written. */
  async take(): Promise<boolean> {
    const highest = await this.#highest();
    if (highest > 0 && !(await this.#isFree(highest))) return false;
    const number = highest + 1;
    const saidAt = this.#clock.monotonic();
    try {
      await writeFile(this.#path(number), this.#said(0), { flag: "wx", mode: 0o600 });
    } catch (thrown) {
      if (thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST") return false;
      throw thrown;
    }
    // A list that was read too early may have ended below: then the number is an old one.
    if ((await this.#highest()) !== number) {
      await this.#folder.remove(this.#path(number));
      return false;
    }
    this.#held = { number, saidAt, beats: 0 };
    this.#lost = new AbortController();
    for (const below of await this.#numbers())
      if (below < number) await this.#folder.remove(this.#path(below));
    return true;
  }

  /** Says now and then that the holder lives, until `signal`. Never rejects. */
  async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#held !== undefined) {
      await this.#clock.wait(BEAT_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      await this.#beat();
      if (!this.isHeld) this.#lost.abort(new Error("another program may have taken the lock over"));
    }
  }

  async #beat(): Promise<void> {
    const held = this.#held;
    if (held === undefined) return;
    const saidAt = this.#clock.monotonic();
    held.beats += 1;
    try {
      // Only a file that is still there: one that was taken over must not come back.
      await writeFile(this.#path(held.number), this.#said(held.beats), { flag: "r+" });
      if ((await this.#highest()) === held.number) held.saidAt = saidAt;
    } catch {
      // It runs out by itself while it cannot be written.
    }
    if ((await this.#highest()) > held.number) this.#held = undefined;
  }

  /** Lets the next one have it at once. */
  async release(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return;
    await this.#folder.write(this.#path(held.number), RELEASED).catch(() => undefined);
  }

  async #isFree(number: number): Promise<boolean> {
    const name = String(number);
    const said = await readFile(this.#path(number), "utf8").catch(() => "");
    if (said === RELEASED) return true;
    const now = this.#clock.monotonic();
    if (this.#seen?.name !== name || this.#seen.said !== said) this.#seen = { name, said, since: now };
    return now - this.#seen.since >= DEAD_MS;
  }

  #path(number: number): string {
    return this.#folder.on("lock", String(number));
  }

  #said(beats: number): string {
    // Of one length, because it is written over what stands there.
    return `${this.#id} ${String(beats).padStart(8, "0")}`;
  }

  async #numbers(): Promise<readonly number[]> {
    const names = await this.#folder.names("lock");
    return names.filter((name) => /^\d{1,12}$/.test(name)).map(Number);
  }

  async #highest(): Promise<number> {
    return Math.max(0, ...(await this.#numbers()));
  }
}
