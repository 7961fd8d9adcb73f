import { randomUUID } from "node:crypto";
import { describeError } from "../../process/failure.ts";
import type { TraceContext } from "../../process/tracing/trace-context.ts";
import type { Span } from "../../process/tracing/tracer.ts";
import { WorkSlice } from "../../process/work-slice.ts";
import type {
  ForgetRequest,
  ForgetResponse,
  PurgeRequest,
  PurgeResponse,
  PurgesRequest,
  PurgesResponse,
} from "../../proto/gen/edgecache/v1/edge.ts";
import { formatPosition } from "../../purge-log/position.ts";
import { MOST_TARGETS, type Purge, type PurgeTarget } from "../../purge-log/purge.ts";
import type { AppendOutcome, Member, PurgeLog } from "../../purge-log/purge-log.ts";
import { askedVia } from "../../purge-log/taker.ts";
import type { CacheContext } from "../cache/context.ts";
import type { Sites } from "../origin/sites.ts";
import type { PurgeFollower } from "../purging/follower.ts";
import { storedTargets } from "../purging/stored-targets.ts";
import { breach, type CallResult, callFault, invalidArgument } from "./call-result.ts";
import { Confirmations } from "./confirmations.ts";
import { type PurgeRecords, wireReceipt } from "./purge-audit.ts";
import { type PurgeCall, readPurgeRequest } from "./purge-request.ts";
import { appendSpan, callSpan, endAppend, endCall, endReceipts, receiptsSpan } from "./purge-spans.ts";
import { PurgeRate } from "./rate-limit.ts";
import { MOST_WAITING, MOST_WAITING_TARGETS, Rebounds } from "./rebounds.ts";
import { collectReceipts, isProven, type Receipts } from "./receipts.ts";
import { soon } from "./soon.ts";

/** What the calls about purges need of their edge. */
export interface PurgeCallsParts
  extends Pick<CacheContext, "id" | "store" | "clock" | "log" | "counters" | "tracer"> {
  readonly follower: Pick<PurgeFollower, "position" | "onPurge">;
  readonly purgeLog: PurgeLog;
  readonly records: PurgeRecords;
  readonly sites: Sites;
  /** Purge calls a second. */
  readonly purgeRate: number;
}

const DEFAULT_LISTED = 100;
const MOST_LISTED = 1_000;

const MAY_BE_MISSING =
  "the heartbeat table lost rows a moment ago: an edge that it does not name may still serve by its lease; " +
  "ask again with the same purge_id";

type Accepted = Extract<AppendOutcome, { kind: "accepted" }>;

// Of so many, a step takes a fraction of a millisecond.
const MANY_TARGETS = 100;

/** The calls about purges: take one, list the latest, forget an edge that purges wait for. */
export class PurgeCalls {
  readonly #parts: PurgeCallsParts;
  readonly #rate: PurgeRate;
  readonly #rebounds: Rebounds;
  readonly #confirmations: Confirmations;
  /** The dry run that is counting, or the last one. */
  #counting: Promise<unknown> = Promise.resolve();

  constructor(parts: PurgeCallsParts) {
    this.#parts = parts;
    this.#rate = new PurgeRate(parts.purgeRate, parts.clock.monotonic());
    this.#confirmations = new Confirmations(parts.id, parts.purgeLog);
    this.#rebounds = new Rebounds((entry) => this.#append(entry), parts);
    parts.follower.onPurge(({ position, asked }) => this.#rebounds.applied(position, asked));
  }

  /** `by` says who asked, `parent` of what trace the call is part. */
  async purge(request: PurgeRequest, by: string, parent?: TraceContext): Promise<CallResult<PurgeResponse>> {
    const span = callSpan(this.#parts.tracer, parent);
    const result = await this.#purge(request, by, span);
    endCall(span, result);
    return result;
  }

  async #purge(
    request: PurgeRequest,
    by: string,
    span: Span | undefined,
  ): Promise<CallResult<PurgeResponse>> {
    const { id, sites, clock, purgeRate } = this.#parts;
    await this.#letOthersGoOn(request.targets);
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
    if (call.value.reboundMs !== undefined && !this.#rebounds.hasRoom) {
      const rule = `at most ${MOST_WAITING} at a time, with ${MOST_WAITING_TARGETS} targets, at ${id}`;
      return callFault("resource-exhausted", `rebound: must be one of ${rule}; try again later`);
    }
    return this.carryOut(call.value, by, span);
  }

  /**
   * The life of a purge at the edge that takes the call: append it to the purge log; every edge, this one included,
   * applies it from there; collect their receipts (rule R4). Never throws.
   */
  async carryOut(call: PurgeCall, by: string, span?: Span): Promise<CallResult<PurgeResponse>> {
    const { targets, soft, pace, reboundMs } = call;
    const { clock, counters, tracer } = this.#parts;
    const since = clock.monotonic();
    const purgeId = call.purgeId === "" ? randomUUID() : call.purgeId;
    if (call.dryRun) return this.#dryRun(purgeId, targets);
    const namesSite = targets.some(({ site }) => site !== undefined);
    const appending = appendSpan(tracer, span, call);
    const entry: Purge = {
      purgeId,
      targets,
      soft,
      ...(pace === undefined ? {} : { pace }),
      ...(reboundMs === undefined ? {} : { reboundMs }),
      ...(namesSite ? { sites: this.#parts.sites.digest } : {}),
      by: askedVia(by, this.#parts.id, appending?.context),
    };
    const appended = await this.#append(entry);
    endAppend(appending, appended);
    switch (appended.kind) {
      case "another-purge": {
        const rule = "must be new, or stand for the same targets, soft, pace and rebound as before";
        return invalidArgument("purge_id", rule, purgeId);
      }
      case "rejected":
      case "unknown": {
        const { kind: outcome, reason: detail } = appended;
        return { ok: true, value: { purgeId, position: "", outcome, edges: [], detail } };
      }
      case "accepted": {
        const waiting = receiptsSpan(tracer, span);
        const accepted = clock.monotonic();
        const value = await this.#proof(entry, appended, call.waitMs);
        endReceipts(waiting, value, accepted);
        if (value.outcome === "applied") counters.took("purgeSeconds", (clock.monotonic() - since) / 1000);
        return { ok: true, value };
      }
    }
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
    const most = limit === 0 ? DEFAULT_LISTED : limit;
    records.learn(most, await this.#members());
    return { ok: true, value: { edge: id, purges: records.list(most) } };
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
          { forgotten: edge, by: askedVia(by, id), heartbeatAgeMs: outcome.heartbeatAgeMs },
          "edge forgotten",
        );
        return { ok: true, value: {} };
    }
  }

  /** Rebounds that still wait are left to the other edges. */
  async stop(): Promise<void> {
    await this.#rebounds.stop();
  }

  /** Appends it to the purge log and writes the audit line: what, who, where in the log; the line has its time. */
  async #append(purge: Purge): Promise<AppendOutcome> {
    const { follower, log, purgeLog } = this.#parts;
    await this.#letOthersGoOn(purge.targets);
    const appended = await purgeLog.append(purge, follower.position);
    await this.#letOthersGoOn(purge.targets);
    if (appended.kind === "accepted") {
      log.info({ ...purge, position: formatPosition(appended.position) }, "purge accepted");
    } else {
      log.warn({ ...purge, outcome: appended.kind, reason: appended.reason }, "purge not accepted");
    }
    return appended;
  }

  /** Between the steps of a call that names many targets: each step takes milliseconds, more while its code is new. */
  async #letOthersGoOn(targets: readonly unknown[]): Promise<void> {
    if (targets.length > MANY_TARGETS) await this.#parts.clock.wait(0);
  }

  /** What is known of a purge that the log has accepted. */
  async #proof({ purgeId, sites }: Purge, appended: Accepted, waitMs: number): Promise<PurgeResponse> {
    const position = formatPosition(appended.position);
    try {
      const receipts = await collectReceipts({ ...appended, sites }, waitMs, {
        ...this.#parts,
        confirmations: this.#confirmations,
      });
      this.#parts.records.proven(appended.position, receipts.edges);
      const outcome = isProven(receipts) ? "applied" : "pending";
      const edges = receipts.edges.map(wireReceipt);
      return { purgeId, position, outcome, edges, detail: detailOf(receipts) };
    } catch (thrown) {
      const detail = `accepted, but the receipts cannot be read: ${describeError(thrown)}`;
      return { purgeId, position, outcome: "pending", edges: [], detail };
    }
  }

  /** Pending, without a position: the words for a purge of which nothing is proven, because nothing was purged. */
  async #dryRun(purgeId: string, targets: readonly PurgeTarget[]): Promise<CallResult<PurgeResponse>> {
    const { id, store, sites, clock } = this.#parts;
    // One at a time: each works in slices, and the slices of many would follow one another without a pause.
    const counted = this.#counting.then(async () => {
      const more = await storedTargets(targets, sites, new WorkSlice(clock));
      return store.covered([...targets, ...more.targets]);
    });
    this.#counting = counted.catch(() => undefined);
    const { objects, bytes } = await counted;
    const edges = [wireReceipt({ edge: id, state: "pending", ms: 0, objects, bytes })];
    const detail = `dry run: ${objects} objects, ${bytes} bytes on ${id}; nothing was purged`;
    return { ok: true, value: { purgeId, position: "", outcome: "pending", edges, detail } };
  }

  /**
   * With what purges removed at each, which older edges say in their heartbeats. None while the purge log does not
   * answer: what happened here is still told.
   */
  async #members(): Promise<readonly Member[]> {
    const { purgeLog, clock, log } = this.#parts;
    try {
      const both = Promise.all([purgeLog.members(), purgeLog.counts()]);
      const [members, counts] = await soon(both, clock);
      return members.map((member) => ({ ...member, applied: counts.get(member.edge) ?? member.applied }));
    } catch (thrown) {
      log.info(
        { cause: describeError(thrown) },
        "heartbeat table unreadable; purges listed without receipts of other edges",
      );
      return [];
    }
  }
}

/** What the outcome alone does not say. */
function detailOf({ edges, complete, staleWhenLapsed }: Receipts): string {
  if (!complete) return MAY_BE_MISSING;
  if (staleWhenLapsed.length > 0) {
    const who = staleWhenLapsed.join(", ");
    return `${who}: cut off, and may serve stale responses (--stale-when-lapsed), so silence proves nothing there`;
  }
  const differing = edges.filter(({ differs }) => differs === true).map(({ edge }) => edge);
  if (differing.length === 0) return "";
  return `${differing.join(", ")}: configured with other sites, so the purge is of every site there`;
}
