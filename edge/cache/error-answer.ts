import { randomUUID } from "node:crypto";
import { Fields } from "../../http/message/fields.ts";
import { errorResponse } from "../../http/server/error-response.ts";
import { describeError, Failure, type FailureSource } from "../../process/failure.ts";
import { OriginFailure, statusFor } from "../origin/origin-error.ts";
import type { Served } from "./answer.ts";
import { textContent } from "./answer.ts";
import type { CacheContext } from "./context.ts";
import { PlacesRefused } from "./origin-places.ts";
import type { CacheOutcome } from "./outcome.ts";

// For the counters and the log, as nginx has it: the client has left, so nobody gets the answer.
const CLIENT_LEFT = 499;

type ErrorOutcome = Extract<CacheOutcome, { kind: "error" }>;

interface ErrorReason {
  readonly fwd: ErrorOutcome["fwd"];
  /** A word. */
  readonly detail: string;
  readonly proxyError?: string;
  /** For people; the word when there is none. */
  readonly text?: string;
}

/** An answer made by the edge: the status, a word for the reason, and an id that is in the log too. */
export function errorAnswer(
  status: number,
  why: ErrorReason,
  edge: Pick<CacheContext, "id" | "log">,
  cause?: unknown,
): Served {
  const id = randomUUID();
  const { fwd, detail, proxyError, text = detail } = why;
  const level = status >= 500 ? "warn" : "info";
  const because = cause === undefined ? {} : { cause: describeError(cause) };
  edge.log[level](
    { sampled: `${status} ${detail}`, errorId: id, status, detail, ...because },
    "error answered",
  );
  const response = errorResponse({ status, error: proxyError, text }, edge.id, id);
  const fields = Fields.of(response.fields);
  return { status, fields, content: textContent(response.content), outcome: { kind: "error", fwd, detail } };
}

/** The answer to a request that the origin, the client or the edge itself let fail. `fwd` is why it went forward. */
export function failureAnswer(
  thrown: unknown,
  fwd: ErrorOutcome["fwd"],
  edge: Pick<CacheContext, "id" | "log">,
): Served {
  if (isOf("origin", thrown)) return originFailed(statusFor(thrown.code), thrown, fwd, edge);
  if (isOf("client", thrown) && thrown.code === "body-too-large")
    return errorAnswer(413, { fwd, detail: thrown.code }, edge, thrown);
  if (isOf("client", thrown)) return errorAnswer(CLIENT_LEFT, { fwd, detail: thrown.code }, edge, thrown);
  if (thrown instanceof PlacesRefused) {
    // RFC 9209 section 2.3.12. A 503 has Retry-After.
    const refused = { fwd, detail: thrown.reason, proxyError: "connection_limit_reached" } as const;
    return errorAnswer(503, refused, edge, thrown);
  }
  if (isOf("edge", thrown) && thrown.code === "unknown-site") return unknownHost(fwd, edge, thrown);
  const why = { fwd, detail: "internal", proxyError: "proxy_internal_error" } as const;
  return errorAnswer(500, why, edge, thrown);
}

/**
 * RFC 9110 section 15.5.20. The data port knows the hosts. But a reload may take a site away while a request for it is
 * under way, or on its way from a serving thread.
 */
export function unknownHost(
  fwd: ErrorOutcome["fwd"],
  edge: Pick<CacheContext, "id" | "log">,
  cause?: unknown,
): Served {
  const why = { fwd, detail: "unknown-host", proxyError: "http_request_error" } as const;
  return errorAnswer(421, why, edge, cause);
}

/** The same for a request for which a stored response had to be validated first. */
export function validationFailed(
  thrown: unknown,
  fwd: ErrorOutcome["fwd"],
  edge: Pick<CacheContext, "id" | "log">,
): Served {
  // RFC 9111 section 5.2.2.2: a response that may not be used unvalidated, and cannot be validated, is a 504.
  return isOf("origin", thrown) ? originFailed(504, thrown, fwd, edge) : failureAnswer(thrown, fwd, edge);
}

function isOf(source: FailureSource, thrown: unknown): thrown is Failure {
  return thrown instanceof Failure && thrown.source === source;
}

function originFailed(
  status: number,
  failure: Failure,
  fwd: ErrorOutcome["fwd"],
  edge: Pick<CacheContext, "id" | "log">,
): Served {
  const { code } = failure;
  const detail = (failure instanceof OriginFailure ? failure.check : undefined) ?? code;
  return errorAnswer(status, { fwd, detail, proxyError: code }, edge, failure);
}
