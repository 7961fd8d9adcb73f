import type { CacheRequest } from "../rules/exchange.ts";
import type { PurgeStanding } from "../rules/purge-standing.ts";
import { tellsVersionsApart } from "../rules/validation.ts";
import { selects } from "../rules/vary.ts";
import type { Store } from "../store/store.ts";
import type { StoredResponse } from "../store/stored-response.ts";

/** The part of a response that a fill asks the origin for. */
export type FillAim =
  /** The whole response; only if it has changed, when a stored one is to be validated. */
  | { readonly kind: "whole"; readonly validating: StoredResponse | undefined }
  /** The bytes that a stored part lacks. */
  | { readonly kind: "rest"; readonly of: StoredResponse }
  /** The range that the client asked for, which may be stored as a part. */
  | { readonly kind: "range" }
  /** The client's own request, unchanged, for this client alone. */
  | { readonly kind: "as-asked"; readonly body: AsyncIterable<Uint8Array> | undefined }
  /** The same, for a client whose identifying fields the origin needs. A shared fill does not send them. */
  | { readonly kind: "own" };

/**
 * Validates a stored response. One that a purge covers, or may cover, has probably changed: unless its validator tells
 * that for sure, the origin is asked for the whole.
 */
export function validationOf(stored: StoredResponse, standing: PurgeStanding): FillAim {
  const isSure = standing.kind === "trusted" || tellsVersionsApart(stored);
  return { kind: "whole", validating: isSure ? stored : undefined };
}

/**
 * The aim of a fill that begins now. A purge or an invalidation may have taken the response out of the store while the
 * fill waited for its turn. RFC 9110 section 8.8.2.2: a date does not tell two versions of one second apart, so a 304
 * would bring back what was purged. The origin is asked for the whole instead. What was validated meanwhile is stored
 * as another response, which is validated in its place.
 */
export function withWhatIsStored(
  aim: FillAim,
  request: CacheRequest,
  store: Pick<Store, "peek" | "holds">,
): FillAim {
  switch (aim.kind) {
    case "whole":
      return aim.validating === undefined
        ? aim
        : { kind: "whole", validating: latest(aim.validating, request, store) };
    case "rest":
      return store.holds(aim.of) ? aim : { kind: "whole", validating: undefined };
    case "range":
    case "as-asked":
    case "own":
      return aim;
  }
}

/** The response itself while it is stored, else the whole one in its place. */
function latest(
  response: StoredResponse,
  request: CacheRequest,
  store: Pick<Store, "peek" | "holds">,
): StoredResponse | undefined {
  if (store.holds(response)) return response;
  return store
    .peek(response.key)
    .find(
      ({ status, selecting }) => status === response.status && status !== 206 && selects(selecting, request),
    );
}
