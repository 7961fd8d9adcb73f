import { Failure } from "../../process/failure.ts";
import { isOriginErrorCode } from "../origin/origin-error.ts";
import type { CacheContext } from "./context.ts";

type Counting = Pick<CacheContext, "counters">;

/** Counts a failure of the origin of a site. A client that has left, and a request that is given up, are no failures of it. */
export function countOriginError(thrown: unknown, site: string, { counters }: Counting): void {
  if (thrown instanceof Failure && thrown.source === "origin" && isOriginErrorCode(thrown.code))
    counters.sites.originError(site, thrown.code);
}
