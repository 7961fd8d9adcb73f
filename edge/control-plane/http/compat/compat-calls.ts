import express, { type Request, type RequestHandler, type Response, Router } from "express";
import { requestCaller } from "../../../../process/control/request-caller.ts";
import { describeError } from "../../../../process/failure.ts";
import { parseTraceparent, TRACEPARENT } from "../../../../process/tracing/trace-context.ts";
import { type CallGuard, callerName } from "../../call-guard.ts";
import type { CallFault } from "../../call-result.ts";
import type { ControlPlaneParts } from "../../control-plane-parts.ts";
import { MOST_CALL_BYTES } from "../../decode.ts";
import { statusOf } from "../problem.ts";
import { purgeStatus } from "../purge-status.ts";
import { cloudflare } from "./cloudflare.ts";
import { fastly } from "./fastly.ts";
import { type PurgeShape, type PurgeShapeName, purgeRequest } from "./purge-shape.ts";
import { varnish } from "./varnish.ts";

type CompatParts = Pick<ControlPlaneParts, "purges" | "log" | "onRefused" | "siteOf" | "purgeShapes">;

const SHAPES: Readonly<Record<PurgeShapeName, PurgeShape>> = { varnish, fastly, cloudflare };

/** The purge calls of other products, as far as --purge-compat names them: with the rights of POST /purge. */
export function compatCalls(parts: CompatParts, guard: Pick<CallGuard, "checkHttp">): Router {
  const router = Router();
  for (const name of parts.purgeShapes) {
    const shape = SHAPES[name];
    router.use((request, response, next) => {
      if (!shape.takes(request)) return next();
      const fault = guard.checkHttp(
        { ...requestCaller(request), authorization: shape.authorization(request), path: request.path },
        "purge",
      );
      if (fault !== undefined) return refuse(fault, shape, response, parts);
      readJson(request, response, (error?: unknown) =>
        error === undefined ? purge(shape, request, response, parts).catch(next) : next(error),
      );
    });
  }
  return router;
}

/**
 * Whether the Host of a request names a site and not this port, as PURGE has it. A browser that a page of another site
 * drives says where such a request comes from, or that it is its own.
 */
export function namesSite({ method, headers }: Request, shapes: readonly PurgeShapeName[]): boolean {
  const byBrowser = headers.origin !== undefined || headers["sec-fetch-site"] !== undefined;
  const takesPurge = shapes.includes("varnish") || shapes.includes("fastly");
  return method === "PURGE" && takesPurge && !byBrowser;
}

const readJson: RequestHandler = express.json({
  limit: MOST_CALL_BYTES,
  inflate: false,
  type: "application/json",
});

async function purge(
  shape: PurgeShape,
  request: Request,
  response: Response,
  parts: CompatParts,
): Promise<void> {
  const read = shape.read(request, parts.siteOf);
  if (!read.ok) return refuse(read, shape, response, parts);
  const { names, peer } = requestCaller(request);
  try {
    const purged = await parts.purges.purge(
      purgeRequest(read.value),
      callerName(names, peer),
      parseTraceparent(request.get(TRACEPARENT)),
    );
    if (!purged.ok) return refuse(purged, shape, response, parts);
    const { status, document } = shape.answer(purged.value, purgeStatus(purged.value.outcome), request);
    response.status(status).json(document);
  } catch (thrown) {
    parts.log.error({ cause: describeError(thrown), path: request.path }, "HTTP call failed");
    response.status(503).json({ detail: describeError(thrown) });
  }
}

function refuse(fault: CallFault, shape: PurgeShape, response: Response, { onRefused }: CompatParts): void {
  onRefused(fault.code);
  const { status, document } = shape.refusal(fault, statusOf(fault.code));
  response.status(status).json(document);
}
