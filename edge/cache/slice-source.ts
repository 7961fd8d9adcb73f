import { shownTarget } from "../../http/message/shown-target.ts";
import { describeError, Failure } from "../../process/failure.ts";
import { withoutDemands } from "../rules/client-demands.ts";
import type { Slice } from "../rules/exchange.ts";
import { isSlice, rangeOf, versionOf } from "../rules/slice.ts";
import type { StoredResponse } from "../store/stored-response.ts";
import { cancelContent, type Served } from "./answer.ts";
import type { CacheContext } from "./context.ts";
import type { FillRequest } from "./fill-request.ts";
import { followHead } from "./follow-head.ts";
import type { SliceSignals } from "./slice-signals.ts";

/** Answers a request for one slice, as any other request is answered. */
export type ServeSlice = (request: FillRequest) => Promise<Served>;

// The client's own are about the whole. They are answered when the head of the whole is known.
const ABOUT_WHOLE = ["Range", "If-Range", "If-None-Match", "If-Modified-Since"];

/** What the slices of one answer are made with. */
export interface SliceParts {
  readonly request: FillRequest;
  readonly size: number;
  readonly signals: SliceSignals;
  readonly edge: CacheContext;
  readonly serve: ServeSlice;
}

export function sliceRequest(
  { request, size, signals }: Pick<SliceParts, "request" | "size" | "signals">,
  number: number,
): FillRequest {
  const slice = { size, number };
  const fields = request.fields.without(ABOUT_WHOLE).with("Range", rangeOf(slice));
  return { ...request, method: "GET", fields, slice, left: signals.next(), takesTrailers: false };
}

/** The slices of one version of a body, for one answer. */
export class SliceSource {
  readonly size: number;
  readonly #request: FillRequest;
  readonly #edge: CacheContext;
  readonly #serve: ServeSlice;
  readonly #signals: SliceSignals;
  /** undefined: it has no other slices. */
  readonly #version: string | undefined;
  /** When the origin was asked for the version, in milliseconds of the monotonic clock. */
  readonly #since: number;
  /** The slice that the origin has confirmed last, as it is stored. */
  #head: StoredResponse | undefined;

  constructor({ request, size, signals, edge, serve }: SliceParts, first: Served) {
    this.size = size;
    this.#request = request;
    this.#edge = edge;
    this.#serve = serve;
    this.#signals = signals;
    this.#version = versionOf(first);
    this.#head = first.stored;
    this.#since = first.stored?.requestTime.monotonic ?? edge.clock.monotonic();
  }

  /** The slice of the same version. Throws a Failure when it cannot be had. */
  async take(number: number): Promise<Served> {
    const slice = { size: this.size, number };
    const parts = { request: this.#request, size: this.size, signals: this.#signals };
    // RFC 9111 section 4.3.4: what the client demands, the first slice has met, and with it all of its version.
    const plain = withoutDemands(sliceRequest(parts, number));
    // A trace shows the first slice. With all of them it would have as many spans as the body has slices.
    const asked = { ...plain, trace: undefined };
    await followHead(asked, this.#head, this.#edge);
    const served = await this.#serve(asked);
    if (this.#isSame(served, slice)) return this.#taken(served);
    cancelContent(served.content);
    const { stored } = served;
    if (stored === undefined || stored.requestTime.monotonic > this.#since) throw this.#refused(served);
    // It is left of an older version.
    this.#edge.store.remove(stored);
    const newer = await this.#serve(asked);
    if (this.#isSame(newer, slice)) return this.#taken(newer);
    cancelContent(newer.content);
    throw this.#refused(newer);
  }

  #isSame(served: Served, slice: Slice): boolean {
    return isSlice(served, slice) && this.#version !== undefined && versionOf(served) === this.#version;
  }

  #taken(served: Served): Served {
    const { stored } = served;
    const isNewer =
      stored !== undefined && stored.requestTime.monotonic > (this.#head?.requestTime.monotonic ?? 0);
    if (isNewer) this.#head = stored;
    return served;
  }

  /** The answer has begun with another version, so it ends broken: the client must not take it for whole. */
  #refused({ status }: Served): Failure {
    const what = shownTarget(this.#request.target);
    // RFC 6585 section 4: 429 says nothing of the representation, as little as an error of the server.
    if (status >= 500 || status === 429)
      return new Failure("slice-failed", "origin", `a slice of ${what} was answered with ${status}`);
    this.#dropVersion().catch((thrown: unknown) => {
      this.#edge.log.warn(
        { target: what, cause: describeError(thrown) },
        "slices of an older version stay stored",
      );
    });
    return new Failure("slice-changed", "origin", `${what} has changed while it was sent in slices`);
  }

  /** The slices of the version are of no use any more. */
  async #dropVersion(): Promise<void> {
    const { store } = this.#edge;
    const { site, target } = this.#request;
    for await (const stored of store.coveredBy([{ kind: "url", site, target }]))
      if (stored.status === 206 && versionOf(stored) === this.#version) store.remove(stored);
  }
}
