import type { RequestHead } from "../../http/message/request-head.ts";
import { currentAge } from "../rules/age.ts";
import { ttl } from "../rules/freshness.ts";
import { momentOf } from "../rules/moment.ts";
import type { ResponseInPlace } from "../store/response-in-place.ts";
import type { Store } from "../store/store.ts";
import type { StoredResponse } from "../store/stored-response.ts";
import type { CacheContext } from "./context.ts";
import type { FieldSection } from "./field-section.ts";
import { type ChosenForm, chosenForm, countSaved, type WantingForms, wantForm, wholeForm } from "./form.ts";
import type { PurgeState } from "./purge-state.ts";

/** The parts that the hit path uses: of the whole cache, or of a thread's own share of it. */
export interface HitContext
  extends Pick<CacheContext, "id" | "clock" | "log" | "counters" | "siteRules">,
    WantingForms {
  readonly store: Pick<
    Store,
    "peek" | "equivalents" | "variants" | "used" | "sharesBody" | "inPlace" | "usedInPlace"
  >;
  readonly purges: Pick<PurgeState, "standing" | "trusts">;
}

/** A stored response that `judge` would find fresh for a request whose fields ask for nothing else. */
export interface CacheHit {
  readonly key: string;
  readonly stored: StoredResponse;
  /** What the client gets of it. */
  readonly form: ChosenForm;
  /** Whole seconds of freshness left. */
  readonly left: number;
  readonly age: number;
}

/** The stored response for the request; undefined when there is none, or any doubt. Then `serve` decides. */
export function findHit(
  request: Pick<RequestHead, "method" | "path">,
  section: FieldSection,
  { store, purges, clock }: HitContext,
): CacheHit | undefined {
  const key = section.keyPrefix + request.path;
  const stored = section.onlySelected(store.peek(key));
  if (stored === undefined || stored.policy.directives.noCache === "all") return undefined;
  const now = momentOf(clock);
  const left = ttl(stored, now);
  if (left <= 0 || purges.standing(stored, now).kind !== "trusted") return undefined;
  if (store.equivalents(section.requestFor(request)).length > 0) return undefined;
  const { negotiation } = section;
  const form =
    negotiation !== undefined && section.asks !== "whole"
      ? chosenForm(section.requestFor(request), stored)
      : wholeForm(negotiation, stored);
  return { key, stored, form, left, age: currentAge(stored, now) };
}

/** The same where it lies in the memory of the store. */
export interface HitInPlace {
  readonly response: ResponseInPlace;
  /** Whole seconds of freshness left. */
  readonly left: number;
  readonly age: number;
}

/** The same of a response that can be sent as it lies there, for a request that asks for the whole of it. */
export function findInPlace(
  request: Pick<RequestHead, "method" | "path">,
  section: FieldSection,
  { store, purges, clock }: HitContext,
): HitInPlace | undefined {
  // The encodings of a response are found by its object.
  if (section.negotiation !== undefined && section.negotiation.forms[0] !== "identity") return undefined;
  const response = store.inPlace(section.keyPrefix, request.path);
  if (response === undefined || response.method === "HEAD" || !section.selects(response)) return undefined;
  if (response.policy.directives.noCache === "all") return undefined;
  const now = momentOf(clock);
  const left = ttl(response, now);
  if (left <= 0 || !purges.trusts(response.mark, response.softPurgedAt, now)) return undefined;
  if (store.equivalents(section.placeOf(request)).length > 0) return undefined;
  return { response, left, age: currentAge(response, now) };
}

/** Counts a hit that is given to the client. false: it was changed while it was copied, and may not be given. */
export function noteHitInPlace(
  response: ResponseInPlace,
  site: string,
  { store, counters }: HitContext,
): boolean {
  if (!store.usedInPlace(response)) return false;
  counters.answered(site, HIT, response.status, response.bodyEnd - response.bodyAt);
  return true;
}

/** Counts a hit that is given to the client. `bytes`: of its content. */
export function noteHit(
  { key, stored, form }: CacheHit,
  { status, bytes }: { readonly status: number; readonly bytes: number },
  { negotiation }: FieldSection,
  edge: HitContext,
): void {
  const { store, counters } = edge;
  store.variants(key);
  store.used(stored);
  counters.answered(stored.site, HIT, status, bytes);
  countSaved(form, stored, bytes, edge);
  if (negotiation !== undefined) wantForm(negotiation.forms, stored, edge);
}

const HIT = { kind: "hit" } as const;
