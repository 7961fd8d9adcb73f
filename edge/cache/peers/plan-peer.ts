import type { GiveUpSignal } from "../../origin/give-up.ts";
import type { OriginRequest, OriginResponse } from "../../origin/origin.ts";
import { hasCredentials } from "../../rules/personal.ts";
import { type CacheContext, rulesOf } from "../context.ts";
import type { FillPlan } from "../fill-plan.ts";
import type { FillRequest } from "../fill-request.ts";
import type { AskedPeers, LivePeer } from "./peer-choice.ts";

/** The edge that this fetch asks before the origin; undefined: none. */
export function peerFor(
  { request, key, aim }: FillPlan,
  { demanded, atPosition }: { readonly demanded: boolean; readonly atPosition: boolean },
  edge: CacheContext,
): AskedPeers | undefined {
  const { peers } = edge;
  if (peers === undefined || peers.live.length === 0) return undefined;
  const { site, target, fields, matched } = request;
  const choice = peers.choose({
    site,
    target,
    byPeer: request.askedBy !== undefined,
    wantsWhole: aim.kind === "whole" && request.method === "GET",
    // What cookies have been part of is shared only where the origin says so, and the owner refuses it else.
    personal: hasCredentials(fields.without(["Cookie"])),
    demanded,
    byRules: matched !== undefined && matched.rules.length > 0,
    hitForMiss: edge.hitForMiss.is(key, edge.clock.monotonic()),
    atPosition,
    shield: rulesOf(edge, site).shield,
    invalidated: peers.isInvalidated({ site, target, tags: "unknown", variance: "unknown" }),
  });
  return choice.kind === "peer" ? choice : undefined;
}

interface Asked {
  readonly request: FillRequest;
  /** As the origin would get it. */
  readonly sent: OriginRequest;
  readonly atOrigin: (signal: GiveUpSignal) => Promise<OriginResponse>;
  readonly signal: GiveUpSignal;
}

/** The answer of that edge, or else of the origin. */
export async function askPeer(
  { peer, next }: AskedPeers,
  { request, sent, atOrigin, signal }: Asked,
  edge: Pick<CacheContext, "peers" | "counters">,
): Promise<OriginResponse> {
  const { peers, counters } = edge;
  if (peers === undefined) return atOrigin(signal);
  const { site, scheme, authority, base } = request;
  const of = { site, scheme, authority, base };
  const ask = async (asked: LivePeer, otherwise: Asked["atOrigin"], until: GiveUpSignal) => {
    const { from, response } = await peers.first(asked, sent, of, otherwise, until);
    if (from === "peer") counters.add("peerAnswers");
    return response;
  };
  const otherwise = next === undefined ? atOrigin : (until: GiveUpSignal) => ask(next, atOrigin, until);
  return ask(peer, otherwise, signal);
}
