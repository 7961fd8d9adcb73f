import type { Worker } from "node:worker_threads";
import type { Clock } from "./clock.ts";
import { Failure } from "./failure.ts";
import type { Log } from "./log.ts";
import { writeThreadLine } from "./thread-log.ts";
import { BEAT_MS, type Standing, ThreadWatch } from "./thread-watch.ts";

/** The messages by which every such thread tells of itself. */
export type ThreadNews =
  | { readonly kind: "listens" }
  | { readonly kind: "cannot-listen"; readonly message: string; readonly code: string }
  | { readonly kind: "log"; readonly line: string }
  | { readonly kind: "closed" };

/** A thread that was started a moment ago. */
export interface Spawned<Said> {
  readonly worker: Worker;
  /** Takes its other messages. */
  readonly take: (said: Said) => void;
  /** It has ended. */
  readonly gone?: () => void;
}

export interface KeptThreadParts<Said> {
  /** Tells it from the others, in the log. */
  readonly number: number;
  readonly log: Log;
  readonly clock: Clock;
  /** `beats`: the thread adds one to its first word each BEAT_MS, from when it listens on. */
  readonly spawn: (beats: Int32Array) => Spawned<Said>;
}

// Before a thread that has ended is started again, so that one that cannot start takes no processor.
const RESTART_MS = 250;

const kept = new Set<{ readonly standing: Standing }>();

/** Of each serving thread of this process that is kept. */
export function standings(): readonly Standing[] {
  return [...kept].map(({ standing }) => standing);
}

/** A serving thread that is replaced when it ends or hangs, until it is closed. */
export class KeptThread<Said extends { readonly kind: string }, Told> {
  readonly #parts: KeptThreadParts<Said>;
  readonly #beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #worker: Worker | undefined;
  #standing: Standing = "absent";
  #closed: PromiseWithResolvers<void> | undefined;

  constructor(parts: KeptThreadParts<Said>) {
    this.#parts = parts;
  }

  get runs(): boolean {
    return this.#worker !== undefined;
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** Resolves when it listens. Rejects when it cannot, or ends before. */
  async open(): Promise<void> {
    const { number, log, spawn } = this.#parts;
    const { worker, take, gone } = spawn(this.#beats);
    this.#worker = worker;
    kept.add(this);
    const listens = Promise.withResolvers<void>();
    worker.on("message", (message: Said | ThreadNews) => {
      if (!isNews(message)) take(message);
      else if (message.kind === "listens") listens.resolve();
      else if (message.kind === "log") writeThreadLine(message.line, log, { worker: number });
      else if (message.kind === "closed") this.#closed?.resolve();
      else {
        listens.reject(new Failure(message.code, "config", message.message));
        void worker.terminate();
      }
    });
    worker.on("error", (err) => {
      log.error({ err, worker: number }, "serving thread failed");
      listens.reject(err);
    });
    worker.on("exit", () => {
      listens.reject(new Error("the thread ended before it listened"));
      this.#worker = undefined;
      this.#standing = "absent";
      gone?.();
      if (this.#closed !== undefined) this.#closed.resolve();
      else void this.#replace();
    });
    await listens.promise;
    this.#standing = "serves";
    void this.#watch(worker);
  }

  /** Nobody gets it while there is no thread. */
  send(message: Told, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker?.postMessage(message, [...transfer]);
  }

  /** Asks it to close by this message, and ends it after `withinMs`. */
  async close(message: Told, withinMs: number): Promise<void> {
    this.#closed ??= Promise.withResolvers();
    kept.delete(this);
    const worker = this.#worker;
    if (worker === undefined) return;
    this.send(message);
    const inTime = new AbortController();
    const late = this.#parts.clock.wait(withinMs, inTime.signal).catch(() => undefined);
    await Promise.race([this.#closed.promise, late]);
    inTime.abort();
    await worker.terminate();
  }

  /**
   * From when it listens on, because to start may take long on a busy machine, and while it closes, because one that hangs
   * ends nothing. Never rejects.
   */
  async #watch(worker: Worker): Promise<void> {
    const { clock, log, number } = this.#parts;
    const watch = new ThreadWatch();
    while (this.#worker === worker) {
      await clock.wait(BEAT_MS);
      if (this.#worker !== worker || watch.look(Atomics.load(this.#beats, 0)) === "alive") continue;
      const becomes = this.#closed === undefined ? "replaced" : "ended";
      this.#standing = "hangs";
      log.error({ worker: number }, `serving thread hangs: it is ${becomes}`);
      await worker.terminate();
    }
  }

  /** Never rejects. */
  async #replace(): Promise<void> {
    const { clock, log, number } = this.#parts;
    log.warn(
      { sampled: "thread-ended", worker: number },
      "serving thread ended: another one takes its place",
    );
    await clock.wait(RESTART_MS);
    if (this.#closed !== undefined) return;
    await this.open().catch((err: unknown) => {
      // Where it was closed meanwhile, it had no time to start.
      if (this.#closed === undefined)
        log.error({ sampled: "thread-start", err, worker: number }, "serving thread cannot be started");
    });
  }
}

const NEWS: ReadonlySet<string> = new Set([
  "listens",
  "cannot-listen",
  "log",
  "closed",
] satisfies ThreadNews["kind"][]);

function isNews(message: { readonly kind: string } | ThreadNews): message is ThreadNews {
  return NEWS.has(message.kind);
}
