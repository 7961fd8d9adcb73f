import { createHash } from "node:crypto";
import type { Clock } from "../clock.ts";
import { readSmallFile } from "./small-file.ts";

// An operator who has saved a file looks up after about so long.
const LOOK_MS = 2_000;

/** The files that settings were read from, so that a change of them is seen. */
export class SettingsFiles {
  readonly #readFile: (path: string) => string;
  readonly #digests = new Map<string, string>();

  constructor(readFile = readSmallFile) {
    this.#readFile = readFile;
  }

  /** Gives the text of a file, and remembers it. Throws an Error when it cannot be read. */
  readonly read = (path: string): string => {
    this.#digests.set(path, "unreadable");
    const text = this.#readFile(path);
    this.#digests.set(path, digestOf(text));
    return text;
  };

  /** Whether one of the files is not as it was when it was last read, or last looked at by this. */
  changed(): boolean {
    const before = [...this.#digests];
    for (const [path] of before) {
      try {
        this.read(path);
      } catch {
        // The reading that follows says what is wrong with it.
      }
    }
    return before.some(([path, digest]) => this.#digests.get(path) !== digest);
  }

  /** Calls `act` after each change, until the signal aborts. Never rejects; `act` must not. */
  async follow(clock: Clock, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      await clock.wait(LOOK_MS, signal).catch(() => undefined);
      if (!signal.aborted && this.changed()) await act();
    }
  }
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
