import { Failure } from "../../process/failure.ts";
import type { OriginResponse } from "../origin/origin.ts";
import { isOriginErrorCode } from "../origin/origin-error.ts";
import type { CacheContext } from "./context.ts";

type Counting = Pick<CacheContext, "counters">;

/** Counts a failure of the origin of a site. A client that has left, and a request that is given up, are no failures of it. */
export function countOriginError(thrown: unknown, site: string, { counters }: Counting): void {
  if (thrown instanceof Failure && thrown.source === "origin" && isOriginErrorCode(thrown.code))
    counters.sites.originError(site, thrown.code);
}

/** The same response, whose failure is counted. */
export async function counted(
  response: Promise<OriginResponse>,
  site: string,
  edge: Counting,
): Promise<OriginResponse> {
  try {
    return await response;
  } catch (thrown) {
    countOriginError(thrown, site, edge);
    throw thrown;
  }
}
