import { describeError } from "../../process/failure.ts";
import type { Position } from "../../purge-log/position.ts";
import type { Purge } from "../../purge-log/purge.ts";
import type { CacheContext } from "../cache/context.ts";
import type { FillRequest } from "../cache/fill-request.ts";
import { type Refreshed, refresh } from "../cache/refresh.ts";
import { needsNoClient, unaskedRequest } from "../cache/warming/unasked-request.ts";
import { cacheKey } from "../rules/cache-key.ts";
import { isPurged } from "../rules/purge-standing.ts";
import { fieldsSelecting, markIn } from "../rules/vary.ts";
import type { StoredResponse } from "../store/stored-response.ts";
import type { PurgeFollower } from "./follower.ts";
import type { Waiting } from "./refill-queue.ts";
import { nextTurn, RefillLane, type Turn } from "./refill-schedule.ts";

// A purge is announced while it is applied. The edge's position moves a moment later.
const APPLIED_MS = 1_000;

// Each holds its targets until the store has been searched for them: at 64 KiB a call this is 64 MiB at most.
const MOST_GATHERING = 1_000;

// About a millisecond's work, each.
const QUEUED_A_SLICE = 250;
const PASSED_A_SLICE = 1_000;

// After that a response waits for a client like any other. With the rests between its tries, the last entry of a queue
// outlasts two minutes without its origin.
const MOST_FAILURES = 8;

// Failed entries go to the back. A client that asks for one revalidates it sooner anyway.
const BEHIND_ALL = -1;

/**
 * Revalidates the responses that paced soft purges cover, at their pace (`Purge.pace`).
 *
 * 1. After a paced purge it queues the stored responses that the purge covers, the most used first.
 * 2. At each turn it revalidates the next entry like a background refresh: a purge that overtakes the fill keeps it out
 *    of the store (rule E3), clients may join (rule E4), and the site's limit of validations applies (rule E2).
 * 3. It skips entries that were refreshed, evicted or removed meanwhile, and entries that belong to one client.
 * 4. It pauses for an origin that fails, and while the edge has no lease.
 *
 * The refill does not change what clients get.
 */
export class Refill {
  readonly #edge: CacheContext;
  readonly #follower: Pick<PurgeFollower, "leaseLeftMs">;
  readonly #lanes = new Map<string, RefillLane>();
  readonly #stopping = new AbortController();
  /** The purges that are being looked up in the store, one after the other. */
  #gathering = Promise.resolve();
  #toGather = 0;
  #running = Promise.resolve();
  #isRunning = false;
  #lastAskedAt: number | undefined;

  constructor(edge: CacheContext, follower: Pick<PurgeFollower, "leaseLeftMs">) {
    this.#edge = edge;
    this.#follower = follower;
  }

  /** Call it for each purge that is applied here. */
  purged(position: Position, purge: Purge): void {
    const { pace, purgeId } = purge;
    if (pace === undefined || this.#stopping.signal.aborted) return;
    if (this.#toGather >= MOST_GATHERING) {
      this.#edge.log.warn({ purgeId, pace }, "refill skipped: too many paced purges at once");
      return;
    }
    this.#toGather += 1;
    this.#gathering = this.#gathering
      .then(() => this.#gather(position, purge, pace))
      .catch((thrown: unknown) => this.#brokeOff(thrown))
      .finally(() => {
        this.#toGather -= 1;
      });
  }

  /** Drops waiting entries. Requests in flight end with their origin. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#gathering;
    await this.#running;
  }

  async #gather(position: Position, { purgeId, targets }: Purge, pace: number): Promise<void> {
    const { store, purges, counters, log } = this.#edge;
    // This very purge would overtake a fill that began before the edge applied it.
    await purges.reaches(position, APPLIED_MS);
    await this.#forgetWhatIsGone();
    let [found, queued] = [0, 0];
    for await (const stored of store.coveredBy(targets)) {
      found += 1;
      if (isPurged(purges.standing(stored)) && this.#queue(stored, pace)) queued += 1;
      if (found % QUEUED_A_SLICE === 0) await this.#letOthersWork();
    }
    counters.add("refillQueued", queued);
    log.info({ purgeId, pace, queued }, "refill begins");
    this.#goOn();
  }

  #queue(stored: StoredResponse, pace: number): boolean {
    const { key, site } = stored;
    const uses = this.#edge.store.useCount(key);
    return this.#lane(site).queue.add({ id: idOf(stored), key, uses, pace, failures: 0 });
  }

  #lane(site: string): RefillLane {
    const lane = this.#lanes.get(site) ?? new RefillLane();
    this.#lanes.set(site, lane);
    return lane;
  }

  /** Keeps the queue within twice the size of the store, however often responses are purged before their turn. */
  async #forgetWhatIsGone(): Promise<void> {
    let waiting = 0;
    for (const { queue } of this.#lanes.values()) waiting += queue.size;
    if (waiting <= 2 * this.#edge.store.objects) return;
    let looked = 0;
    for (const { queue } of this.#lanes.values()) {
      for (const entry of queue) {
        looked += 1;
        if (looked % PASSED_A_SLICE === 0) await this.#letOthersWork();
        if (this.#purgedOf(entry) !== undefined) continue;
        queue.remove(entry.id);
        this.#edge.counters.add("refillSkipped");
      }
    }
  }

  async #letOthersWork(): Promise<void> {
    await this.#edge.clock.wait(0, this.#stopping.signal);
  }

  #goOn(): void {
    if (this.#isRunning || this.#stopping.signal.aborted) return;
    this.#isRunning = true;
    this.#running = this.#run().catch((thrown: unknown) => {
      this.#isRunning = false;
      this.#brokeOff(thrown);
    });
  }

  #brokeOff(thrown: unknown): void {
    if (this.#stopping.signal.aborted) return;
    this.#edge.log.error({ cause: describeError(thrown) }, "refill failed");
  }

  async #run(): Promise<void> {
    const { clock } = this.#edge;
    const { signal } = this.#stopping;
    for (let passed = 0; ; ) {
      const turn = this.#nextTurn();
      switch (turn.kind) {
        case "ask":
          if (this.#take(turn)) passed = 0;
          else passed += 1;
          if (passed === PASSED_A_SLICE) {
            passed = 0;
            await this.#letOthersWork();
          }
          break;
        case "wait":
          await clock.wait(turn.ms, signal);
          break;
        case "done":
          // Set in the same step as the decision, so that the next queued entry starts a new run.
          this.#isRunning = false;
          return;
      }
    }
  }

  #nextTurn(): Turn {
    const { clock, revalidations } = this.#edge;
    return nextTurn(this.#lanes, {
      now: clock.monotonic(),
      lastAskedAt: this.#lastAskedAt,
      leased: this.#follower.leaseLeftMs > 0,
      hasRoom: (site) => revalidations.of(site).hasRoom,
    });
  }

  /** Returns whether a request goes to the origin. */
  #take({ lane, entry }: Extract<Turn, { kind: "ask" }>): boolean {
    const { flights, counters, clock } = this.#edge;
    lane.queue.remove(entry.id);
    const stored = this.#purgedOf(entry);
    // Content that is in a key is not kept, so the origin cannot be asked with it again.
    if (stored === undefined || !needsNoClient(stored) || stored.key !== cacheKey(stored)) {
      counters.add("refillSkipped");
      return false;
    }
    const flight = flights.at(entry.key);
    if (flight !== undefined) {
      // A fill for this key is in flight, perhaps for another variant. Try again when it ends.
      flight.finished.then(() => this.#putBack(lane, entry));
      return false;
    }
    this.#lastAskedAt = clock.monotonic();
    lane.started();
    refresh(requestFor(stored, this.#edge), stored.key, stored, this.#edge).then((became) =>
      this.#came(became, lane, entry),
    );
    return true;
  }

  /** The stored response of the entry, if it is still soft-purged. */
  #purgedOf({ id, key }: Waiting): StoredResponse | undefined {
    const { store, purges } = this.#edge;
    return store.peek(key).find((stored) => idOf(stored) === id && isPurged(purges.standing(stored)));
  }

  #came(became: Refreshed, lane: RefillLane, entry: Waiting): void {
    const { clock, counters } = this.#edge;
    switch (became) {
      case "kept":
        lane.answered();
        counters.add("refilled");
        break;
      case "not-kept":
        lane.answered();
        counters.add("refillFailed");
        break;
      case "failed": {
        lane.failed(clock.monotonic());
        const failures = entry.failures + 1;
        if (failures < MOST_FAILURES) this.#putBack(lane, { ...entry, failures, uses: BEHIND_ALL });
        else counters.add("refillFailed");
      }
    }
  }

  #putBack(lane: RefillLane, entry: Waiting): void {
    // A later purge has queued it again meanwhile, and that entry counts.
    if (lane.queue.has(entry.id)) this.#edge.counters.add("refillSkipped");
    else lane.queue.add(entry);
    this.#goOn();
  }
}

function idOf({ key, selecting }: StoredResponse): string {
  return selecting.size === 0 ? key : `${key} ${JSON.stringify([...selecting])}`;
}

/** A request that selects it. */
function requestFor({ site, base, target, selecting }: StoredResponse, edge: CacheContext): FillRequest {
  const mark = markIn(selecting);
  return unaskedRequest({ site, base, target, fields: fieldsSelecting(selecting), mark }, edge);
}
