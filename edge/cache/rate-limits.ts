import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { CompiledRule } from "../rules/site/compiled-rule.ts";
import type { RateLimit } from "../rules/site/site-rule.ts";

/** Of one client, or one key, and one rule: a bucket that fills with time, from which each request takes one. */
interface Bucket {
  readonly tokens: number;
  /** When it had so many, in monotonic milliseconds. */
  readonly at: number;
}

// Some 200 bytes each. Whoever has not been seen for longer than all of these begins with a full bucket, as a newcomer.
const MOST_BUCKETS = 65_536;

/** A request that comes too soon. */
export interface Excess {
  /** Whole seconds until the next one may come. */
  readonly retryAfter: number;
}

/** How often clients have come, by the rules that limit that. */
export class RateLimits {
  readonly #buckets = new LRUCache<string, Bucket>({ max: MOST_BUCKETS });

  /** Takes one for a request of `subject`; undefined when it may go on. */
  take(by: CompiledRule, limit: RateLimit, subject: string, now: number): Excess | undefined {
    // A subject may be a URL of some KiB. Clients choose it, so two of them must not be taken for one.
    const key = hash("sha256", `${by.id} ${subject}`, "base64url");
    const { rate, burst } = limit;
    const { tokens, at } = this.#buckets.get(key) ?? { tokens: burst, at: now };
    const filled = Math.min(burst, tokens + ((now - at) / 1_000) * rate);
    if (filled < 1) return { retryAfter: Math.max(1, Math.ceil((1 - filled) / rate)) };
    this.#buckets.set(key, { tokens: filled - 1, at: now });
    return undefined;
  }
}
