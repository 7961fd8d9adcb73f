import type { LogPlace } from "../cache/peers/peer-fields.ts";
import type { PurgeFollower } from "./follower.ts";

interface Places {
  /** Where the edge is in the purge log; undefined while it does not know. */
  readonly askingPlace: () => LogPlace | undefined;
  /** The same; undefined without its lease. */
  readonly place: () => LogPlace | undefined;
}

/** Rule E11: what an edge tells others of how far it has applied the purge log. */
export function placesOf(follower: Pick<PurgeFollower, "position" | "runId" | "leaseLeftMs">): Places {
  const askingPlace = (): LogPlace | undefined => {
    const { position, runId } = follower;
    return runId === undefined ? undefined : { runId, position };
  };
  return { askingPlace, place: () => (follower.leaseLeftMs > 0 ? askingPlace() : undefined) };
}
