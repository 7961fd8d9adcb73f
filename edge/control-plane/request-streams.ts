import type { ServerWritableStream } from "@grpc/grpc-js";
import type { Clock } from "../../process/clock.ts";
import type { WatchRequestsRequest, WatchRequestsResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import type { SeenRequest, SeenRequests } from "../cache/seen-requests.ts";
import { type CallFault, type CallResult, callFault, invalidArgument } from "./call-result.ts";
import { seenRequestMessage } from "./seen-request-message.ts";

// Each may get 200 requests a second: together they take a tenth of a core.
const MOST_STREAMS = 20;

// People see what happens a quarter of a second later.
const PERIOD_MS = 250;

const DEFAULT_RATE = 20;
const MOST_RATE = 200;
const MOST_OUTCOMES = 6;
const OUTCOMES: ReadonlySet<string> = new Set(["hit", "miss", "stale", "revalidated", "bypass", "error"]);
const MOST_CLASS = 5;

export interface RequestStreamsParts {
  readonly id: string;
  readonly clock: Clock;
  readonly seen: SeenRequests;
  /** Requests answered so far. */
  readonly answered: () => number;
}

/** What a caller wants to see. */
interface Wanted {
  readonly rate: number;
  readonly matches: (request: SeenRequest) => boolean;
}

/** The streams of WatchRequests that are open. */
export class RequestStreams {
  readonly #parts: RequestStreamsParts;
  readonly #stopping = new AbortController();
  #open = 0;

  constructor(parts: RequestStreamsParts) {
    this.#parts = parts;
  }

  /** Why there may be no further one; undefined: there may. */
  get full(): CallFault | undefined {
    if (this.#open < MOST_STREAMS) return undefined;
    const rule = `at most ${MOST_STREAMS} streams at a time at ${this.#parts.id}`;
    return callFault("resource-exhausted", `watch_requests: must be ${rule}; try again later`);
  }

  /** Until the caller leaves or the edge stops. */
  async send(call: ServerWritableStream<unknown, WatchRequestsResponse>, wanted: Wanted): Promise<void> {
    const { id, clock, seen, answered } = this.#parts;
    this.#open += 1;
    const left = new AbortController();
    const most = Math.max(1, Math.floor((wanted.rate * PERIOD_MS) / 1_000));
    let requests: SeenRequest[] = [];
    const stopSeeing = seen.onRequest((request) => {
      if (requests.length < most && wanted.matches(request)) requests.push(request);
    });
    call.on("cancelled", () => left.abort());
    call.once("close", () => {
      this.#open -= 1;
      stopSeeing();
      left.abort();
    });
    const until = AbortSignal.any([left.signal, this.#stopping.signal]);
    let told = answered();
    while (!until.aborted) {
      await clock.wait(PERIOD_MS, until).catch((thrown: unknown) => {
        if (!until.aborted) throw thrown;
      });
      // For a caller that does not read, requests are passed over; they do not pile up.
      if (until.aborted || call.writableNeedDrain) continue;
      const now = answered();
      const passedOver = Math.max(0, now - told - requests.length);
      call.write({ edge: id, requests: requests.map(seenRequestMessage(id)), passedOver });
      told = now;
      requests = [];
    }
  }

  stop(): void {
    this.#stopping.abort();
  }
}

/** Refuses what nobody could mean. */
export function readWanted(asked: WatchRequestsRequest): CallResult<Wanted> {
  const { rate, outcomes, urlPrefix, site, statusClass } = asked;
  if (rate > MOST_RATE)
    return invalidArgument("rate", `must be 1 to ${MOST_RATE}, or 0 for ${DEFAULT_RATE}`, String(rate));
  const unknown = outcomes.find((each) => !OUTCOMES.has(each));
  if (unknown !== undefined)
    return invalidArgument("outcomes", `must be of ${[...OUTCOMES].join(", ")}`, JSON.stringify(unknown));
  if (outcomes.length > MOST_OUTCOMES)
    return invalidArgument("outcomes", `must be at most ${MOST_OUTCOMES}`, String(outcomes.length));
  if (statusClass > MOST_CLASS)
    return invalidArgument("status_class", `must be 1 to ${MOST_CLASS}, or 0 for all`, String(statusClass));
  const wants = new Set(outcomes);
  const matches = (request: SeenRequest): boolean =>
    (wants.size === 0 || wants.has(request.outcome?.kind ?? "error")) &&
    request.target.startsWith(urlPrefix) &&
    (site === "" || request.site === site) &&
    (statusClass === 0 || Math.trunc(request.status / 100) === statusClass);
  return { ok: true, value: { rate: rate === 0 ? DEFAULT_RATE : rate, matches } };
}
