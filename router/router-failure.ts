import { Failure, type FailureSource } from "../process/failure.ts";

interface Answer {
  readonly status: number;
  /** RFC 9209 section 2.3: the proxy error type. */
  readonly error: string;
  readonly source: FailureSource;
  /** What the client is told; causes stay in the log. */
  readonly text: string;
}

/** Everything that keeps the router from relaying a response, and what the client gets for it. */
const ANSWERS = {
  /** None is alive, or none of those that are could be reached. */
  "no-edge": {
    status: 503,
    error: "destination_unavailable",
    source: "edge",
    text: "No edge can take this request at the moment.",
  },
  /** No connection to that edge could be had, or it died while the request waited there. */
  "edge-unreachable": {
    status: 503,
    error: "destination_unavailable",
    source: "edge",
    text: "The edge could not be reached.",
  },
  /** The connection ended before the answer began, and the request cannot be sent twice. */
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
  /** What follows cannot be told from the next request. */
  "body-malformed": {
    status: 400,
    error: "http_request_error",
    source: "client",
    text: "The body of the request is malformed.",
  },
  /** Takes no byte of the answer, so it cannot be told anything either. */
  "reader-stalled": {
    status: 408,
    error: "http_request_error",
    source: "client",
    text: "The client did not take the answer.",
  },
  /** Nobody is left to read this. */
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
  /** A fault of the router itself. */
  internal: {
    status: 500,
    error: "proxy_internal_error",
    source: "edge",
    text: "The router failed.",
  },
} as const satisfies Record<string, Answer>;

export type RouterFailureCode = keyof typeof ANSWERS;

/** A Failure whose code says what the client gets. `message` is for the log. */
export class RouterFailure extends Failure {
  declare readonly code: RouterFailureCode;
  readonly answer: Answer;

  constructor(code: RouterFailureCode, message: string, cause?: unknown) {
    super(code, ANSWERS[code].source, message, cause);
    this.answer = ANSWERS[code];
  }
}
