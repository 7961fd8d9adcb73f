import type { Caller } from "../../process/control/callers.ts";
import { Failure } from "../../process/failure.ts";
import type { Log } from "../../process/log.ts";
import type { ReloadResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import { type CallResult, callFault } from "./call-result.ts";

/** What may change while an edge runs; its certificates may too. */
export interface Reloadable {
  readonly callers: readonly Caller[] | undefined;
}

/** Gives the settings of now. Throws a Failure that says what is wrong with them. */
export type Reread = (take: (settings: Reloadable) => void) => void;

interface ReloadParts {
  readonly id: string;
  readonly log: Pick<Log, "info">;
  /** undefined: there are no settings to read again. */
  readonly reread?: Reread | undefined;
  readonly reload: (changes: Reloadable) => void;
}

/** Reads the settings again, because a caller asked. */
export function reloaded(by: string, { id, log, reread, reload }: ReloadParts): CallResult<ReloadResponse> {
  if (reread === undefined) {
    const rule = "must be those of a program of its own to be read again";
    return callFault("failed-precondition", `settings: ${rule}: ${id} shares its process`);
  }
  log.info({ by }, "reload asked for");
  try {
    reread(reload);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return callFault("failed-precondition", thrown.message.replaceAll("\n", "; "));
  }
  return { ok: true, value: { edge: id } };
}
