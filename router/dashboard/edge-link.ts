import type { ServiceError } from "@grpc/grpc-js";
import type { Clock } from "../../process/clock.ts";
import type { EdgeStats } from "../../proto/gen/edgecache/v1/edge.ts";
import type { EdgeCalls } from "./edge-calls.ts";

// As often as the page shows something new.
const STATS_EVERY_MS = 1000;

// An edge that restarts is there again within a second or two; one that stays away is asked twelve times a minute.
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5000;

export interface EdgeLinkParts {
  readonly clock: Clock;
  /** Its streams have broken. Called once for each break. */
  readonly lost: (why: string) => void;
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
    void this.#follow();
  }

  /** The last counters; undefined while the stream is broken. */
  get stats(): EdgeStats | undefined {
    return this.#stats;
  }

  stop(): void {
    this.#stopped.abort();
    this.calls.close();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopped;
    let retryMs = FIRST_RETRY_MS;
    let told: string | undefined;
    while (!signal.aborted) {
      const broken = await this.#watchStats(signal);
      if (signal.aborted) return;
      if (broken.heard || broken.why !== told) this.#parts.lost(broken.why);
      told = broken.why;
      retryMs = broken.heard ? FIRST_RETRY_MS : Math.min(retryMs * 2, LONGEST_RETRY_MS);
      await this.#parts.clock.wait(retryMs, signal).catch((thrown: unknown) => {
        if (!signal.aborted) throw thrown;
      });
    }
  }

  /** Resolves when the stream is over. */
  #watchStats(signal: AbortSignal): Promise<{ readonly why: string; readonly heard: boolean }> {
    return new Promise((resolve) => {
      const stream = this.calls.watchStats(STATS_EVERY_MS);
      const cancel = () => stream.cancel();
      signal.addEventListener("abort", cancel, { once: true });
      let heard = false;
      const over = (why: string) => {
        signal.removeEventListener("abort", cancel);
        this.#stats = undefined;
        resolve({ why, heard });
      };
      stream.on("data", ({ stats }) => {
        heard = true;
        this.#stats = stats;
      });
      stream.on("error", (error: ServiceError) => over(this.calls.whyBroken(error)));
      stream.on("end", () => over("the edge has ended the stream"));
    });
  }
}
