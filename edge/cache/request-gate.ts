import { mayRead } from "../../process/control/tokens.ts";
import { Failure } from "../../process/failure.ts";
import { type BrokenLimit, brokenLimit } from "../rules/request-limits.ts";
import type { TokenFault } from "../rules/site/signed-urls.ts";
import type { Served } from "./answer.ts";
import { type CacheContext, rulesOf } from "./context.ts";
import { errorAnswer, unknownHost } from "./error-answer.ts";
import type { FillRequest } from "./fill-request.ts";
import { OPERATOR_TOKEN } from "./purge-view.ts";

interface GatedRequest extends FillRequest {
  readonly body: AsyncIterable<Uint8Array> | undefined;
  readonly tunnel?: unknown;
}

export type Gated<R> =
  | { readonly kind: "in"; readonly request: R }
  | { readonly kind: "refused"; readonly served: Served };

// RFC 9110 sections 15.5.14 and 15.5.15, RFC 6585 section 5.
const STATUS_OF: Readonly<Record<BrokenLimit, number>> = {
  "body-too-large": 413,
  "target-too-long": 414,
  "fields-too-large": 431,
};

/** What a site asks of every request, before its rules are read and the cache is asked. The hit path asks for the same. */
export function gated<R extends GatedRequest>(asked: R, edge: CacheContext): Gated<R> {
  // Without the site nobody knows the rules that guard it.
  if (edge.siteRules?.has(asked.site) === false)
    return { kind: "refused", served: unknownHost("bypass", edge) };
  const { limits, signed } = rulesOf(edge, asked.site);
  const broken = brokenLimit(asked, limits);
  if (broken !== undefined) {
    const served = errorAnswer(STATUS_OF[broken], { fwd: "bypass", detail: broken }, edge);
    return { kind: "refused", served };
  }
  let { target } = asked;
  if (signed.needsToken(target)) {
    const opened = signed.opened(asked.authority.toLowerCase(), target, edge.clock.wall());
    if (opened.kind === "refused") {
      const served = errorAnswer(
        403,
        { fwd: "bypass", detail: signatureDetail(opened.why, asked, edge) },
        edge,
        opened.why,
      );
      return { kind: "refused", served };
    }
    target = opened.target;
  }
  // What is said in a tunnel is no content.
  const isMeasured = asked.tunnel === undefined && Number.isFinite(limits.body);
  const body = asked.body === undefined || !isMeasured ? asked.body : measured(asked.body, limits.body);
  const isSame = body === asked.body && target === asked.target;
  return { kind: "in", request: isSame ? asked : { ...asked, body, target } };
}

/** A client that learned the reason would know how near it is to a right token. */
function signatureDetail(why: TokenFault, { fields }: GatedRequest, { tokens }: CacheContext): string {
  const offered = fields.get(OPERATOR_TOKEN);
  const isOperator = offered !== undefined && tokens !== undefined && mayRead(tokens, offered);
  return isOperator ? `signature:${why}` : "signature";
}

/** Breaks off when more comes than allowed. The upload to the origin ends with it, and so does its connection. */
async function* measured(body: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const part of body) {
    length += part.byteLength;
    if (length > most)
      throw new Failure("body-too-large", "client", `the content may have ${most} bytes; more came`);
    yield part;
  }
}
