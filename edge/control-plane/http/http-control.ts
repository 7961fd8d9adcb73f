import express, {
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
  Router,
} from "express";
import { requestCaller } from "../../../process/control/request-caller.ts";
import { describeError } from "../../../process/failure.ts";
import type { ControlPages } from "../../../process/operator-port.ts";
import { parseTraceparent, TRACEPARENT } from "../../../process/tracing/trace-context.ts";
import { edgeRow } from "../../../proto/json/edge-row.ts";
import { dryRunDocument, purgeDocument } from "../../../proto/json/purge-document.ts";
import { purgeRow } from "../../../proto/json/purge-row.ts";
import { statsRow } from "../../../proto/json/stats-row.ts";
import type { CallRight } from "../authorize.ts";
import { type CallGuard, callerName } from "../call-guard.ts";
import { type CallResult, invalidArgument } from "../call-result.ts";
import type { ControlPlaneParts } from "../control-plane-parts.ts";
import { MOST_CALL_BYTES } from "../decode.ts";
import { drained } from "../drain-call.ts";
import { reloaded } from "../reload-call.ts";
import { topResponse } from "../top-response.ts";
import { compatCalls, namesSite } from "./compat/compat-calls.ts";
import { explainRequest, purgesRequest, topRequest } from "./get-request.ts";
import { openApi } from "./openapi.ts";
import { sendFault, sendProblem } from "./problem.ts";
import { inWordsOfBody, readPurgeBody } from "./purge-body.ts";
import { purgeStatus } from "./purge-status.ts";
import { readQuery } from "./query.ts";

/** The parts of the control plane that answer, whatever the protocol. */
export type HttpControlParts = Pick<
  ControlPlaneParts,
  "id" | "top" | "purges" | "status" | "explain" | "reload" | "log" | "onRefused" | "siteOf" | "purgeShapes"
>;

// An answer may wait 60 s for receipts, and then takes its time to arrive.
const ANSWER_MS = 90_000;

type Answer = (request: Request, by: string) => Promise<CallResult<HttpAnswer>>;

/** What a caller must be allowed to do, how it is answered, and what it sends. */
type HttpCallRow = readonly [right: CallRight, answer: Answer, body?: "json"];

interface HttpAnswer {
  readonly status?: number;
  readonly document: unknown;
}

/** The calls of the control plane by HTTP: the same functions, the same rights, the JSON of admin-cli. */
export function httpControl(parts: HttpControlParts, guard: Pick<CallGuard, "checkHttp">): ControlPages {
  const { id, purges, status: edge } = parts;
  const calls: Readonly<Record<string, Readonly<Record<string, HttpCallRow>>>> = {
    "/purge": { post: ["purge", (request, by) => purge(request, by, parts), "json"] },
    "/purges": {
      get: [
        "read",
        withQuery(["limit"], [], async (query) => {
          const asked = purgesRequest(query);
          const answer = asked.ok ? await purges.purges(asked.value) : asked;
          return done(answer, ({ purges: rows }) => ({ document: { edge: id, purges: rows.map(purgeRow) } }));
        }),
      ],
    },
    "/stats": {
      get: ["read", withQuery([], [], async () => found({ edges: [ownStats(parts)] }))],
    },
    "/top": {
      get: [
        "read",
        withQuery(["by", "limit"], [], async (query) => {
          const asked = topRequest(query);
          const answer = asked.ok ? topResponse(asked.value, parts) : asked;
          return done(answer, ({ rows }) => ({ document: { by: query.get("by") ?? "requests", rows } }));
        }),
      ],
    },
    "/edges": { get: ["read", withQuery([], [], async () => found(await edgesDocument(parts)))] },
    "/edges/:edge": {
      delete: [
        "forget",
        async ({ params }, by) => {
          const named = String(params.edge);
          const answer = await purges.forget({ edge: named }, by);
          return done(answer, () => ({ document: { forgotten: named } }));
        },
      ],
    },
    "/explain": {
      get: [
        "read",
        withQuery(["url"], ["field"], async (query) => {
          const asked = explainRequest(query);
          const answer = asked.ok ? await parts.explain(asked.value) : asked;
          return done(answer, (document) => ({ document }));
        }),
      ],
    },
    "/findings": {
      get: [
        "read",
        withQuery([], [], async () => {
          const { findings } = await edge.examine();
          const healthy = findings.every(({ severity }) => severity !== "problem");
          return found({ healthy, findings: findings.map((finding) => ({ program: id, ...finding })) });
        }),
      ],
    },
    "/origins": {
      get: ["read", withQuery([], [], async () => found(await originsDocument(parts)))],
    },
    "/reload": {
      post: [
        "reload",
        async (_request, by) =>
          done(await reloaded(by, parts), ({ config, needsRestart }) => ({
            document: { edges: [{ edge: id, problem: null, config, needsRestart }] },
          })),
      ],
    },
    "/drain": {
      post: ["drain", async (_request, by) => done(drained(true, by, parts), (document) => ({ document }))],
    },
    "/undrain": {
      post: ["drain", async (_request, by) => done(drained(false, by, parts), (document) => ({ document }))],
    },
    "/openapi.json": { get: ["read", async () => found(openApi)] },
  };
  const router = Router({ caseSensitive: true, strict: true });
  router.use(compatCalls(parts, guard));
  for (const [path, methods] of Object.entries(calls)) {
    const route = router.route(path);
    for (const [method, [right, answer, body]] of Object.entries(methods)) {
      const steps = [allowed(right, guard, parts), ...(body === "json" ? [jsonOnly, readJson] : [])];
      if (method === "post") route.post(...steps, answered(answer, parts));
      else if (method === "delete") route.delete(...steps, answered(answer, parts));
      else route.get(...steps, answered(answer, parts));
    }
    const allow = Object.keys(methods).map((method) => method.toUpperCase());
    route.all((_request, response) => {
      // RFC 9110 section 15.5.6.
      response.set("Allow", allow.join(", "));
      sendProblem(response, 405, `method: must be ${allow.join(" or ")}`);
    });
  }
  router.use(bodyProblem);
  return {
    router,
    paths: Object.keys(calls),
    namesOther: (request) => namesSite(request, parts.purgeShapes),
  };
}

const readJson = express.json({ limit: MOST_CALL_BYTES, inflate: false, type: "application/json" });

/** A form of a web page can have no such type. */
const jsonOnly: RequestHandler = (request, response, next) => {
  const type = request.headers["content-type"];
  if (request.is("application/json")) return next();
  // RFC 9110 section 15.5.16.
  sendProblem(response, 415, `Content-Type: must be application/json: got ${JSON.stringify(type ?? "")}`);
};

/** Without the right a caller learns nothing else, and its body is not read. */
function allowed(
  right: CallRight,
  guard: Pick<CallGuard, "checkHttp">,
  { onRefused }: Pick<HttpControlParts, "onRefused">,
): RequestHandler {
  return (request, response, next) => {
    const fault = guard.checkHttp({ ...requestCaller(request), path: request.path }, right);
    if (fault === undefined) return next();
    onRefused(fault.code);
    sendFault(response, fault);
  };
}

function answered(
  answer: Answer,
  { log, onRefused }: Pick<HttpControlParts, "log" | "onRefused">,
): RequestHandler {
  return async (request, response) => {
    request.setTimeout(ANSWER_MS);
    const { names, peer } = requestCaller(request);
    try {
      const result = await answer(request, callerName(names, peer));
      if (result.ok) {
        response.status(result.value.status ?? 200).json(result.value.document);
        return;
      }
      onRefused(result.code);
      sendFault(response, result);
    } catch (thrown) {
      const cause = describeError(thrown);
      log.error({ cause, path: request.path }, "HTTP call failed");
      sendProblem(response, 503, cause);
    }
  };
}

/** What cannot be read as JSON: too large, cut off, in another coding. */
function bodyProblem(error: unknown, _request: Request, response: Response, next: NextFunction): void {
  const status = error instanceof Error && "status" in error ? Number(error.status) : 500;
  if (status < 400 || status > 499 || response.headersSent) {
    next(error);
    return;
  }
  const rule = `must be JSON in UTF-8 of at most ${MOST_CALL_BYTES} bytes, without Content-Encoding`;
  sendProblem(response, status, `body: ${rule}: ${describeError(error)}`);
}

function withQuery(
  names: readonly string[],
  lists: readonly string[],
  answer: (query: URLSearchParams) => Promise<CallResult<HttpAnswer>>,
): Answer {
  return async ({ url }) => {
    const query = readQuery(url, names, lists);
    return query.ok ? answer(query.value) : query;
  };
}

function found(document: unknown): CallResult<HttpAnswer> {
  return { ok: true, value: { document } };
}

function done<T>(result: CallResult<T>, shown: (value: T) => HttpAnswer): CallResult<HttpAnswer> {
  return result.ok ? { ok: true, value: shown(result.value) } : result;
}

async function purge(
  request: Request,
  by: string,
  { purges }: Pick<HttpControlParts, "purges">,
): Promise<CallResult<HttpAnswer>> {
  const keys = request.headersDistinct["idempotency-key"] ?? [];
  if (keys.length > 1) return invalidArgument("Idempotency-Key", "must come once", keys.join(", "));
  const read = readPurgeBody(request.body, keys[0]);
  if (!read.ok) return read;
  const answer = await purges.purge(read.value.request, by, parseTraceparent(request.get(TRACEPARENT)));
  if (!answer.ok) return inWordsOfBody(answer, read.value.targetNames);
  const { dryRun } = read.value.request;
  const document = dryRun ? dryRunDocument(answer.value) : purgeDocument(answer.value);
  const { detail, outcome } = answer.value;
  const status = dryRun ? 200 : purgeStatus(outcome);
  return { ok: true, value: { status, document: detail === "" ? document : { ...document, detail } } };
}

function ownStats({ status }: Pick<HttpControlParts, "status">) {
  const stats = status.stats();
  return statsRow({ edge: stats, answer: stats });
}

/** As the heartbeat table has them. Of the other edges only they themselves know more. */
async function edgesDocument({ status }: Pick<HttpControlParts, "status">) {
  const { members, membersOutdated } = await status.members();
  const own = status.ping();
  const edges = members.map((member) =>
    edgeRow(member, member.edge === own.edge ? own : { state: "unknown", version: "", config: "" }),
  );
  return { edges, ...(membersOutdated === "" ? {} : { outdated: membersOutdated }) };
}

async function originsDocument({ id, status }: Pick<HttpControlParts, "id" | "status">) {
  const origins = (await status.origins()).map(({ site, state, sinceMs, error }) => ({
    site,
    state,
    since: new Date(sinceMs).toISOString(),
    error: error ?? null,
  }));
  return { edge: id, origins };
}
