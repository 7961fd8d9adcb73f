import type { Dispatcher } from "undici";
import { Fields } from "../../http/message/fields.ts";
import { endToEnd } from "../../http/message/hop-by-hop.ts";
import { ORIGIN_FIELD_LIMITS } from "../../http/message/response-head.ts";
import type { Deadline, Deadlines } from "../../process/deadlines.ts";
import { type OriginRequest, type OriginResponse, plainBody } from "./origin.ts";
import { type OriginErrorCode, OriginFailure, originErrorOf } from "./origin-error.ts";
import { UpstreamBody } from "./upstream-body.ts";

export interface ExchangeOptions {
  readonly method: string;
  /** The request, in the words of messages. */
  readonly what: string;
  /** From the request being queued, or its last bytes being sent, until all fields of the final response are there. */
  readonly fieldsTimeoutMs: number;
  /** For a waiting reader, until the next bytes. */
  readonly bodyTimeoutMs: number;
  readonly deadlines: Deadlines;
  readonly signal: AbortSignal;
  readonly onInterim: OriginRequest["onInterim"];
  /** Whether a response had begun on the connection that `error` broke, even if nothing of it came here. */
  readonly hadBegun: (error: Error) => boolean;
}

/** How far an exchange has come; the body exists only in the last but one. */
type Phase =
  | { readonly kind: "nothing" }
  | { readonly kind: "some of the fields" }
  | { readonly kind: "the fields"; readonly body: UpstreamBody; readonly deadline: Deadline }
  | { readonly kind: "over" };

// RFC 9110 section 15.2 lets any number of interim responses come first. Nobody needs more than a few.
const MAX_INTERIM = 32;
// Each one that is passed on costs the client a field section; browsers look at the first early hints only.
const MAX_PASSED_ON = 16;

/** One request on its way through undici, and its response. */
export class UpstreamExchange implements Dispatcher.DispatchHandler {
  /** Settles when the fields of the final response have arrived. Rejects with a Failure, or the signal's reason. */
  readonly response: Promise<OriginResponse>;
  readonly #options: ExchangeOptions;
  readonly #answered = Promise.withResolvers<OriginResponse>();
  readonly #fieldsDeadline: Deadline;
  readonly #aborted = () => this.#stop(this.#options.signal.reason);
  #phase: Phase = { kind: "nothing" };
  #controller: Dispatcher.DispatchController | undefined;
  #interim = 0;
  /** The error by which the connection was lost before any byte of a response. */
  #lostBeforeResponse: Error | undefined;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.response = this.#answered.promise;
    this.#fieldsDeadline = options.deadlines.deadline(options.fieldsTimeoutMs, () => this.#expired());
    this.#fieldsDeadline.start();
    options.signal.addEventListener("abort", this.#aborted);
  }

  /** The error with which the connection was lost before any byte of a response; undefined when it was not. */
  get lostBeforeResponse(): Error | undefined {
    return this.#lostBeforeResponse;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#phase.kind === "over") controller.abort(new Error("given up while it was queued"));
    else this.#controller = controller;
  }

  onBodySent(): void {
    if (this.#phase.kind === "nothing") this.#fieldsDeadline.start();
  }

  onResponseStarted(): void {
    if (this.#phase.kind === "nothing") this.#phase = { kind: "some of the fields" };
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (this.#phase.kind === "over") return;
    if (status === 101) this.#refuse("http_upgrade_failed", "the origin switched protocols unasked");
    else if (status >= 100 && status < 200) this.#passOn(controller, status);
    // RFC 9110 section 15: a status outside of 100 to 599 is invalid.
    else if (status < 200 || status > 599) this.#refuse("http_protocol_error", `the status is ${status}`);
    else this.#answer(controller, status);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#phase.kind !== "the fields") return;
    this.#phase.deadline.stop();
    this.#phase.body.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#phase.kind === "the fields") this.#phase.body.end();
    this.#finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    const { kind } = this.#phase;
    if (kind === "over") return;
    const nothing = kind === "nothing" && !this.#options.hadBegun(error);
    if (nothing) this.#lostBeforeResponse = error;
    const received = kind === "nothing" && !nothing ? "some of the fields" : kind;
    this.#fail(originErrorOf(error, received, this.#options.what));
  }

  #answer(controller: Dispatcher.DispatchController, status: number): void {
    const received = rawFields(controller.rawHeaders);
    if (hasTooManyFields(controller.rawHeaders)) {
      const most = ORIGIN_FIELD_LIMITS.fields;
      this.#refuse("http_response_header_section_size", `it has more than ${most} fields`);
      return;
    }
    const coding = received.get("transfer-encoding");
    if (coding !== undefined && coding.toLowerCase() !== "chunked") {
      this.#refuse("http_response_transfer_coding", `the transfer coding "${coding}" was not asked for`);
      return;
    }
    this.#fieldsDeadline.stop();
    const fields = passedOn(received, status);
    if (hasNoContent(this.#options.method, status, received)) {
      // It ends by itself, within the same read, and frees the connection without being read.
      this.#answered.resolve({ status, fields, body: plainBody() });
      return;
    }
    const { deadlines, bodyTimeoutMs } = this.#options;
    const deadline = deadlines.deadline(bodyTimeoutMs, () => this.#expired());
    const body = new UpstreamBody({
      pause: () => controller.pause(),
      resume: () => {
        deadline.start();
        controller.resume();
      },
      cancel: () => this.#stop(new Error("the reader left")),
    });
    controller.pause();
    this.#phase = { kind: "the fields", body, deadline };
    // RFC 9112 section 6.3, rule 8.
    const endsWithConnection = !received.has("Content-Length") && !received.has("Transfer-Encoding");
    this.#answered.resolve({ status, fields, body, endsWithConnection });
  }

  #passOn(controller: Dispatcher.DispatchController, status: number): void {
    this.#interim += 1;
    if (this.#interim > MAX_INTERIM) {
      this.#refuse("http_protocol_error", `more than ${MAX_INTERIM} interim responses`);
      return;
    }
    // RFC 8297 section 2: an early hint may be dropped.
    if (hasTooManyFields(controller.rawHeaders)) return;
    // RFC 9110 section 15.2: a proxy passes them on. A 100 never comes this far, see skipContinue.
    if (this.#interim > MAX_PASSED_ON) return;
    this.#options.onInterim?.(status, passedOn(rawFields(controller.rawHeaders), status));
  }

  #refuse(code: OriginErrorCode, why: string): void {
    const { kind } = this.#phase;
    if (kind === "over") return;
    this.#stop(new OriginFailure(code, kind, `${this.#options.what} failed: ${code}: ${why}`));
  }

  #expired(): void {
    const { fieldsTimeoutMs, bodyTimeoutMs } = this.#options;
    if (this.#phase.kind === "the fields") {
      this.#refuse("http_response_timeout", `no more of the body came within ${bodyTimeoutMs} ms`);
    } else if (this.#controller === undefined) {
      // The request was never written, because every connection was busy.
      this.#refuse("connection_limit_reached", `no connection became free within ${fieldsTimeoutMs} ms`);
    } else this.#refuse("http_response_timeout", `no response came within ${fieldsTimeoutMs} ms`);
  }

  /** Ends it from our side, at any time. */
  #stop(reason: unknown): void {
    if (this.#phase.kind === "over") return;
    this.#fail(reason);
    this.#controller?.abort(reason instanceof Error ? reason : new Error(String(reason)));
  }

  #fail(error: unknown): void {
    if (this.#phase.kind === "the fields") this.#phase.body.fail(error);
    this.#answered.reject(error);
    this.#finish();
  }

  #finish(): void {
    this.#fieldsDeadline.stop();
    if (this.#phase.kind === "the fields") this.#phase.deadline.stop();
    this.#phase = { kind: "over" };
    this.#options.signal.removeEventListener("abort", this.#aborted);
  }
}

/** RFC 9112 section 6.3, cases 1 and 6 with a length of 0. */
function hasNoContent(method: string, status: number, fields: Fields): boolean {
  return method === "HEAD" || status === 204 || status === 304 || fields.get("content-length") === "0";
}

/** RFC 9110 section 8.6: no Content-Length in a 1xx or 204, so one that came all the same goes no further. */
function passedOn(received: Fields, status: number): Fields {
  const fields = endToEnd(received);
  return status < 200 || status === 204 ? fields.without(["Content-Length"]) : fields;
}

function hasTooManyFields(raw: Dispatcher.DispatchController["rawHeaders"]): boolean {
  return Array.isArray(raw) && raw.length / 2 > ORIGIN_FIELD_LIMITS.fields;
}

/** undici gives the lines as they came: name, value, name, value, each the bytes of latin1. */
function rawFields(raw: Dispatcher.DispatchController["rawHeaders"]): Fields {
  if (!Array.isArray(raw)) return Fields.none;
  return Fields.ofRaw(raw.map((part) => (typeof part === "string" ? part : part.toString("latin1"))));
}
