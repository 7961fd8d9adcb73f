/**
 * A router whose ports for clients are served by several threads. Each thread is a router of its own beside the first: it
 * measures the edges and chooses among them. The first thread has the operator port, and tells the sum.
 */
import { Worker } from "node:worker_threads";
import type { Clock } from "../process/clock.ts";
import type { Log } from "../process/log.ts";
import { writeThreadLine } from "../process/thread-log.ts";
import { ThreadWatch } from "../process/thread-watch.ts";
import type { ClientPorts } from "./routing.ts";
import type { FromThread, ThreadReport, ThreadStart, ToThread } from "./thread-messages.ts";

export interface RouterThreads {
  /** Beside the first one. */
  readonly count: number;
  /** Resolves when all of them listen. Throws a Failure. */
  start(ports: ClientPorts): Promise<void>;
  /** What each of them has counted. One that does not answer is left out. */
  reports(): Promise<readonly ThreadReport[]>;
  /** Gives requests in flight the time that a router gives them. */
  stop(): Promise<void>;
}

/** One thread does everything. */
export const NO_THREADS: RouterThreads = {
  count: 0,
  start: async () => undefined,
  reports: async () => [],
  stop: async () => undefined,
};

// How often each thread is looked at, as process/thread-watch.ts expects it.
const LOOK_MS = 50;
// Before a thread that has ended is started again, so that one that cannot start takes no processor.
const RESTART_MS = 250;
// A page of the operator port does not wait longer for a thread that is busy.
const REPORT_MS = 1_000;
// How long a thread may take to stop: what a router gives its requests, and a moment.
const STOP_MS = 12_000;

export interface ThreadsParts {
  readonly log: Log;
  readonly clock: Clock;
  /** The command line, from which each thread reads the same settings. */
  readonly argv: readonly string[];
}

/** `count` threads beside the first one. */
export class WorkerThreads implements RouterThreads {
  readonly count: number;
  readonly #parts: ThreadsParts;
  readonly #threads: RoutingThread[];
  readonly #stopped = new AbortController();

  constructor(count: number, parts: ThreadsParts) {
    this.count = count;
    this.#parts = parts;
    this.#threads = Array.from({ length: count }, (_, n) => new RoutingThread(n + 2, parts));
  }

  async start(ports: ClientPorts): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.start(ports)));
    void this.#watch();
  }

  async reports(): Promise<readonly ThreadReport[]> {
    const reports = await Promise.all(this.#threads.map((thread) => thread.report()));
    return reports.filter((report) => report !== undefined);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }

  /** Never rejects. */
  async #watch(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      for (const thread of this.#threads) thread.look();
      await this.#parts.clock.wait(LOOK_MS, this.#stopped.signal).catch(() => undefined);
    }
  }
}

/** One thread. It is replaced when it ends or hangs. */
class RoutingThread {
  readonly #number: number;
  readonly #parts: ThreadsParts;
  readonly #watch = new ThreadWatch();
  #beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #worker: Worker | undefined;
  #reports: PromiseWithResolvers<ThreadReport | undefined> | undefined;
  #stopped: PromiseWithResolvers<void> | undefined;

  constructor(number: number, parts: ThreadsParts) {
    this.#number = number;
    this.#parts = parts;
  }

  /** Resolves when it listens. */
  async start(ports: ClientPorts): Promise<void> {
    const { log, argv } = this.#parts;
    const workerData: ThreadStart = { ports, beats: this.#beats, logLevel: log.level };
    const worker = new Worker(new URL("./routing-thread.ts", import.meta.url), {
      workerData,
      argv: [...argv],
    });
    this.#worker = worker;
    const listens = Promise.withResolvers<void>();
    worker.on("message", (message: FromThread) => {
      switch (message.kind) {
        case "listens":
          listens.resolve();
          break;
        case "log":
          writeThreadLine(message.line, log, { worker: this.#number });
          break;
        case "report":
          this.#reports?.resolve(message.report);
          break;
        case "stopped":
          this.#stopped?.resolve();
      }
    });
    worker.on("error", (err) => {
      log.error({ err, worker: this.#number }, "serving thread failed");
      listens.reject(err);
    });
    worker.on("exit", () => {
      this.#worker = undefined;
      this.#reports?.resolve(undefined);
      if (this.#stopped !== undefined) this.#stopped.resolve();
      else void this.#replace(ports);
    });
    await listens.promise;
  }

  async report(): Promise<ThreadReport | undefined> {
    if (this.#worker === undefined) return undefined;
    if (this.#reports === undefined) {
      this.#reports = Promise.withResolvers();
      this.#send({ kind: "report" });
    }
    const asked = this.#reports;
    const late = new AbortController();
    const report = await Promise.race([
      asked.promise,
      this.#parts.clock.wait(REPORT_MS, late.signal).then(
        () => undefined,
        () => undefined,
      ),
    ]);
    late.abort();
    if (this.#reports === asked) this.#reports = undefined;
    return report;
  }

  look(): void {
    if (this.#watch.look(Atomics.load(this.#beats, 0)) === "alive") return;
    this.#parts.log.error({ worker: this.#number }, "serving thread hangs: it is replaced");
    void this.#worker?.terminate();
  }

  async stop(): Promise<void> {
    this.#stopped ??= Promise.withResolvers();
    if (this.#worker === undefined) return;
    this.#send({ kind: "stop" });
    const late = new AbortController();
    await Promise.race([
      this.#stopped.promise,
      this.#parts.clock.wait(STOP_MS, late.signal).catch(() => undefined),
    ]);
    late.abort();
    await this.#worker?.terminate();
  }

  #send(message: ToThread): void {
    this.#worker?.postMessage(message);
  }

  /** Never rejects. */
  async #replace(ports: ClientPorts): Promise<void> {
    const { log, clock } = this.#parts;
    log.warn({ worker: this.#number }, "serving thread ended: another one takes its place");
    await clock.wait(RESTART_MS);
    if (this.#stopped !== undefined) return;
    await this.start(ports).catch((err: unknown) =>
      log.error({ err, worker: this.#number }, "serving thread cannot be started"),
    );
  }
}
