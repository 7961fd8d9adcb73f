import type { GiveUpSignal } from "../../origin/give-up.ts";
import type { OriginRequest, OriginResponse } from "../../origin/origin.ts";
import { hasCredentials } from "../../rules/personal.ts";
import type { CacheContext } from "../context.ts";
import type { FillPlan } from "../fill-plan.ts";
import type { FillRequest } from "../fill-request.ts";
import type { LivePeer } from "./peer-choice.ts";

/** The edge that this fetch asks before the origin; undefined: none. */
export function peerFor(
  { request, key, aim }: FillPlan,
  { demanded, atPosition }: { readonly demanded: boolean; readonly atPosition: boolean },
  edge: CacheContext,
): LivePeer | undefined {
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
    invalidated: peers.isInvalidated({ site, target, tags: "unknown", variance: "unknown" }),
  });
  return choice.kind === "peer" ? choice.peer : undefined;
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
  peer: LivePeer,
  { request, sent, atOrigin, signal }: Asked,
  edge: Pick<CacheContext, "peers" | "counters">,
): Promise<OriginResponse> {
  const { peers, counters } = edge;
  if (peers === undefined) return atOrigin(signal);
  const { site, scheme, authority, base } = request;
  const { from, response } = await peers.first(
    peer,
    sent,
    { site, scheme, authority, base },
    atOrigin,
    signal,
  );
  if (from === "peer") counters.add("peerAnswers");
  return response;
}
