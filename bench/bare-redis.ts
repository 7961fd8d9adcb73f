import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { z } from "zod";

const READER = fileURLToPath(new URL("./stream-reader.ts", import.meta.url));
const STREAM = "bench:bare";
// The size of a purge of one URL in the log.
const PAYLOAD = "x".repeat(160);

const arrival = z.object({ id: z.string(), cameAt: z.string().regex(/^\d+$/).transform(BigInt) });

/** XADD by one client, XREAD by three others in processes of their own: the floor of anything built on a stream. */
export class BareRedis {
  readonly #writer: Redis;
  readonly #readers: readonly ChildProcess[];
  readonly #came = new Map<string, bigint[]>();
  #arrived = Promise.withResolvers<void>();

  private constructor(url: string, readers: readonly ChildProcess[]) {
    this.#writer = new Redis(url);
    this.#readers = readers;
    for (const reader of readers) reader.on("message", (message) => this.#take(message));
  }

  static async start(url: string, readers: number): Promise<BareRedis> {
    const processes = Array.from({ length: readers }, () => fork(READER, [url, STREAM]));
    await Promise.all(processes.map((process) => once(process, "message")));
    const bare = new BareRedis(url, processes);
    // The first reads may begin after a reader said that it is ready: one entry that all have seen comes first.
    for (let seen = false; !seen; )
      seen = await Promise.race([bare.milliseconds().then(() => true), later()]);
    return bare;
  }

  /** From before XADD is written until the last of the readers has the entry. */
  async milliseconds(): Promise<number> {
    const sentAt = process.hrtime.bigint();
    const id = await this.#writer.xadd(STREAM, "*", "purge", PAYLOAD);
    if (id === null) throw new Error("XADD gave no id");
    for (;;) {
      const came = this.#came.get(id) ?? [];
      if (came.length === this.#readers.length) {
        this.#came.clear();
        return Math.max(...came.map((cameAt) => Number(cameAt - sentAt))) / 1e6;
      }
      await this.#arrived.promise;
    }
  }

  close(): void {
    this.#writer.disconnect();
    for (const reader of this.#readers) reader.kill();
  }

  #take(message: unknown): void {
    const { id, cameAt } = arrival.parse(message);
    this.#came.set(id, [...(this.#came.get(id) ?? []), cameAt]);
    const arrived = this.#arrived;
    this.#arrived = Promise.withResolvers();
    arrived.resolve();
  }
}

function later(): Promise<boolean> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(false), 200);
  });
}
