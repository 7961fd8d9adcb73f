import { Worker } from "node:worker_threads";
import type { EncodingJob } from "./encode.ts";

const ENDED = "the encoding thread has ended";

/** Encodes in a thread of its own, which is started when it is needed first, and again after it has ended. */
export class Encoder {
  #thread: Worker | undefined;
  #waiting: PromiseWithResolvers<Uint8Array> | undefined;

  /** One body at a time: the next one when this promise is settled. The memory of its bytes goes to the thread. */
  encode(job: EncodingJob): Promise<Uint8Array> {
    const waiting = Promise.withResolvers<Uint8Array>();
    this.#waiting = waiting;
    this.#thread ??= this.#start();
    const given = "dictionary" in job ? [job.body, job.dictionary] : [job.body];
    this.#thread.postMessage(
      job,
      given.map(({ buffer }) => buffer),
    );
    return waiting.promise;
  }

  /** What is under way is given up. */
  async stop(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    this.#waiting?.reject(new Error(ENDED));
    await thread?.terminate();
  }

  #start(): Worker {
    const thread = new Worker(new URL("./encoding-thread.ts", import.meta.url));
    // An edge that stops does not wait for it.
    thread.unref();
    thread.on("message", (encoded: Uint8Array) => this.#waiting?.resolve(encoded));
    const ended = (thrown?: unknown): void => {
      if (this.#thread !== thread) return;
      this.#thread = undefined;
      this.#waiting?.reject(thrown instanceof Error ? thrown : new Error(ENDED));
    };
    thread.on("error", ended);
    thread.on("exit", () => ended());
    return thread;
  }
}
