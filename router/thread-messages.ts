import type { Batch } from "../http/access-log/batch-queue.ts";
import type { ClientTables } from "../http/server/client-tables.ts";
import type { ClientPorts } from "../process/listen.ts";
import type { FinishedSpan } from "../process/tracing/span.ts";

/** What a thread is started with, beside the command line. */
export interface ThreadStart {
  /** As the first thread has bound them. */
  readonly ports: ClientPorts;
  /** Its first word counts the beats of the thread. */
  readonly beats: Int32Array;
  /** Its place among the threads, from 0. */
  readonly thread: number;
  readonly clients: ClientTables;
  readonly logLevel: string;
}

/** The figures of one thread. */
export interface ThreadReport {
  /** As prom-client has it for aggregation. */
  readonly metrics: object;
  /** Requests in flight, by the gRPC address of the edge. */
  readonly underWay: Readonly<Record<string, number>>;
}

/** Beside what every thread tells of itself. */
export type FromThread =
  | { readonly kind: "report"; readonly report: ThreadReport }
  /** Lines of the access log. */
  | { readonly kind: "access"; readonly batch: Batch }
  | { readonly kind: "spans"; readonly spans: readonly FinishedSpan[] };

export type ToThread =
  | { readonly kind: "report" }
  | { readonly kind: "refresh-certificates" }
  | { readonly kind: "wind-down" }
  | { readonly kind: "close" };
