import type { Position } from "../../purge-log/position.ts";
import { SimulatedRedis } from "./simulated-redis.ts";
import type { Doubt, Found } from "./verifying-redis.ts";

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

/** Reuses the epoch of a log that is lost within a second. */
export class RepeatingEpochs extends SimulatedRedis {
  protected override epoch(nowUs: number, passed: number): number {
    return Math.max(Math.floor(nowUs / 1e6) * 1e6, passed) + 1;
  }
}

/** Takes a purge again that it has taken already. */
export class Unknowing extends SimulatedRedis {
  protected override known(_purgeId: string): string | undefined {
    return undefined;
  }
}

/** Does not miss rows of the table of edges. */
export class RowBlind extends SimulatedRedis {
  protected override tableLostRows(): boolean {
    return false;
  }
}

/** Leaves times from the future as they are. */
export class PatientWithTheFuture extends SimulatedRedis {
  protected override isFuture(): boolean {
    return false;
  }
}

/** Knows a purge by its id alone. */
export class DigestBlind extends SimulatedRedis {
  protected override isSame(): boolean {
    return true;
  }
}

/** Forgets any edge on request. */
export class ForgettingAnyone extends SimulatedRedis {
  protected override mayServe(): boolean {
    return false;
  }
}
