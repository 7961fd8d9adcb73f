import type { Clock } from "../../process/clock.ts";
import { type Caller, Callers } from "../../process/control/callers.ts";
import type { ControlFiles } from "../../process/control/control-files.ts";
import { ControlIdentity } from "../../process/control/control-identity.ts";
import type { Log } from "../../process/log.ts";
import type { GateRefusal } from "../cache/call-refusals.ts";
import type { EdgeCounters } from "../cache/metrics.ts";

/** How callers prove by a certificate who they are, and what each may do. */
export interface ControlAccess {
  readonly identity: ControlIdentity;
  readonly callers: Callers;
  readonly onRefused: (reason: GateRefusal) => void;
}

interface AccessConfig {
  readonly control: ControlFiles | undefined;
  readonly callers?: readonly Caller[] | undefined;
  /** The host at which others reach this edge. */
  readonly advertise: string;
}

/** undefined: callers are not asked for certificates. Throws a Failure for files that cannot be used. */
export function controlAccess(
  { control, callers = [], advertise }: AccessConfig,
  { clock, log, counters }: { readonly clock: Clock; readonly log: Log; readonly counters: EdgeCounters },
): ControlAccess | undefined {
  if (control === undefined) return undefined;
  const identity = new ControlIdentity(control, clock, log);
  if (!identity.isFor(advertise))
    log.warn({ advertise }, "the control certificate is not for --advertise: nobody trusts this edge there");
  return {
    identity,
    callers: new Callers(callers),
    onRefused: (reason) => counters.addReason("callersRefused", reason),
  };
}
