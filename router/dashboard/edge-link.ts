import type { ClientReadableStream, ServiceError } from "@grpc/grpc-js";
import type { Clock } from "../../process/clock.ts";
import type { EdgeStats, WatchRequestsResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import type { EdgeCalls } from "./edge-calls.ts";

// As often as the page shows something new.
const STATS_EVERY_MS = 1000;

// As many as the eye follows. The edge takes its samples sparingly, too.
const REQUESTS_A_SECOND = 20;

// An edge that restarts is there again within a second or two; one that stays away is asked twelve times a minute.
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5000;

export interface EdgeLinkParts {
  readonly clock: Clock;
  readonly requests: (seen: WatchRequestsResponse) => void;
  /** A stream has broken. Called once for each break. */
  readonly lost: (why: string) => void;
}

interface Break {
  readonly why: string;
  /** The stream had begun. */
  readonly heard: boolean;
}

/** What one edge sends while somebody watches. After a break it is asked again. */
export class EdgeLink {
  readonly calls: EdgeCalls;
  readonly #parts: EdgeLinkParts;
  readonly #stopped = new AbortController();
  #stats: EdgeStats | undefined;

  constructor(calls: EdgeCalls, parts: EdgeLinkParts) {
    this.calls = calls;
    this.#parts = parts;
    void this.#follow(
      () => calls.watchStats(STATS_EVERY_MS),
      ({ stats }) => {
        this.#stats = stats;
      },
      () => {
        this.#stats = undefined;
        return true;
      },
    );
    // While there are no counters the edge is away, and that has been told.
    void this.#follow(
      () => calls.watchRequests(REQUESTS_A_SECOND),
      parts.requests,
      () => this.#stats !== undefined,
    );
  }

  /** The last counters; undefined while the stream is broken. */
  get stats(): EdgeStats | undefined {
    return this.#stats;
  }

  stop(): void {
    this.#stopped.abort();
    this.calls.close();
  }

  /** `isNews`: asked after a break that the watchers have not heard of. */
  async #follow<T>(
    open: () => ClientReadableStream<T>,
    take: (message: T) => void,
    isNews: () => boolean,
  ): Promise<void> {
    const { signal } = this.#stopped;
    let retryMs = FIRST_RETRY_MS;
    let told: string | undefined;
    while (!signal.aborted) {
      const { why, heard } = await read(open(), take, (error) => this.calls.whyBroken(error), signal);
      if (signal.aborted) return;
      if (isNews() && (heard || why !== told)) {
        this.#parts.lost(why);
        told = why;
      }
      retryMs = heard ? FIRST_RETRY_MS : Math.min(retryMs * 2, LONGEST_RETRY_MS);
      await this.#parts.clock.wait(retryMs, signal).catch((thrown: unknown) => {
        if (!signal.aborted) throw thrown;
      });
    }
  }
}

/** Resolves when the stream is over. */
function read<T>(
  stream: ClientReadableStream<T>,
  take: (message: T) => void,
  whyBroken: (error: ServiceError) => string,
  signal: AbortSignal,
): Promise<Break> {
  return new Promise((resolve) => {
    const cancel = () => stream.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    let heard = false;
    const over = (why: string) => {
      signal.removeEventListener("abort", cancel);
      resolve({ why, heard });
    };
    stream.on("data", (message: T) => {
      heard = true;
      take(message);
    });
    stream.on("error", (error: ServiceError) => over(whyBroken(error)));
    stream.on("end", () => over("the edge has ended the stream"));
  });
}
