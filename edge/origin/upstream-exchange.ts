import type { Carrier, CarrierPool } from "../../http/client/carrier.ts";
import type { ConnectionFault, ConnectionUser } from "../../http/client/client-connection.ts";
import { Fields } from "../../http/message/fields.ts";
import { endToEnd } from "../../http/message/hop-by-hop.ts";
import type { Framing } from "../../http/message/message-framing.ts";
import { rawValues } from "../../http/message/raw-fields.ts";
import type { ResponseHead } from "../../http/message/response-head.ts";
import { announcedTrailers, type Trailers } from "../../http/message/trailers.ts";
import type { BodyFraming } from "../../http/server/request-body.ts";
import type { Clock } from "../../process/clock.ts";
import type { Deadline, Deadlines } from "../../process/deadlines.ts";
import type { GiveUpSignal } from "./give-up.ts";
import { KeptBody } from "./kept-body.ts";
import { isRepeatable, type OriginRequest, type OriginResponse, plainBody } from "./origin.ts";
import { type OriginErrorCode, OriginFailure, originErrorOf, type Received } from "./origin-error.ts";
import { UpstreamBody } from "./upstream-body.ts";
import { failureOf } from "./upstream-failure.ts";
import type { UpstreamRequest } from "./upstream-request.ts";
import { UpstreamUpload } from "./upstream-upload.ts";

export interface ExchangeOptions {
  readonly request: OriginRequest;
  /** The same, as it is sent. */
  readonly sent: UpstreamRequest;
  /** The request, in the words of messages. */
  readonly what: string;
  readonly clock: Clock;
  readonly pool: CarrierPool<UpstreamExchange>;
  /** For a connection that is opened for it. undefined: as long as the pool takes. */
  readonly connectTimeoutMs: number | undefined;
  /** From the request being queued, or its last bytes being sent, until all fields of the final response are there. */
  readonly fieldsTimeoutMs: number;
  /** For a waiting reader, until the next bytes. */
  readonly bodyTimeoutMs: number;
  readonly deadlines: Deadlines;
  readonly signal: GiveUpSignal;
}

/** How far an exchange has come. */
type Phase =
  /** For a connection, or for the fields of the response. */
  | { readonly kind: "waiting" }
  | { readonly kind: "empty" }
  | { readonly kind: "body"; readonly body: UpstreamBody }
  | { readonly kind: "over" };

const WAITING: Phase = { kind: "waiting" };
const EMPTY: Phase = { kind: "empty" };
const OVER: Phase = { kind: "over" };

// Each interim response that is passed on costs the client a field section; browsers look at the first early hints only.
const MAX_PASSED_ON = 16;

/** RFC 9110 section 15.2.2. The idle time of a tunnel is watched on the side of its client, for both directions. */
const SWITCHED = 101;

/** One request on its way to an origin, and its response. */
export class UpstreamExchange implements ConnectionUser {
  readonly #options: ExchangeOptions;
  readonly #answered = Promise.withResolvers<OriginResponse>();
  readonly #fieldsDeadline: Deadline;
  /** While a connection is opened for it. */
  #connectDeadline: Deadline | undefined;
  /** Of the body, once its reader has had to wait. */
  #bodyDeadline: Deadline | undefined;
  readonly #aborted = () => this.stop(this.#options.signal.reason);
  #phase: Phase = WAITING;
  #connection: Carrier | undefined;
  #upload: UpstreamUpload | undefined;
  /** The body that a stream is sent, which its connection may leave behind. */
  #kept: KeptBody | undefined;
  #trailers: Trailers | undefined;
  #passedOn = 0;
  #repeated = false;

  readonly #expired = (): void => {
    const { fieldsTimeoutMs, bodyTimeoutMs } = this.#options;
    if (this.#phase.kind === "body") {
      this.#refuse("http_response_timeout", `no more of the body came within ${bodyTimeoutMs} ms`);
    } else if (this.#connection?.ready !== true) {
      this.#refuse("connection_limit_reached", `no connection became free within ${fieldsTimeoutMs} ms`);
    } else this.#refuse("http_response_timeout", `no response came within ${fieldsTimeoutMs} ms`);
  };

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#fieldsDeadline = options.deadlines.deadline(options.fieldsTimeoutMs, this.#expired);
  }

  /** Settles when the fields of the final response have arrived. Rejects with a Failure, or the signal's reason. */
  get response(): Promise<OriginResponse> {
    return this.#answered.promise;
  }

  /** The request, in the words of messages. */
  get what(): string {
    return this.#options.what;
  }

  begin(): void {
    this.#fieldsDeadline.start();
    this.#options.signal.addEventListener("abort", this.#aborted);
    this.#queue("any");
  }

  connected(): void {
    this.#connectDeadline?.stop();
    const { request, sent } = this.#options;
    const connection = this.#connection;
    if (connection === undefined) return;
    const { framing } = sent;
    const body = framing.kind === "none" ? undefined : request.body;
    connection.send(request.method, sent.head, request.upgrade, body !== undefined);
    if (body === undefined || framing.kind === "none") return;
    if (connection.framesContent && request.isBodyHeld !== true) this.#kept ??= new KeptBody(body);
    this.#send(this.#kept ?? body, framing);
  }

  #send(body: AsyncIterable<Uint8Array>, framing: BodyFraming): void {
    if (this.#connection === undefined) return;
    this.#upload = new UpstreamUpload(body, framing, this);
    void this.#upload.sendOver(this.#connection);
  }

  drained(): void {
    this.#upload?.drained();
  }

  sentPart(): void {
    if (this.#phase.kind === "waiting") this.#fieldsDeadline.start();
  }

  uploadFailed(thrown: unknown): void {
    this.stop(originErrorOf(thrown, this.#received, this.what));
  }

  /** RFC 9110 section 15.2: a proxy passes them on. A 100 is for us. */
  interim({ status, raw }: ResponseHead): void {
    if (this.#phase.kind !== "waiting" || status === 100 || this.#passedOn === MAX_PASSED_ON) return;
    this.#passedOn += 1;
    this.#options.request.onInterim?.(status, passedOn(raw, status));
  }

  head({ status, raw }: ResponseHead, framing: Framing): void {
    if (this.#phase.kind !== "waiting") return;
    const connection = this.#connection;
    if (connection?.reused === false) this.#options.pool.learn(raw);
    this.#fieldsDeadline.stop();
    this.#kept?.forget();
    const fields = passedOn(raw, status);
    if (framing.kind === "none" || (framing.kind === "length" && framing.length === 0)) {
      this.#phase = EMPTY;
      this.#answered.resolve({ status, fields, body: plainBody() });
      return;
    }
    const body = new UpstreamBody({
      pause: () => connection?.hold(),
      resume: () => {
        if (status !== SWITCHED) this.#waitForBody();
        connection?.resume();
      },
      cancel: () => this.stop(new Error("the reader left")),
    });
    this.#phase = { kind: "body", body };
    if (framing.kind === "chunked")
      this.#trailers = { announced: announcedTrailers(rawValues(raw, "trailer")), raw: [] };
    const endsWithConnection = framing.kind === "until-close";
    this.#answered.resolve({ status, fields, body, trailers: this.#trailers, endsWithConnection });
    const { request } = this.#options;
    if (status === SWITCHED && request.body !== undefined && request.upgrade !== undefined)
      this.#send(request.body, { kind: "tunnel", protocol: request.upgrade });
  }

  #waitForBody(): void {
    this.#bodyDeadline ??= this.#options.deadlines.deadline(this.#options.bodyTimeoutMs, this.#expired);
    this.#bodyDeadline.start();
  }

  body(_received: Buffer, content: readonly Buffer[]): void {
    if (this.#phase.kind !== "body" || content.length === 0) return;
    this.#bodyDeadline?.stop();
    this.#phase.body.push(content);
  }

  trailers(raw: readonly string[]): void {
    if (this.#trailers !== undefined) this.#trailers.raw = raw;
  }

  readOver(): void {
    // What has arrived waits for its reader, see UpstreamBody.
  }

  whole(excess: boolean): void {
    const { sent, clock } = this.#options;
    const uploaded = this.#upload === undefined || this.#upload.whole;
    const connection = this.#connection;
    if (this.#phase.kind === "body") this.#phase.body.end();
    this.#finish();
    // What more came than was asked for could be taken for the answer to the next request.
    connection?.release(!excess && uploaded && sent.persists, clock.monotonic());
  }

  failed(fault: ConnectionFault): void {
    if (this.#mayRepeat(fault)) {
      this.#repeated = true;
      // Its body is sent anew.
      this.#upload?.giveUp();
      this.#upload = undefined;
      this.#connection = undefined;
      this.#queue("fresh");
    } else this.#fail(failureOf(fault, this.#received, this.what));
  }

  faulted(thrown: unknown): void {
    this.#fail(originErrorOf(thrown, this.#received, this.what));
  }

  /** Ends it from our side, at any time. */
  stop(reason: unknown): void {
    if (this.#phase.kind === "over") return;
    const connection = this.#connection;
    this.#options.pool.withdraw(this);
    this.#fail(reason);
    connection?.destroy();
  }

  #queue(which: "any" | "fresh"): void {
    const { pool, clock, request } = this.#options;
    // A kept connection may be closing, and a tunnel would not give it back.
    const kind = request.upgrade === undefined ? which : "fresh";
    pool.queue(this, clock.monotonic(), kind, (connection) => {
      this.#connection = connection;
      if (connection.ready) this.connected();
      else this.#waitForConnection();
    });
    if (this.#connection === undefined && pool.connecting) this.#waitForConnection();
  }

  #waitForConnection(): void {
    const { connectTimeoutMs: ms, deadlines } = this.#options;
    if (ms === undefined) return;
    this.#connectDeadline ??= deadlines.deadline(ms, () =>
      this.#refuse("connection_timeout", `no connection was made within ${ms} ms`),
    );
    this.#connectDeadline.start();
  }

  /**
   * An idempotent request that met a kept connection just as the origin closed it is asked once more, and so is any that the
   * origin has not processed (RFC 9113 section 8.7).
   */
  #mayRepeat(fault: ConnectionFault): boolean {
    if (fault.kind !== "broke-off" || this.#repeated || this.#phase.kind !== "waiting") return false;
    const { request } = this.#options;
    if (fault.isUnprocessed === true)
      return request.body === undefined || request.isBodyHeld === true || this.#kept?.isKept === true;
    const wasClosing = this.#connection?.reused === true && !this.#connection.heard;
    return wasClosing && isRepeatable(request);
  }

  get #received(): Received {
    if (this.#phase.kind === "body" || this.#phase.kind === "empty") return "the fields";
    return this.#connection?.heard === true ? "some of the fields" : "nothing";
  }

  #refuse(code: OriginErrorCode, why: string): void {
    this.stop(new OriginFailure(code, this.#received, `${this.what} failed: ${code}: ${why}`));
  }

  #fail(error: unknown): void {
    if (this.#phase.kind === "over") return;
    if (this.#phase.kind === "body") this.#phase.body.fail(error);
    this.#answered.reject(error);
    this.#finish();
  }

  #finish(): void {
    this.#connectDeadline?.stop();
    this.#fieldsDeadline.stop();
    this.#bodyDeadline?.stop();
    this.#phase = OVER;
    this.#upload?.giveUp();
    this.#kept?.close();
    this.#options.signal.removeEventListener("abort", this.#aborted);
  }
}

/** RFC 9110 section 8.6: no Content-Length in a 1xx or 204, so one that came all the same goes no further. */
function passedOn(raw: readonly string[], status: number): Fields {
  const fields = endToEnd(Fields.ofRaw(raw));
  return status < 200 || status === 204 ? fields.without(["Content-Length"]) : fields;
}
