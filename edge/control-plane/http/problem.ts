import { STATUS_CODES } from "node:http";
import type { Response } from "express";
import type { CallRefusal } from "../../cache/call-refusals.ts";
import type { CallFault } from "../call-result.ts";

/** RFC 9110 section 15.5, RFC 6585 section 4. */
const STATUS_OF: Readonly<Record<CallRefusal, number>> = {
  "invalid-argument": 400,
  unauthenticated: 401,
  "permission-denied": 403,
  "resource-exhausted": 429,
  "not-found": 404,
  "failed-precondition": 409,
};

export function statusOf(code: CallRefusal): number {
  return STATUS_OF[code];
}

/** RFC 9457 section 3. */
interface Problem {
  readonly title: string;
  readonly status: number;
  /** The word that gRPC calls and metrics have for it; none for what only HTTP can get wrong. */
  readonly code?: CallRefusal;
  /** Names the field, the rule and the value. */
  readonly detail: string;
}

export function sendProblem(response: Response, status: number, detail: string, code?: CallRefusal): void {
  const title = STATUS_CODES[status] ?? "Error";
  const problem: Problem = { title, status, ...(code === undefined ? {} : { code }), detail };
  response.status(status).type("application/problem+json").send(JSON.stringify(problem));
}

export function sendFault(response: Response, { code, message }: CallFault): void {
  // RFC 9110 section 11.6.1.
  if (code === "unauthenticated") response.set("WWW-Authenticate", "Bearer");
  sendProblem(response, statusOf(code), message, code);
}
