import { Failure, type FailureSource } from "../../process/failure.ts";

interface Answer {
  readonly status: number;
  /** RFC 9209 section 2.3: the proxy error type. */
  readonly error: string;
  readonly source: FailureSource;
  /** The text for the client. Causes stay in the log. */
  readonly text: string;
}

/** Every reason why the router relays no response, and the answer to the client. */
const ANSWERS = {
  /** No edge is alive, or no living edge could be reached. */
  "no-edge": {
    status: 503,
    error: "destination_unavailable",
    source: "edge",
    text: "No edge can take this request at the moment.",
  },
  /** No connection to that edge, or the edge died while the request waited there. */
  "edge-unreachable": {
    status: 503,
    error: "destination_unavailable",
    source: "edge",
    text: "The edge could not be reached.",
  },
  /** The connection ended before the response began, and the request cannot be sent twice. */
  "edge-broke-off": {
    status: 502,
    error: "connection_terminated",
    source: "edge",
    text: "The edge closed the connection before it answered.",
  },
  "edge-rubbish": {
    status: 502,
    error: "http_protocol_error",
    source: "edge",
    text: "The edge answered with something that is not HTTP.",
  },
  "edge-silent": {
    status: 504,
    error: "http_response_timeout",
    source: "edge",
    text: "The edge did not answer in time.",
  },
  "sender-slow": {
    status: 408,
    error: "http_request_error",
    source: "client",
    text: "The body of the request did not arrive in time.",
  },
  /** The start of the next request cannot be found. */
  "body-malformed": {
    status: 400,
    error: "http_request_error",
    source: "client",
    text: "The body of the request is malformed.",
  },
  /** The client does not read the response. */
  "reader-stalled": {
    status: 408,
    error: "http_request_error",
    source: "client",
    text: "The client did not take the answer.",
  },
  /** No client reads this response. */
  "client-left": {
    status: 499,
    error: "http_request_error",
    source: "client",
    text: "The client left.",
  },
  stopping: {
    status: 503,
    error: "destination_unavailable",
    source: "edge",
    text: "The router is stopping.",
  },
  /** Edges have the same limits, and the router adds fields. */
  "fields-too-large": {
    status: 431,
    error: "http_request_error",
    source: "client",
    text: "With the fields that the router adds, the request has more or larger fields than an edge takes.",
  },
  /** A bug of the router: it threw. */
  internal: {
    status: 500,
    error: "proxy_internal_error",
    source: "edge",
    text: "The router failed.",
  },
} as const satisfies Record<string, Answer>;

/** Failures of the client's request. They count as refused, not as failed. */
export const REFUSALS: ReadonlySet<RouterFailureCode> = new Set(["body-malformed", "fields-too-large"]);

export type RouterFailureCode = keyof typeof ANSWERS;

/** A Failure whose code decides the answer to the client. `message` is for the log. */
export class RouterFailure extends Failure {
  declare readonly code: RouterFailureCode;
  readonly answer: Answer;

  constructor(code: RouterFailureCode, message: string, cause?: unknown) {
    super(code, ANSWERS[code].source, message, cause);
    this.answer = ANSWERS[code];
  }
}
