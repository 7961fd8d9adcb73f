import { Adaptive } from "./adaptive.ts";
import type { Eviction } from "./eviction.ts";
import { Frequency } from "./frequency.ts";
import { LeastRecentlyUsed } from "./lru.ts";
import { S3Fifo } from "./s3-fifo.ts";
import { Sieve } from "./sieve.ts";

export const evictionPolicies = ["adaptive", "frequency", "lru", "s3-fifo", "sieve"] as const;
export type EvictionPolicy = (typeof evictionPolicies)[number];

/** A policy that knows no entries yet. */
export function evictionBy(policy: EvictionPolicy): Eviction {
  switch (policy) {
    case "adaptive":
      return new Adaptive();
    case "frequency":
      return new Frequency();
    case "lru":
      return new LeastRecentlyUsed();
    case "s3-fifo":
      return new S3Fifo();
    case "sieve":
      return new Sieve();
  }
}
