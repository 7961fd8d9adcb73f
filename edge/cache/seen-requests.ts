import type { ValidationDetail } from "../rules/verdict-detail.ts";
import type { CacheOutcome } from "./outcome.ts";

/** One request, as those see it who look at an edge. */
export interface SeenRequest {
  /** When it was over, in milliseconds since 1970. */
  readonly wall: number;
  readonly method: string;
  /** scheme://host/path?query, as the access log shows it, and cut. */
  readonly url: string;
  /** Path and query, uncut. */
  readonly target: string;
  readonly site: string;
  readonly client: string;
  readonly status: number;
  readonly bytes: number;
  readonly durationMs: number;
  readonly originMs: number;
  /** undefined: it had no answer. */
  readonly outcome: CacheOutcome | undefined;
  /** Why a stored response had to be validated for it, if one had to be. */
  readonly validates: ValidationDetail | undefined;
  /** Of the response. */
  readonly vary: string;
  readonly protocol: string;
  readonly requestId: string;
  readonly rules: readonly string[];
  /** For how many it stands. */
  readonly weight: number;
}

type Listener = (request: SeenRequest) => void;

/** The requests of an edge that were picked to be looked at. */
export class SeenRequests {
  readonly #listeners = new Set<Listener>();

  take(request: SeenRequest): void {
    for (const listener of this.#listeners) listener(request);
  }

  /** The returned function ends it. */
  onRequest(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
