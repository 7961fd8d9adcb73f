import type { Clock } from "../../process/clock.ts";
import type { Caller } from "../../process/control/callers.ts";
import type { Tokens } from "../../process/control/tokens.ts";
import type { Log } from "../../process/log.ts";
import type {
  EdgeStats,
  ExamineResponse,
  ExplainRequest,
  ExplainResponse,
  PingResponse,
  StatsResponse,
} from "../../proto/gen/edgecache/v1/edge.ts";
import type { CallRefusal } from "../cache/call-refusals.ts";
import type { SeenRequests } from "../cache/seen-requests.ts";
import type { TopRequests } from "../cache/top-requests.ts";
import type { OriginState } from "../origin/reachable.ts";
import type { Store } from "../store/store.ts";
import type { ControlAccess } from "./access.ts";
import type { CallResult } from "./call-result.ts";
import type { ControlPortLimits } from "./control-port.ts";
import type { PurgeShapeName } from "./http/compat/purge-shape.ts";
import type { PurgeCalls } from "./purge-calls.ts";
import type { Reload } from "./reload-call.ts";

/** What the edge says of itself. */
export interface CallableStatus {
  ping(): PingResponse;
  stats(): EdgeStats;
  members(): Promise<Pick<StatsResponse, "members" | "membersOutdated">>;
  drain(isDrained: boolean): void;
  origins(): Promise<readonly OriginState[]>;
  examine(): Promise<ExamineResponse>;
}

/** The settings that it takes while it is open. */
export interface ReloadedControl {
  readonly callers: readonly Caller[] | undefined;
  readonly simulateLatency: number;
}

export interface ControlPlaneParts {
  readonly id: string;
  readonly purges: Pick<PurgeCalls, "purge" | "purges" | "forget">;
  readonly status: CallableStatus;
  readonly explain: (request: ExplainRequest) => Promise<CallResult<ExplainResponse>>;
  readonly clock: Clock;
  readonly log: Log;
  /** Requests that were picked to be looked at. */
  readonly seen: SeenRequests;
  readonly top: TopRequests;
  readonly store: Pick<Store, "coveredBy" | "useCount">;
  /** How much later Ping answers, to play a far edge. */
  readonly simulateLatencyMs: number;
  readonly tokens: Tokens;
  /** undefined: there are no settings to read again. */
  readonly reload: Reload | undefined;
  /** Whose purge calls the operator port understands beside its own. */
  readonly purgeShapes: readonly PurgeShapeName[];
  /** The site that answers a Host. */
  readonly siteOf: (authority: string) => string | undefined;
  /** undefined: no TLS. */
  readonly access: ControlAccess | undefined;
  /** Called for each call that is not done, with the reason. */
  readonly onRefused: (code: CallRefusal) => void;
  readonly limits?: ControlPortLimits;
}
