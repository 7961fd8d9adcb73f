import type { Position } from "../../purge-log/position.ts";
import { type Doubt, type Found, SimulatedRedis } from "./simulated-redis.ts";

/** Opens an epoch where there is no log, and doubts nothing else. */
export class Undoubting extends SimulatedRedis {
  protected override doubt(found: Found, floor: Position, last: Position | undefined): Doubt | undefined {
    return found.logKind === "stream" && last !== undefined ? undefined : super.doubt(found, floor, last);
  }
}

/** Does not compare its run id: a restart alone raises no doubt. */
export class RunIdBlind extends SimulatedRedis {
  protected override doubt(found: Found, floor: Position, last: Position | undefined): Doubt | undefined {
    const record = { ...found.record, runId: this.runId };
    return super.doubt({ ...found, record }, floor, last);
  }
}

/** Takes a purge again that it has taken already. */
export class Unknowing extends SimulatedRedis {
  protected override known(_purgeId: string): string | undefined {
    return undefined;
  }
}
