import type { Lesson } from "./lesson.ts";
import { cacheKeyLesson } from "./lessons/cache-key.ts";
import { collapsing } from "./lessons/collapsing.ts";
import { freshness } from "./lessons/freshness.ts";
import { leaseLesson } from "./lessons/lease.ts";
import { playground } from "./lessons/playground.ts";
import { purgeRacesAFill } from "./lessons/purge-races-a-fill.ts";
import { routing } from "./lessons/routing.ts";
import { staleOnError } from "./lessons/stale-on-error.ts";
import { validation } from "./lessons/validation.ts";
import { varyLesson } from "./lessons/vary.ts";
import { whatACdnIs } from "./lessons/what-a-cdn-is.ts";
import { whatAHitCosts } from "./lessons/what-a-hit-costs.ts";

/** In the order in which they are to be read. */
export const LESSONS: readonly Lesson[] = [
  whatACdnIs,
  cacheKeyLesson,
  freshness,
  validation,
  varyLesson,
  collapsing,
  purgeRacesAFill,
  leaseLesson,
  routing,
  staleOnError,
  whatAHitCosts,
  playground,
];
