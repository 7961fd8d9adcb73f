import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import { Fields } from "../../http/message/fields.ts";
import { describeError, Failure } from "../../process/failure.ts";
import { statusFor } from "../origin/origin-error.ts";
import { textContent } from "./content.ts";
import type { CacheContext } from "./context.ts";
import type { CacheOutcome } from "./outcome.ts";
import type { Served } from "./served.ts";

type ErrorOutcome = Extract<CacheOutcome, { kind: "error" }>;

/** An answer made by the edge: the status, a word for the reason, and an id that stands in the log too. */
export function errorAnswer(
  status: number,
  why: { readonly fwd: ErrorOutcome["fwd"]; readonly detail: string; readonly proxyError?: string },
  edge: Pick<CacheContext, "id" | "log">,
  cause?: unknown,
): Served {
  const id = randomUUID();
  const { fwd, detail, proxyError } = why;
  const level = status >= 500 ? "warn" : "info";
  const because = cause === undefined ? {} : { cause: describeError(cause) };
  edge.log[level]({ errorId: id, status, detail, ...because }, "error answered");
  const content = textContent(`${status} ${STATUS_CODES[status] ?? ""}: ${detail}\nerror id: ${id}\n`);
  let fields = Fields.of([
    ["Content-Type", "text/plain; charset=utf-8"],
    ["Content-Length", String(content.kind === "bytes" ? content.length : 0)],
    ["Cache-Control", "no-store"],
  ]);
  // RFC 9209 section 2: who made this error, and why.
  if (proxyError !== undefined) fields = fields.plus("Proxy-Status", `${edge.id}; error=${proxyError}`);
  return { status, fields, content, outcome: { kind: "error", fwd, detail } };
}

/** The answer to a request whose origin failed; `validating`: something is stored, and had to be validated first. */
export function failureAnswer(
  thrown: unknown,
  fwd: ErrorOutcome["fwd"],
  edge: Pick<CacheContext, "id" | "log">,
  validating = false,
): Served {
  if (thrown instanceof Failure && thrown.source === "origin") {
    const { code } = thrown;
    // RFC 9111 section 5.2.2.2: what may not be used unvalidated, and cannot be validated, is a 504.
    return errorAnswer(
      validating ? 504 : statusFor(code),
      { fwd, detail: code, proxyError: code },
      edge,
      thrown,
    );
  }
  const why = { fwd, detail: "internal", proxyError: "proxy_internal_error" } as const;
  return errorAnswer(500, why, edge, thrown);
}
