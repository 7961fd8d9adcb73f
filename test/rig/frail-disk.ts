import type { DiskFile, DiskFiles } from "../../edge/store/disk/disk-files.ts";

interface Content {
  /** As the process sees it. */
  bytes: Buffer;
  /** Its memory, with room to grow: a copy with each write would take longer with each. */
  space?: Buffer;
  /** What a power cut leaves at least. */
  synced: Buffer;
}

/** A directory in memory that can lose power, run full and rot. */
export class FrailDisk implements DiskFiles {
  #contents = new Map<string, Content>();
  /** Bytes that it has room for. */
  room = Number.POSITIVE_INFINITY;
  #gate: PromiseWithResolvers<void> | undefined;
  /** Writes that have begun, and hang. */
  heldWrites = 0;
  /** Takes its time before each read. */
  beforeRead: (() => Promise<void>) | undefined;
  /** Thrown by the next reads. */
  readError: Error | undefined;
  /** So many more come before. */
  readsBeforeError = 0;
  /** The most bytes that it ever held. */
  most = 0;

  async list(): Promise<ReadonlyMap<string, number>> {
    return new Map(Array.from(this.#contents, ([name, { bytes }]) => [name, bytes.byteLength]));
  }

  async open(name: string, how: "new" | "old"): Promise<DiskFile> {
    if (how === "new") this.#contents.set(name, { bytes: Buffer.alloc(0), synced: Buffer.alloc(0) });
    const content = this.#contents.get(name);
    if (content === undefined) throw new Error(`ENOENT: there is no ${name}`);
    return {
      write: async (pieces, position) => {
        if (this.#gate !== undefined) {
          this.heldWrites += 1;
          await this.#gate.promise;
        }
        const added = Buffer.concat(pieces);
        const grown = Math.max(content.bytes.byteLength, position + added.byteLength);
        this.#mustFit(grown - content.bytes.byteLength);
        const { space } = content;
        if (space?.buffer === content.bytes.buffer && space.byteLength >= grown)
          content.bytes = space.subarray(0, grown);
        else {
          content.space = Buffer.alloc(2 * grown);
          content.bytes.copy(content.space);
          content.bytes = content.space.subarray(0, grown);
        }
        added.copy(content.bytes, position);
        this.#note();
      },
      read: async (into, position) => {
        await this.beforeRead?.();
        if (this.readError !== undefined) {
          if (this.readsBeforeError === 0) throw this.readError;
          this.readsBeforeError -= 1;
        }
        return content.bytes.copy(into, 0, position);
      },
      sync: async () => {
        content.synced = Buffer.from(content.bytes);
      },
      close: async () => undefined,
    };
  }

  async readAll(name: string): Promise<Buffer | undefined> {
    const content = this.#contents.get(name);
    return content && Buffer.from(content.bytes);
  }

  async replace(name: string, bytes: Uint8Array): Promise<void> {
    this.#mustFit(bytes.byteLength);
    this.#contents.set(name, { bytes: Buffer.from(bytes), synced: Buffer.from(bytes) });
    this.#note();
  }

  async remove(name: string): Promise<void> {
    this.#contents.delete(name);
  }

  /** From now on writes hang. */
  holdWrites(): void {
    this.#gate = Promise.withResolvers();
  }

  letWritesGo(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  get held(): number {
    let sum = 0;
    for (const { bytes } of this.#contents.values()) sum += bytes.byteLength;
    return sum;
  }

  #mustFit(bytes: number): void {
    if (this.held + bytes > this.room)
      throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  }

  #note(): void {
    this.most = Math.max(this.most, this.held);
  }

  /** The same directory after a power cut: of what was not synced, so many bytes of each file came through. */
  afterPowerCut(unsynced: (name: string, bytes: number) => number): FrailDisk {
    const after = new FrailDisk();
    for (const [name, { bytes, synced }] of this.#contents) {
      const kept = synced.byteLength + unsynced(name, bytes.byteLength - synced.byteLength);
      const left = Buffer.from(bytes.subarray(0, kept));
      after.#contents.set(name, { bytes: left, synced: left });
    }
    return after;
  }

  /** Changes the bytes of a file. */
  change(name: string, change: (bytes: Buffer) => Buffer): void {
    const content = this.#contents.get(name);
    if (content === undefined) throw new Error(`there is no ${name}`);
    content.bytes = change(Buffer.from(content.bytes));
  }

  get names(): readonly string[] {
    return [...this.#contents.keys()];
  }
}
