import type { Batch } from "../../../http/access-log/batch-queue.ts";
import type { AcmeValues } from "../../../http/acme/acme-settings.ts";
import type { ClientTables } from "../../../http/server/client-tables.ts";
import type { ClientProtocol } from "../../../http/server/server-load.ts";
import type { TlsValues } from "../../../http/tls/tls-settings.ts";
import type { FinishedSpan } from "../../../process/tracing/span.ts";
import type { Served } from "../../cache/answer.ts";
import type { SeenRequest } from "../../cache/seen-requests.ts";
import type { EdgeRequest } from "../../cache/serve.ts";
import type { ServedSite } from "../../origin/sites.ts";
import type { ContentCoding } from "../../rules/compression.ts";
import type { SharedPiece } from "../../store/sharing.ts";
import type { ServingConfig } from "../listener-config.ts";
import type { Excess } from "../slow-clients.ts";
import type { GivenResponse, RawFields } from "./given-responses.ts";
import type { Ticket } from "./shared-words.ts";

/** What a serving thread is started with. */
export interface WorkerStart {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly sites: readonly ServedSite[];
  /** All that were ever named, as SiteCounts tells them. */
  readonly sitesCounted: readonly string[];
  readonly config: ServingConfig;
  readonly tls: TlsValues & AcmeValues;
  readonly logLevel: string;
  /** Each answer is to say that its connection ends with it. */
  readonly windingDown: boolean;
  /** Bytes of the copies that it may hold. */
  readonly copiesBytes: number;
  readonly words: SharedArrayBuffer;
  readonly mostKeys: number;
  /** Of the store and of GivenKeys: by them the thread reads the store itself. */
  readonly storeWords: Int32Array;
  readonly marks: Uint8Array;
  /** Its place among the threads, from 0. */
  readonly thread: number;
  readonly clients: ClientTables;
  readonly counters: Float64Array;
  readonly gauges: Float64Array;
  /** Its first word counts the beats of the thread. */
  readonly beats: Int32Array;
  /** The monotonic clock of the control thread, in milliseconds, less the time of `process.hrtime`. */
  readonly monotonicOffsetMs: number;
}

/** The cells of a thread's gauges. */
export const GAUGES = {
  inFlight: 0,
  loopDelayMs: 1,
  heldBytes: 2,
  "HTTP/1.1": 3,
  "HTTP/2": 4,
  none: 5,
  cells: 6,
} as const satisfies Readonly<
  Record<ClientProtocol | "inFlight" | "loopDelayMs" | "heldBytes" | "cells", number>
>;
export type ThreadGauge = Exclude<keyof typeof GAUGES, "cells">;

/** A request, without its body. */
export interface Asked extends Omit<EdgeRequest, "fields" | "body" | "onInterim" | "left"> {
  readonly fields: RawFields;
  readonly hasBody: boolean;
}

/** An answer, whose content may follow. */
export interface Answered extends Omit<Served, "fields" | "content" | "stored"> {
  readonly fields: RawFields;
  readonly content:
    | { readonly kind: "none" }
    | { readonly kind: "bytes"; readonly chunks: readonly Uint8Array[] }
    /** The content of the only response of `copies`. */
    | { readonly kind: "copied" }
    | { readonly kind: "stream"; readonly length: number | undefined };
  /** All responses under its key, for the thread to answer with from now on. */
  readonly copies?: {
    readonly ticket: Ticket;
    readonly key: string;
    readonly responses: readonly GivenResponse[];
  };
}

export interface UsedCopies {
  readonly slots: Int32Array;
  /** Of the responses that it has read in the store. */
  readonly rows: Int32Array;
  readonly missed: readonly (readonly [key: string, coding: ContentCoding])[];
}

/** Lines of the access log of a serving thread, its spans, or a request that was picked to be looked at. */
export type RequestNews =
  | { readonly kind: "seen"; readonly request: SeenRequest }
  | { readonly kind: "access"; readonly batch: Batch }
  | { readonly kind: "spans"; readonly spans: readonly FinishedSpan[] };

/** From a serving thread, beside what every thread tells of itself. `id` names one request of that thread. */
export type FromWorker =
  | { readonly kind: "ask"; readonly id: number; readonly asked: Asked }
  | { readonly kind: "body"; readonly id: number; readonly piece: Uint8Array | undefined }
  | { readonly kind: "body-broken"; readonly id: number; readonly message: string }
  /** So many more bytes of the content may come. */
  | { readonly kind: "took"; readonly id: number; readonly bytes: number }
  /** Nobody reads the answer any more. */
  | { readonly kind: "cancelled"; readonly id: number }
  /** The client has left. */
  | { readonly kind: "left"; readonly id: number }
  /** What it has answered with since it last said so, and the codings that it missed. */
  | ({ readonly kind: "used" } & UsedCopies);

/** To a serving thread. */
export type ToWorker =
  | { readonly kind: "body-wanted"; readonly id: number }
  | { readonly kind: "interim"; readonly id: number; readonly status: number; readonly fields: RawFields }
  | { readonly kind: "answered"; readonly id: number; readonly answered: Answered }
  /** No piece: the end, with what stands behind it. */
  | {
      readonly kind: "content";
      readonly id: number;
      readonly piece: Uint8Array | undefined;
      readonly trailers?: readonly string[] | undefined;
    }
  | { readonly kind: "content-broken"; readonly id: number; readonly message: string }
  | { readonly kind: "memory"; readonly piece: SharedPiece }
  | {
      readonly kind: "reload";
      readonly simulateLatency: number;
      readonly sites: readonly ServedSite[];
      readonly sitesCounted: readonly string[];
    }
  | { readonly kind: "leave-behind"; readonly excess: Excess }
  | { readonly kind: "wind-down" }
  | { readonly kind: "close"; readonly patienceMs: number };
