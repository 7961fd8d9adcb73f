import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import { status } from "@grpc/grpc-js";
import express, { type NextFunction, type Request, type RequestHandler, type Response } from "express";
import { requestCaller } from "../../process/control/request-caller.ts";
import { describeError, Failure } from "../../process/failure.ts";
import type { Log } from "../../process/log.ts";
import { show } from "../../process/settings/values.ts";
import type { ExplainRequest } from "../../proto/gen/edgecache/v1/edge.ts";
import { dryRunDocument, purgeDocument } from "../../proto/json/purge-document.ts";
import { CallFailure } from "./edge-calls.ts";
import type { FleetCalls } from "./fleet-calls.ts";
import { readPurgeBody } from "./purge-body.ts";

// As much as an edge takes in a call.
const MOST_BODY_BYTES = 64 * 1024;

// An answer may wait 60 s for receipts, and then takes its time to arrive.
const ANSWER_MS = 90_000;

/** RFC 9110 section 15.3.3: a pending purge is accepted, and not done everywhere. */
const PURGE_STATUS: Readonly<Record<string, number>> = { applied: 200, pending: 202 };

/** RFC 9110 section 15. What the edges refuse to the router is no fault of who asks it. */
const CALL_STATUS: Partial<Record<status, number>> = {
  [status.INVALID_ARGUMENT]: 400,
  [status.RESOURCE_EXHAUSTED]: 429,
  [status.UNAUTHENTICATED]: 502,
  [status.PERMISSION_DENIED]: 502,
};

/** JSON, and nothing that a form of another page can send. */
export const readJson: readonly RequestHandler[] = [
  (request, response, next) => {
    if (request.is("application/json")) return next();
    // RFC 9110 section 15.5.16.
    const got = show(request.headers["content-type"] ?? "");
    sendProblem(response, 415, `Content-Type: must be application/json, got ${got}`);
  },
  express.json({ limit: MOST_BODY_BYTES, inflate: false, type: "application/json" }),
];

/** POST /dashboard/purge. */
export function purgePage(fleet: FleetCalls, log: Log): RequestHandler {
  return async (request, response) => {
    request.setTimeout(ANSWER_MS);
    const asked = readPurgeBody(request.body, randomUUID);
    if (asked.dryRun) {
      response.json(dryRunDocument(await fleet.dryRun(asked)));
      return;
    }
    const { names = [], peer } = requestCaller(request);
    const { purgeId, targets } = asked;
    // The edges know the router alone.
    log.info({ by: [...names, peer].join(" "), purgeId, targets: targets.length }, "purge by the dashboard");
    const answer = await fleet.purge(asked);
    const { detail, outcome } = answer;
    const document = purgeDocument(answer);
    response.status(PURGE_STATUS[outcome] ?? 503).json(detail === "" ? document : { ...document, detail });
  };
}

/** GET /dashboard/explain?url=/a&field=Name:value. */
export function explainPage(fleet: FleetCalls): RequestHandler {
  return async (request, response) => {
    response.json(await fleet.explain(explainRequest(request.query)));
  };
}

// RFC 9110 section 5.1: a name is a token. The edge checks both once more.
const FIELD_LINE = /^([^:\s]+):[ \t]*(.*?)[ \t]*$/;

function explainRequest({ url, field = [] }: Readonly<Record<string, unknown>>): ExplainRequest {
  if (typeof url !== "string") throw refused(`url: must be given once, got ${show(url ?? "nothing")}`);
  const lines: readonly unknown[] = Array.isArray(field) ? field : [field];
  const fields = lines.map((line) => {
    const [, name, value] = (typeof line === "string" && FIELD_LINE.exec(line)) || [];
    if (name === undefined || value === undefined)
      throw refused(`field: must be "Name: value", got ${show(line)}`);
    return [name, value] as const;
  });
  return { url, fields: Object.fromEntries(fields) };
}

function refused(message: string): Failure {
  return new Failure("bad-usage", "client", message);
}

/** RFC 9457 section 3. */
export function sendProblem(response: Response, code: number, detail: string): void {
  const problem = { title: STATUS_CODES[code] ?? "Error", status: code, detail };
  response.status(code).type("application/problem+json").send(JSON.stringify(problem));
}

/** What is thrown above, and by what reads bodies. Express knows an error handler by its four parameters. */
export function problemPage(error: unknown, _request: Request, response: Response, next: NextFunction): void {
  if (response.headersSent) next(error);
  else if (error instanceof CallFailure)
    sendProblem(response, CALL_STATUS[error.status] ?? 503, error.message);
  else if (error instanceof Failure && error.code === "bad-usage") sendProblem(response, 400, error.message);
  else {
    // As express.json marks what it refuses.
    const code = error instanceof Error && "status" in error ? Number(error.status) : 500;
    if (code < 400 || code > 499) next(error);
    else
      sendProblem(
        response,
        code,
        `body: must be JSON in UTF-8 of at most ${MOST_BODY_BYTES} bytes: ${describeError(error)}`,
      );
  }
}
