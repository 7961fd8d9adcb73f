import { setting } from "../../process/settings/program.ts";
import { duration, flag } from "../../process/settings/values.ts";

/** The settings of what an edge may do without the purge log. */
export const leaseSettings = {
  lease: setting({
    // Three heartbeats fit into a lease. With a shorter one they would be a burden on the purge log.
    type: { ...duration(1000, 30_000), rule: "a duration from 1s to 30s" },
    default: 2000,
    help: "How long the edge may serve from its cache after it last confirmed that it has read the whole purge log.",
  }),
  staleWhenLapsed: setting({
    type: flag,
    default: false,
    help: "While the lease has lapsed and the origin fails too, serve stored responses that allow stale-if-error. They may have been purged. So a purge stays pending while this edge is cut off: the edge never counts as fenced.",
  }),
};
