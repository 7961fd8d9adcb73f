/**
 * An edge whose data port is served by several threads is one edge. The control thread, which runs this file, is the only
 * one that fetches, stores and purges. A serving thread accepts connections, and answers with stored responses as long as
 * their versions in shared memory stay the same. For everything else it asks the control thread.
 *
 * The two ends of each thread are thread-cache.ts, in the thread, and thread-link.ts, in the control thread. They know
 * nothing of real threads: the simulation runs them in virtual time.
 */
import { Worker } from "node:worker_threads";
import type { AccessLogParts } from "../../../http/access-log/access-log.ts";
import { forgetClients } from "../../../http/server/client-tables.ts";
import type { TlsFront } from "../../../http/tls-front.ts";
import type { Finding } from "../../../process/finding.ts";
import { KeptThread, type Spawned } from "../../../process/kept-thread.ts";
import { type ClientPorts, holdPorts } from "../../../process/listen.ts";
import type { CacheContext } from "../../cache/context.ts";
import type { Sites } from "../../origin/sites.ts";
import type { DataPort, PortLoad, ReloadedPort } from "../data-port.ts";
import type { Excess } from "../slow-clients.ts";
import { LeaseGrant } from "./lease-grant.ts";
import {
  type FromWorker,
  GAUGES,
  type RequestNews,
  type ThreadGauge,
  type ToWorker,
  type WorkerStart,
} from "./messages.ts";
import type { SharedEdge } from "./shared-edge.ts";
import { type LinkParts, ThreadLink } from "./thread-link.ts";
import { hrtimeMs } from "./thread-time.ts";

// How long the threads may take to close beyond the patience that they are given.
const CLOSING_MS = 2_000;

export interface WorkersParts extends Pick<LinkParts, "serve" | "mayBeAhead"> {
  readonly edge: CacheContext;
  /** Takes the lines of the access log, if there is one. */
  readonly logTo: AccessLogParts["take"] | undefined;
  readonly shared: SharedEdge;
  readonly leaseLeftMs: () => number;
  readonly sites: Pick<Sites, "served" | "names">;
  readonly start: Pick<WorkerStart, "id" | "config" | "tls" | "copiesBytes">;
}

export class Workers implements DataPort {
  readonly #parts: WorkersParts;
  readonly #lease: LeaseGrant;
  #threads: readonly ServingThread[] = [];
  #windingDown = false;
  readonly #stopped = new AbortController();
  #tls: TlsFront | undefined;
  #tlsPort: number | undefined;

  constructor(parts: WorkersParts) {
    this.#parts = parts;
    parts.edge.counters.sites.name(parts.sites.names);
    this.#lease = new LeaseGrant(parts.shared.words, parts.leaseLeftMs, parts.edge.clock);
  }

  get load(): PortLoad {
    return {
      inFlight: this.#sum("inFlight"),
      connections: {
        "HTTP/1.1": this.#sum("HTTP/1.1"),
        "HTTP/2": this.#sum("HTTP/2"),
        none: this.#sum("none"),
      },
      loopDelayMs: Math.max(0, ...this.#threads.map((thread) => thread.gauge("loopDelayMs"))),
    };
  }

  get heldBytes(): number {
    return this.#sum("heldBytes");
  }

  #sum(name: ThreadGauge): number {
    return this.#threads.reduce((sum, thread) => sum + thread.gauge(name), 0);
  }

  get tlsPort(): number | undefined {
    return this.#tlsPort;
  }

  get certificateEndsAt(): number {
    return this.#tls?.identity.endsAt ?? Number.POSITIVE_INFINITY;
  }

  async open(host: string, port: number, tls?: TlsFront): Promise<number> {
    const name = `${this.#parts.start.id} HTTP data port`;
    const held = await holdPorts({ host, port, tlsPort: tls?.port }, name);
    this.#tls = tls;
    this.#tlsPort = held.tlsPort;
    const running = { at: held, lease: this.#lease, windingDown: () => this.#windingDown };
    this.#lease.grant();
    this.#threads = this.#parts.shared.cells.map(
      (counters, place) => new ServingThread(this.#parts, { ...running, place, counters }),
    );
    await Promise.all(this.#threads.map((thread) => thread.open())).finally(() => held.release());
    void this.#lease.run(this.#stopped.signal);
    return held.port;
  }

  get certificateFindings(): readonly Finding[] {
    return this.#tls?.identity.findings ?? [];
  }

  reload({ simulateLatency }: Pick<ReloadedPort, "simulateLatency">): void {
    this.#tls?.identity.refresh();
    const { served: sites, names } = this.#parts.sites;
    const counts = this.#parts.edge.counters.sites;
    counts.name(names);
    const sitesCounted = counts.named;
    for (const thread of this.#threads) thread.send({ kind: "reload", sites, sitesCounted, simulateLatency });
  }

  leaveBehind({ bytes, patienceMs }: Excess): void {
    const excess = { bytes: bytes / this.#threads.length, patienceMs };
    for (const thread of this.#threads) thread.send({ kind: "leave-behind", excess });
  }

  windDown(): void {
    this.#windingDown = true;
    for (const thread of this.#threads) thread.send({ kind: "wind-down" });
  }

  async close(patienceMs: number): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#threads.map((thread) => thread.close(patienceMs)));
  }
}

/** What a serving thread has beside the parts of all. */
interface RunningParts {
  readonly at: ClientPorts;
  /** Its place among the threads, from 0. */
  readonly place: number;
  /** Its own. */
  readonly counters: Float64Array;
  readonly lease: LeaseGrant;
  readonly windingDown: () => boolean;
}

/** One serving thread, with the counts and gauges that it writes. */
class ServingThread {
  readonly #parts: WorkersParts;
  readonly #running: RunningParts;
  readonly #gauges = new Float64Array(new SharedArrayBuffer(GAUGES.cells * Float64Array.BYTES_PER_ELEMENT));
  readonly #thread: KeptThread<FromWorker | RequestNews, ToWorker>;

  constructor(parts: WorkersParts, running: RunningParts) {
    this.#parts = parts;
    this.#running = running;
    const { clock, log } = parts.edge;
    const number = running.place + 1;
    this.#thread = new KeptThread({ number, log, clock, spawn: (beats) => this.#spawn(beats) });
  }

  gauge(name: ThreadGauge): number {
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

  #spawn(beats: Int32Array): Spawned<FromWorker | RequestNews> {
    const { start, sites, shared, edge, serve, mayBeAhead, logTo } = this.#parts;
    const { at, place, counters, lease, windingDown } = this.#running;
    const { words, keys } = shared;
    const workerData: WorkerStart = {
      ...start,
      sites: sites.served,
      sitesCounted: edge.counters.sites.named,
      host: at.host,
      port: at.port,
      tls: { ...start.tls, tlsPort: at.tlsPort },
      logLevel: edge.log.level,
      windingDown: windingDown(),
      words: words.buffer,
      mostKeys: words.mostKeys,
      storeWords: shared.store.words,
      marks: keys.marks,
      thread: place,
      clients: shared.clients,
      counters,
      gauges: this.#gauges,
      beats,
      monotonicOffsetMs: edge.clock.monotonic() - hrtimeMs(),
    };
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData });
    const send = (message: ToWorker, transfer: readonly ArrayBuffer[] = []) =>
      worker.postMessage(message, [...transfer]);
    const link = new ThreadLink({ edge, shared, lease, serve, mayBeAhead, send });
    return {
      worker,
      take: (message) => {
        if (message.kind === "access") logTo?.(message.batch, () => undefined);
        else if (message.kind === "spans") edge.tracer?.pass(message.spans);
        else if (message.kind === "seen") edge.seen.take(message.request);
        else link.take(message);
      },
      gone: () => {
        link.close();
        forgetClients(shared.clients, place);
        this.#gauges.fill(0);
      },
    };
  }
}
