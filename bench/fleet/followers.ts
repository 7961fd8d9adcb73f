/** Edges of a measured fleet, as a process of its own: `node bench/fleet/followers.ts <redis> <first> <count>`. */
import { LightFleet } from "./light-fleet.ts";

const [redis = "", first, count] = process.argv.slice(2);
const fleet = new LightFleet(redis);
// A run that is cut short must not leave edges behind.
process.once("disconnect", () => process.exit(0));
await fleet.join(Number(first), Number(count));
process.send?.("joined");
