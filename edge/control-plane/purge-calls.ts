import { describeError } from "../../process/failure.ts";
import type {
  ForgetRequest,
  ForgetResponse,
  PurgeRequest,
  PurgeResponse,
  PurgesRequest,
  PurgesResponse,
} from "../../proto/gen/edgecache/v1/edge.ts";
import { MOST_TARGETS } from "../../purge-log/purge.ts";
import type { Member, PurgeLog } from "../../purge-log/purge-log.ts";
import type { CacheContext } from "../cache/context.ts";
import type { Sites } from "../origin/sites.ts";
import type { PurgeFollower } from "../purging/follower.ts";
import { breach, type CallResult, callFault, invalidArgument } from "./call-result.ts";
import { appendPurge, type PurgeParts, purge } from "./purge.ts";
import { type PurgeRecords, wireReceipt } from "./purge-audit.ts";
import { readPurgeRequest } from "./purge-request.ts";
import { PurgeRate } from "./rate-limit.ts";
import { MOST_WAITING, Rebounds } from "./rebounds.ts";

export interface PurgeCallsParts extends Pick<CacheContext, "id" | "store" | "clock" | "log"> {
  readonly follower: PurgeFollower;
  readonly purgeLog: PurgeLog;
  readonly records: PurgeRecords;
  readonly sites: Sites;
  /** Purge calls a second. */
  readonly purgeRate: number;
}

const DEFAULT_LISTED = 100;
const MOST_LISTED = 1_000;

/** The calls about purges: take one, list the latest, forget an edge that purges wait for. */
export class PurgeCalls {
  readonly #parts: PurgeCallsParts & PurgeParts;
  readonly #rate: PurgeRate;

  constructor(parts: PurgeCallsParts) {
    const rebounds = new Rebounds((entry) => appendPurge(entry, parts), parts);
    this.#parts = { ...parts, rebounds };
    this.#rate = new PurgeRate(parts.purgeRate, parts.clock.monotonic());
  }

  /** `by` says who asked. */
  async purge(request: PurgeRequest, by: string): Promise<CallResult<PurgeResponse>> {
    const { id, sites, clock, rebounds, purgeRate } = this.#parts;
    const call = readPurgeRequest(request, sites);
    if (!call.ok) return call;
    const waitMs = this.#rate.take(clock.monotonic());
    if (waitMs > 0) {
      const rule = `at most ${purgeRate} calls a second at ${id}; try again in ${Math.ceil(waitMs)} ms`;
      return callFault(
        "resource-exhausted",
        `purge: must be ${rule}, or name up to ${MOST_TARGETS} targets in one call`,
      );
    }
    if (call.value.reboundMs !== undefined && !rebounds.hasRoom) {
      return callFault(
        "resource-exhausted",
        `rebound: must wait: ${MOST_WAITING} rebounds are waiting at ${id}; try again later`,
      );
    }
    const outcome = await purge(call.value, `${by} via ${id}`, this.#parts);
    if (outcome.kind === "another-purge") {
      const rule = "must be new, or stand for the same targets, soft, pace and rebound as before";
      return invalidArgument("purge_id", rule, outcome.purgeId);
    }
    const { proof } = outcome;
    return { ok: true, value: { ...proof, edges: proof.edges.map(wireReceipt) } };
  }

  async purges({ limit }: PurgesRequest): Promise<CallResult<PurgesResponse>> {
    if (limit > MOST_LISTED) {
      return invalidArgument(
        "limit",
        `must be 1 to ${MOST_LISTED}, or 0 for ${DEFAULT_LISTED}`,
        String(limit),
      );
    }
    const { id, records } = this.#parts;
    const purges = records.list(limit === 0 ? DEFAULT_LISTED : limit, await this.#members());
    return { ok: true, value: { edge: id, purges } };
  }

  /**
   * Removes an edge for good. One whose lease may still run is refused: a purge that no longer waits for it would
   * be called proven while it serves from its cache. Throws a Failure when the purge log does not answer.
   */
  async forget({ edge }: ForgetRequest, by: string): Promise<CallResult<ForgetResponse>> {
    const { id, purgeLog, log } = this.#parts;
    if (edge === "") return invalidArgument("edge", "must be the id of an edge", edge);
    const outcome = await purgeLog.forget(edge);
    switch (outcome.kind) {
      case "unknown": {
        return callFault("not-found", breach("edge", "must be in the heartbeat table", edge));
      }
      case "serving": {
        const age = `its last heartbeat is ${Math.round(outcome.heartbeatAgeMs)} ms old`;
        const rule =
          "must have been silent for longer than its lease, else it may still serve from its cache";
        const again = `stop it, or try again in ${Math.ceil(outcome.leftMs)} ms`;
        return callFault("failed-precondition", `edge: ${rule}: ${edge}: ${age}; ${again}`);
      }
      case "forgotten":
        log.warn(
          { forgotten: edge, by: `${by} via ${id}`, heartbeatAgeMs: outcome.heartbeatAgeMs },
          "edge forgotten",
        );
        return { ok: true, value: {} };
    }
  }

  /** Rebounds that still wait are lost. */
  async stop(): Promise<void> {
    await this.#parts.rebounds.stop();
  }

  /** None while the purge log does not answer: what happened here is still told. */
  async #members(): Promise<readonly Member[]> {
    try {
      return await this.#parts.purgeLog.members();
    } catch (thrown) {
      this.#parts.log.info(
        { cause: describeError(thrown) },
        "heartbeat table unreadable; purges listed without receipts of other edges",
      );
      return [];
    }
  }
}
