/**
 * A router whose ports for clients are served by several threads. Each thread is a router of its own beside the first: it
 * measures the edges and chooses among them. The first thread has the operator port, and tells the sum.
 */
import { Worker } from "node:worker_threads";
import type { AccessLogParts } from "../http/access-log/access-log.ts";
import {
  type ClientTables,
  COUNTED_ALONE,
  type CountedTogether,
  clientTables,
  countedTogether,
  forgetClients,
} from "../http/server/client-tables.ts";
import type { Clock } from "../process/clock.ts";
import { KeptThread } from "../process/kept-thread.ts";
import type { ClientPorts } from "../process/listen.ts";
import type { Log } from "../process/log.ts";
import type { Tracer } from "../process/tracing/tracer.ts";
import type { FromThread, ThreadReport, ThreadStart, ToThread } from "./thread-messages.ts";

/** Where what a thread says of its requests goes. */
interface Said {
  /** Takes the lines of its access log; undefined: there is none. */
  readonly logTo: AccessLogParts["take"] | undefined;
  /** Takes its spans; undefined: there are none. */
  readonly tracer: Pick<Tracer, "pass"> | undefined;
}

export interface RouterThreads {
  /** Beside the first one. */
  readonly count: number;
  /** For the first one. */
  readonly counted: CountedTogether;
  /** Resolves when all of them listen. Throws a Failure. */
  start(ports: ClientPorts, said: Said): Promise<void>;
  /** What each of them has counted. One that does not answer is left out. */
  reports(): Promise<readonly ThreadReport[]>;
  /** Each takes what has changed in the files of its certificates. */
  refreshCertificates(): void;
  /** From now on each answer of theirs says that its connection ends with it. */
  windDown(): void;
  /** Gives requests in flight the time that a router gives them. */
  stop(): Promise<void>;
}

/** One thread does everything. */
export const NO_THREADS: RouterThreads = {
  count: 0,
  counted: COUNTED_ALONE,
  start: async () => undefined,
  reports: async () => [],
  refreshCertificates: () => undefined,
  windDown: () => undefined,
  stop: async () => undefined,
};

// A page of the operator port does not wait longer for a thread that is busy.
const REPORT_MS = 1_000;
// How long a thread may take to stop: what a router gives its requests, and a moment.
const STOP_MS = 12_000;

export interface ThreadsParts {
  readonly log: Log;
  readonly clock: Clock;
  /** The command line, from which each thread reads the same settings. */
  readonly argv: readonly string[];
  /** The variables that they read too. Default: those of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** `count` threads beside the first one. */
export class WorkerThreads implements RouterThreads {
  readonly count: number;
  readonly counted: CountedTogether;
  readonly #clients: ClientTables;
  readonly #parts: ThreadsParts;
  #threads: readonly RoutingThread[] = [];

  constructor(count: number, parts: ThreadsParts) {
    this.count = count;
    this.#clients = clientTables(count + 1);
    this.counted = count === 0 ? COUNTED_ALONE : countedTogether(this.#clients, 0);
    this.#parts = parts;
  }

  async start(ports: ClientPorts, said: Said): Promise<void> {
    this.#threads = Array.from(
      { length: this.count },
      (_, n) => new RoutingThread(n + 1, ports, this.#clients, { ...this.#parts, ...said }),
    );
    await Promise.all(this.#threads.map((thread) => thread.open()));
  }

  async reports(): Promise<readonly ThreadReport[]> {
    const reports = await Promise.all(this.#threads.map((thread) => thread.report()));
    return reports.filter((report) => report !== undefined);
  }

  refreshCertificates(): void {
    for (const thread of this.#threads) thread.refreshCertificates();
  }

  windDown(): void {
    for (const thread of this.#threads) thread.windDown();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

/** One thread, and the questions that it is asked. */
class RoutingThread {
  readonly #thread: KeptThread<FromThread, ToThread>;
  readonly #clock: Clock;
  #asked: PromiseWithResolvers<ThreadReport | undefined> | undefined;

  constructor(
    thread: number,
    ports: ClientPorts,
    clients: ClientTables,
    { log, clock, argv, env = process.env, logTo, tracer }: ThreadsParts & Said,
  ) {
    this.#clock = clock;
    this.#thread = new KeptThread({
      number: thread + 1,
      log,
      clock,
      spawn: (beats) => {
        const workerData: ThreadStart = { ports, beats, thread, clients, logLevel: log.level };
        const file = new URL("./routing-thread.ts", import.meta.url);
        return {
          worker: new Worker(file, { workerData, argv: [...argv], env: { ...env } }),
          take: (said) => {
            if (said.kind === "access") logTo?.(said.batch, () => undefined);
            else if (said.kind === "spans") tracer?.pass(said.spans);
            else this.#asked?.resolve(said.report);
          },
          gone: () => {
            forgetClients(clients, thread);
            this.#asked?.resolve(undefined);
          },
        };
      },
    });
  }

  open(): Promise<void> {
    return this.#thread.open();
  }

  refreshCertificates(): void {
    this.#thread.send({ kind: "refresh-certificates" });
  }

  windDown(): void {
    this.#thread.send({ kind: "wind-down" });
  }

  close(): Promise<void> {
    return this.#thread.close({ kind: "close" }, STOP_MS);
  }

  /** undefined: it does not run, or is too busy to answer. */
  async report(): Promise<ThreadReport | undefined> {
    if (!this.#thread.runs) return undefined;
    if (this.#asked === undefined) {
      this.#asked = Promise.withResolvers();
      this.#thread.send({ kind: "report" });
    }
    const asked = this.#asked;
    const inTime = new AbortController();
    const late = this.#clock.wait(REPORT_MS, inTime.signal).then(
      () => undefined,
      () => undefined,
    );
    const report = await Promise.race([asked.promise, late]);
    inTime.abort();
    if (this.#asked === asked) this.#asked = undefined;
    return report;
  }
}
