/**
 * An edge whose data port is served by several threads is one edge. The control thread, which runs this file, is the only
 * one that fetches, stores and purges. A serving thread accepts connections, and answers with copies of stored
 * responses as long as their tickets are current. For everything else it asks the control thread.
 */
import { Worker } from "node:worker_threads";
import { forgetClients } from "../../../http/server/client-tables.ts";
import type { TlsFront } from "../../../http/tls/tls-front.ts";
import type { Finding } from "../../../process/finding.ts";
import { KeptThread, type Spawned } from "../../../process/kept-thread.ts";
import { type ClientPorts, holdPorts } from "../../../process/listen.ts";
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
// How long the threads may take to close beyond the patience that they are given.
const CLOSING_MS = 2_000;

export interface WorkersParts extends Pick<AnsweringParts, "serve" | "mayBeAhead"> {
  readonly edge: CacheContext;
  readonly shared: SharedEdge;
  readonly leaseLeftMs: () => number;
  readonly start: Pick<WorkerStart, "id" | "sites" | "config" | "tls" | "copiesBytes">;
}

export class Workers implements DataPort {
  readonly #parts: WorkersParts;
  #threads: readonly ServingThread[] = [];
  readonly #stopped = new AbortController();
  #tls: TlsFront | undefined;
  #tlsPort: number | undefined;

  constructor(parts: WorkersParts) {
    this.#parts = parts;
  }

  get inFlight(): number {
    return this.#threads.reduce((sum, thread) => sum + thread.gauge("inFlight"), 0);
  }

  get loopDelayMs(): number {
    return Math.max(0, ...this.#threads.map((thread) => thread.gauge("loopDelayMs")));
  }

  get tlsPort(): number | undefined {
    return this.#tlsPort;
  }

  get certificateDaysLeft(): number {
    return this.#tls?.identity.daysLeft ?? Number.POSITIVE_INFINITY;
  }

  async open(host: string, port: number, tls?: TlsFront): Promise<number> {
    const name = `${this.#parts.start.id} HTTP data port`;
    const held = await holdPorts({ host, port, tlsPort: tls?.port }, name);
    this.#tls = tls;
    this.#tlsPort = held.tlsPort;
    this.#grantLease();
    this.#threads = this.#parts.shared.cells.map(
      (counters, n) => new ServingThread(n, held, counters, this.#parts, () => this.#grantLease()),
    );
    await Promise.all(this.#threads.map((thread) => thread.open())).finally(() => held.release());
    void this.#keepLease();
    return held.port;
  }

  get certificateFindings(): readonly Finding[] {
    return this.#tls?.identity.findings ?? [];
  }

  refreshCertificates(): void {
    this.#tls?.identity.refresh();
    for (const thread of this.#threads) thread.send({ kind: "refresh-certificates" });
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
  async #keepLease(): Promise<void> {
    const { clock } = this.#parts.edge;
    while (!this.#stopped.signal.aborted) {
      this.#grantLease();
      await clock.wait(LEASE_MS, this.#stopped.signal).catch(() => undefined);
    }
  }

  #grantLease(): void {
    const { shared, leaseLeftMs, edge } = this.#parts;
    const now = momentOf(edge.clock);
    shared.words.grantLease(leaseLeftMs(), now);
  }
}

/** One serving thread, with the counts and gauges that it writes. */
class ServingThread {
  readonly #parts: WorkersParts;
  readonly #place: number;
  readonly #counters: Float64Array;
  readonly #gauges = new Float64Array(new SharedArrayBuffer(GAUGES.cells * Float64Array.BYTES_PER_ELEMENT));
  readonly #thread: KeptThread<FromWorker, ToWorker>;
  readonly #grantLease: () => void;

  constructor(
    thread: number,
    at: ClientPorts,
    counters: Float64Array,
    parts: WorkersParts,
    grantLease: () => void,
  ) {
    this.#parts = parts;
    this.#place = thread;
    this.#counters = counters;
    this.#grantLease = grantLease;
    const { clock, log } = parts.edge;
    this.#thread = new KeptThread({
      number: thread + 1,
      log,
      clock,
      spawn: (beats) => this.#spawn(at, beats),
    });
  }

  gauge(name: "inFlight" | "loopDelayMs"): number {
    return this.#gauges[GAUGES[name]] ?? 0;
  }

  open(): Promise<void> {
    return this.#thread.open();
  }

  send(message: ToWorker): void {
    this.#thread.send(message);
  }

  close(patienceMs: number): Promise<void> {
    return this.#thread.close({ kind: "close", patienceMs }, patienceMs + CLOSING_MS);
  }

  #spawn(at: ClientPorts, beats: Int32Array): Spawned<FromWorker> {
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
      thread: this.#place,
      clients: shared.clients,
      counters: this.#counters,
      gauges: this.#gauges,
      beats,
      monotonicOffsetMs: edge.clock.monotonic() - hrtimeMs(),
    };
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData });
    const send = (message: ToWorker, transfer: readonly ArrayBuffer[] = []) =>
      worker.postMessage(message, [...transfer]);
    const answering = new AnsweringPort({ serve, edge, keys, mayBeAhead, send });
    const unfollow = shared.store.follow((piece) => send({ kind: "memory", piece }));
    return {
      worker,
      take: (message) => {
        if (message.kind === "used") this.#noteUse(message);
        else {
          // It can use what it gets at once.
          if (message.kind === "ask") this.#grantLease();
          answering.take(message);
        }
      },
      gone: () => {
        unfollow();
        answering.close();
        forgetClients(shared.clients, this.#place);
        this.#gauges.fill(0);
      },
    };
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
