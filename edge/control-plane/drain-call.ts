import type { Log } from "../../process/log.ts";
import type { DrainResponse, PingResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import type { CallResult } from "./call-result.ts";

interface DrainParts {
  readonly log: Pick<Log, "info">;
  readonly status: {
    drain(isDrained: boolean): void;
    ping(): Pick<PingResponse, "edge" | "state">;
  };
}

/** Takes the edge out of service, or puts it back, because a caller asked. */
export function drained(
  isDrained: boolean,
  by: string,
  { log, status }: DrainParts,
): CallResult<DrainResponse> {
  status.drain(isDrained);
  log.info({ by }, isDrained ? "drained: routers send it nothing while another edge serves" : "undrained");
  const { edge, state } = status.ping();
  return { ok: true, value: { edge, state } };
}
