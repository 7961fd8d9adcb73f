/**
 * An edge whose data port is served by several threads is one edge. The control thread, which runs this file, is the only
 * one that fetches, stores and purges. A serving thread accepts connections, and answers with copies of stored
 * responses as long as their tickets are current. For everything else it asks the control thread.
 */
import { Worker } from "node:worker_threads";
import type { TlsFront } from "../../../http/tls/tls-front.ts";
import { Failure } from "../../../process/failure.ts";
import { portToShare } from "../../../process/listen.ts";
import { writeThreadLine } from "../../../process/thread-log.ts";
import { ThreadWatch } from "../../../process/thread-watch.ts";
import type { CacheContext } from "../../cache/context.ts";
import { momentOf } from "../../rules/moment.ts";
import type { DataPort } from "../data-port.ts";
import type { Excess } from "../slow-clients.ts";
import { type AnsweringParts, AnsweringPort } from "./answering-port.ts";
import { type FromWorker, GAUGES, type ToWorker, type WorkerStart } from "./messages.ts";
import type { SharedEdge } from "./shared-edge.ts";
import { hrtimeMs } from "./thread-time.ts";

// How often the threads learn that the lease goes on. The shortest lease is a second.
const LEASE_MS = 50;
// Before a thread that has ended is started again, so that one that cannot start takes no processor.
const RESTART_MS = 250;
// How long the threads may take to close beyond the patience that they are given.
const CLOSING_MS = 2_000;

export interface WorkersParts extends Pick<AnsweringParts, "serve" | "mayBeAhead"> {
  readonly edge: CacheContext;
  readonly shared: SharedEdge;
  readonly leaseLeftMs: () => number;
  readonly start: Pick<WorkerStart, "id" | "sites" | "config" | "tls" | "connections" | "copiesBytes">;
}

export class Workers implements DataPort {
  readonly #parts: WorkersParts;
  readonly #threads: ServingThread[];
  readonly #stopped = new AbortController();
  #tls: TlsFront | undefined;
  #tlsPort: number | undefined;

  constructor(parts: WorkersParts) {
    this.#parts = parts;
    this.#threads = parts.shared.cells.map(
      (counters, n) => new ServingThread(n + 1, parts, counters, () => this.#grantLease()),
    );
  }

  get inFlight(): number {
    return this.#threads.reduce((sum, thread) => sum + thread.gauge("inFlight"), 0);
  }

  get loopDelayMs(): number {
    return Math.max(...this.#threads.map((thread) => thread.gauge("loopDelayMs")));
  }

  get tlsPort(): number | undefined {
    return this.#tlsPort;
  }

  get certificateDaysLeft(): number {
    return this.#tls?.identity.daysLeft ?? Number.POSITIVE_INFINITY;
  }

  async open(host: string, port: number, tls?: TlsFront): Promise<number> {
    const name = `${this.#parts.start.id} HTTP data port`;
    const bound = await portToShare(host, port, name);
    this.#tls = tls;
    if (tls !== undefined) this.#tlsPort = await portToShare(host, tls.port, `${name}, by TLS`);
    this.#grantLease();
    const at = { host, port: bound, tlsPort: this.#tlsPort };
    await Promise.all(this.#threads.map((thread) => thread.open(at)));
    void this.#watch();
    return bound;
  }

  leaveBehind({ bytes, patienceMs }: Excess): void {
    const excess = { bytes: bytes / this.#threads.length, patienceMs };
    for (const thread of this.#threads) thread.send({ kind: "leave-behind", excess });
  }

  windDown(): void {
    for (const thread of this.#threads) thread.send({ kind: "wind-down" });
  }

  async close(patienceMs: number): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#threads.map((thread) => thread.close(patienceMs)));
  }

  /** Never rejects. */
  async #watch(): Promise<void> {
    const { clock } = this.#parts.edge;
    while (!this.#stopped.signal.aborted) {
      this.#grantLease();
      for (const thread of this.#threads) thread.look();
      await clock.wait(LEASE_MS, this.#stopped.signal).catch(() => undefined);
    }
  }

  #grantLease(): void {
    const { shared, leaseLeftMs, edge } = this.#parts;
    const now = momentOf(edge.clock);
    shared.words.grantLease(leaseLeftMs(), now);
  }
}

interface ThreadPorts {
  readonly host: string;
  readonly port: number;
  readonly tlsPort: number | undefined;
}

/** One serving thread. It is replaced when it ends or hangs. */
class ServingThread {
  readonly #number: number;
  readonly #parts: WorkersParts;
  readonly #counters: Float64Array;
  readonly #gauges = new Float64Array(new SharedArrayBuffer(GAUGES.cells * Float64Array.BYTES_PER_ELEMENT));
  #worker: Worker | undefined;
  #closed: PromiseWithResolvers<void> | undefined;
  readonly #beats = new ThreadWatch();

  readonly #grantLease: () => void;

  constructor(number: number, parts: WorkersParts, counters: Float64Array, grantLease: () => void) {
    this.#grantLease = grantLease;
    this.#number = number;
    this.#parts = parts;
    this.#counters = counters;
  }

  gauge(name: "inFlight" | "loopDelayMs"): number {
    return this.#gauges[GAUGES[name]] ?? 0;
  }

  /** Resolves when it listens. Throws a Failure. */
  async open(at: ThreadPorts): Promise<void> {
    const { start, shared, edge, serve, mayBeAhead } = this.#parts;
    const { words, keys } = shared;
    const workerData: WorkerStart = {
      ...start,
      host: at.host,
      port: at.port,
      tls: { ...start.tls, tlsPort: at.tlsPort },
      logLevel: edge.log.level,
      words: words.buffer,
      mostKeys: words.mostKeys,
      storeWords: shared.store.words,
      marks: keys.marks,
      counters: this.#counters,
      gauges: this.#gauges,
      monotonicOffsetMs: edge.clock.monotonic() - hrtimeMs(),
    };
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData });
    this.#worker = worker;
    const send = (message: ToWorker, transfer: readonly ArrayBuffer[] = []) =>
      worker.postMessage(message, [...transfer]);
    const answering = new AnsweringPort({ serve, edge, keys, mayBeAhead, send });
    const unfollow = shared.store.follow((piece) => send({ kind: "memory", piece }));
    const listens = Promise.withResolvers<void>();
    worker.on("message", (message: FromWorker) => {
      switch (message.kind) {
        case "listens":
          listens.resolve();
          break;
        case "cannot-listen":
          listens.reject(new Failure(message.code, "config", message.message));
          void worker.terminate();
          break;
        case "log":
          writeThreadLine(message.line, edge.log, { worker: this.#number });
          break;
        case "used":
          this.#noteUse(message);
          break;
        case "closed":
          this.#closed?.resolve();
          break;
        case "ask":
          // It can use what it gets at once.
          this.#grantLease();
          answering.take(message);
          break;
        default:
          answering.take(message);
      }
    });
    worker.on("error", (err) => {
      edge.log.error({ err, worker: this.#number }, "serving thread failed");
      listens.reject(err);
    });
    worker.on("exit", () => {
      unfollow();
      answering.close();
      this.#gauges.fill(0);
      this.#worker = undefined;
      if (this.#closed !== undefined) this.#closed.resolve();
      else void this.#replace(at);
    });
    await listens.promise;
  }

  send(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }

  /** Ends it when it hangs. */
  look(): void {
    if (this.#beats.look(this.#gauges[GAUGES.beats] ?? 0) === "hangs") {
      this.#parts.edge.log.error({ worker: this.#number }, "serving thread hangs: it is replaced");
      void this.#worker?.terminate();
    }
  }

  async close(patienceMs: number): Promise<void> {
    this.#closed ??= Promise.withResolvers();
    const enough = new AbortController();
    this.send({ kind: "close", patienceMs });
    const late = this.#parts.edge.clock.wait(patienceMs + CLOSING_MS, enough.signal).catch(() => undefined);
    if (this.#worker !== undefined) await Promise.race([this.#closed.promise, late]);
    enough.abort();
    await this.#worker?.terminate();
  }

  /** Never rejects. */
  async #replace(at: ThreadPorts): Promise<void> {
    const { edge } = this.#parts;
    edge.log.warn({ worker: this.#number }, "serving thread ended: another one takes its place");
    await edge.clock.wait(RESTART_MS);
    if (this.#closed !== undefined) return;
    await this.open(at).catch((err: unknown) =>
      edge.log.error({ err, worker: this.#number }, "serving thread cannot be started"),
    );
  }

  #noteUse({ slots, keys }: Extract<FromWorker, { readonly kind: "used" }>): void {
    const { shared, edge } = this.#parts;
    for (const key of keys) edge.store.variants(key);
    for (const slot of slots) {
      const key = shared.keys.keyOf(slot);
      if (key !== undefined) edge.store.variants(key);
    }
  }
}
