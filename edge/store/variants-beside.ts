import type { CacheRequest } from "../rules/exchange.ts";
import { ttl } from "../rules/freshness.ts";
import type { Moment } from "../rules/moment.ts";
import { selects } from "../rules/vary.ts";
import type { StoredResponse } from "./stored-response.ts";

// More would let one client fill the store with variants of one URL by sending made-up request fields.
const MOST_VARIANTS = 16;
// By a rule of the site their normal forms are few, and its owner wants all of them.
const MOST_BY_RULE = 64;

/** How many variants a key may have. Then the least used one goes for a new one. */
export function mostVariants({ matched }: Pick<CacheRequest, "matched">): number {
  return matched === undefined || matched.varies.length === 0 ? MOST_VARIANTS : MOST_BY_RULE;
}

/** How the variants of a key are compared. */
export interface VariantsStanding {
  readonly now: () => Moment;
  /** When a client last got it, as a count; 0: never again since it was put. */
  readonly lastUseOf: (variant: StoredResponse) => number;
}

/** The variants that stay beside a new one, which takes the place of those that its request selects. */
export function variantsBeside(
  held: readonly StoredResponse[],
  request: CacheRequest,
  standing: VariantsStanding,
): readonly StoredResponse[] {
  const others = held.filter((other) => !selects(other.selecting, request));
  if (others.length < mostVariants(request)) return others;
  const least = leastOf(others, standing);
  return others.filter((other) => other !== least);
}

/** One that has expired, else one that was never used again, else the one whose last use is longest ago. */
function leastOf(
  variants: readonly StoredResponse[],
  { now: clock, lastUseOf }: VariantsStanding,
): StoredResponse | undefined {
  const now = clock();
  return (
    variants.find((variant) => ttl(variant, now) <= 0) ??
    variants.reduce((least, other) => (lastUseOf(other) < lastUseOf(least) ? other : least))
  );
}
