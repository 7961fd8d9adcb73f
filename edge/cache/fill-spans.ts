import { Failure } from "../../process/failure.ts";
import { methodAttributes, methodSpan } from "../../process/tracing/http-method.ts";
import type { TraceContext } from "../../process/tracing/trace-context.ts";
import { type Span, startPart } from "../../process/tracing/tracer.ts";
import { type Filled, released } from "./answer.ts";
import type { CacheContext } from "./context.ts";
import type { FillPlan } from "./fill-plan.ts";
import type { FillRequest } from "./fill-request.ts";

type Traced = Pick<CacheContext, "tracer">;

/** Of a fill, from the moment that it is wanted until nothing more comes of it. */
export function fillSpan({ request, aim }: FillPlan, { tracer }: Traced): Span | undefined {
  const validates = aim.kind === "whole" && aim.validating !== undefined;
  const attributes = { "edgecache.site": request.site, "edgecache.aim": aim.kind };
  return startPart(tracer, request.trace, validates ? "validation" : "fill", { attributes });
}

/** Carries out a fill within its span, if it has one. */
export function withFillSpan(
  plan: FillPlan,
  edge: Traced,
  fill: (plan: FillPlan) => Promise<Filled>,
): Promise<Filled> {
  const span = plan.span ?? fillSpan(plan, edge);
  return span === undefined ? fill(plan) : spanned(plan, span, fill);
}

async function spanned(
  plan: FillPlan,
  span: Span,
  fill: (plan: FillPlan) => Promise<Filled>,
): Promise<Filled> {
  const request = { ...plan.request, trace: span.context };
  try {
    return released(await fill({ ...plan, request }), () => span.end());
  } catch (thrown) {
    span.end(errorType(thrown));
    throw thrown;
  }
}

/** A request to an origin, until the fields of its answer have come. */
export interface OriginSpan {
  /** What the origin is told. */
  readonly trace: TraceContext | undefined;
  /** Told which origin is asked; undefined: nobody wants to know. */
  readonly onAsked: ((base: URL) => void) | undefined;
  /** Ends with the answer. */
  until<Response extends { readonly status: number }>(answer: Promise<Response>): Promise<Response>;
}

export function originSpan({ method, trace }: FillRequest, { tracer }: Traced): OriginSpan {
  const span = startPart(tracer, trace, methodSpan(method), {
    kind: "client",
    attributes: methodAttributes(method),
  });
  if (span === undefined) return { trace, onAsked: undefined, until: (answer) => answer };
  return {
    trace: span.context,
    onAsked: (base) => {
      const at = { "server.address": base.hostname, "server.port": portOf(base) };
      span.set(at);
      // Of several origins, the one that is asked last answers.
      span.event("asked", at);
    },
    until: async (answer) => {
      try {
        const response = await answer;
        const { status } = response;
        span.set({ "http.response.status_code": status });
        span.end(status >= 400 ? String(status) : undefined);
        return response;
      } catch (thrown) {
        span.end(errorType(thrown));
        throw thrown;
      }
    },
  };
}

function portOf({ port, protocol }: URL): number {
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}

/** OpenTelemetry's name for an error that has none of its own. */
const OTHER = "_OTHER";

export function errorType(thrown: unknown): string {
  return thrown instanceof Failure ? thrown.code : OTHER;
}
