import { Failure } from "../../process/failure.ts";
import type { Log } from "../../process/log.ts";
import type { ReloadResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import { type CallResult, callFault } from "./call-result.ts";

/** Reads the settings again and takes them. Throws a Failure that says what is wrong; then those of before go on. */
export type Reload = () => Promise<{ readonly config: string; readonly needsRestart: readonly string[] }>;

interface ReloadParts {
  readonly id: string;
  readonly log: Pick<Log, "info">;
  /** undefined: there are no settings to read again. */
  readonly reload: Reload | undefined;
}

/** Reads the settings again, because a caller asked. */
export async function reloaded(
  by: string,
  { id, log, reload }: ReloadParts,
): Promise<CallResult<ReloadResponse>> {
  if (reload === undefined) {
    const rule = "must be those of a program of its own to be read again";
    return callFault("failed-precondition", `settings: ${rule}: ${id} shares its process`);
  }
  log.info({ by }, "reload asked for");
  try {
    const { config, needsRestart } = await reload();
    return { ok: true, value: { edge: id, config, needsRestart: [...needsRestart] } };
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return callFault("failed-precondition", thrown.message.replaceAll("\n", "; "));
  }
}
