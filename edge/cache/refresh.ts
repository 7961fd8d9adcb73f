import { describeError } from "../../process/failure.ts";
import type { StoredResponse } from "../store/stored-response.ts";
import { launch } from "./collapse.ts";
import type { CacheContext } from "./context.ts";
import { type FillRequest, fill } from "./fill.ts";
import type { Filled } from "./filled.ts";

/**
 * RFC 5861 section 3: once, behind an answer that has been given; whoever asks meanwhile gets the stale one too. A fill
 * that a purge has overtaken since will not do.
 */
export function refreshBehind(
  request: FillRequest,
  key: string,
  stale: StoredResponse,
  edge: CacheContext,
): void {
  const { collapse, purges } = edge;
  const flight = collapse.at(key);
  if (flight !== undefined && purges.mayJoin(flight.mark, stale)) return;
  const { site, target, fields, scheme, authority } = request;
  // Rule E2: a soft purge of much makes much stale at once.
  const doubted = purges.standing(stale).kind !== "trusted";
  const inTurn: InTurn = doubted ? (ask) => collapse.revalidations(site).pass(ask) : straight;
  refresh({ method: "GET", site, target, fields, scheme, authority }, key, stale, inTurn, edge);
}

/**
 * What a refresh came to. kept: it is stored. not-kept: the rules, or a purge meanwhile, forbid that.
 * failed: the origin gave nothing, or an answer that tells of trouble there.
 */
export type Refreshed = "kept" | "not-kept" | "failed";

/** When a fill takes its turn: at once, or as a turnstile says. */
type InTurn = (ask: () => Promise<Filled>) => Promise<Filled>;

const straight: InTurn = (ask) => ask();

/**
 * Validates what is stored, for nobody in particular: requests for the key that come meanwhile may join (rule E4),
 * and a purge that comes meanwhile keeps what arrives out of the store (rule E3). Resolves when it has arrived
 * whole. Never rejects.
 */
export async function refresh(
  request: FillRequest,
  key: string,
  stale: StoredResponse,
  inTurn: InTurn,
  edge: CacheContext,
): Promise<Refreshed> {
  const mark = edge.purges.mark();
  const filling = inTurn(() => fill(request, key, { kind: "whole", validating: stale }, mark, edge));
  try {
    return await unread(await launch(key, mark, filling, edge).result, edge);
  } catch (thrown) {
    edge.log.warn({ key, cause: describeError(thrown) }, "refresh failed");
    return "failed";
  }
}

/** What becomes of an answer that nobody has asked for. */
async function unread(filled: Filled, edge: CacheContext): Promise<Refreshed> {
  switch (filled.kind) {
    case "validated":
      return isStored(filled.response, edge) ? "kept" : "not-kept";
    case "shared":
      filled.starter.leave();
      if ((await filled.body.end).kind === "failed") return "failed";
      return isStored(filled.response, edge) ? "kept" : "not-kept";
    case "own":
      if (filled.content.kind === "stream") filled.content.cancel();
      return tellsOfTrouble(filled.status) ? "failed" : "not-kept";
  }
}

/** RFC 6585 section 4: 429 asks for fewer requests. */
function tellsOfTrouble(status: number): boolean {
  return status >= 500 || status === 429;
}

/** Each fill has a mark of its own. */
function isStored({ key, mark }: StoredResponse, edge: Pick<CacheContext, "store">): boolean {
  return edge.store.peek(key).some((held) => held.mark === mark);
}
