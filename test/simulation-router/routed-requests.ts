import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import { RetryBudget } from "../../router/choose/retry-budget.ts";
import { Latencies } from "./latencies.ts";
import { drawTravel, type Travel } from "./network.ts";
import type { Picker, Policy } from "./policy.ts";
import type { World } from "./world.ts";

/** Who is told of every attempt and every answer. Instants in milliseconds since the beginning. */
export interface Watcher {
  /** A request is about to be sent to that edge; the first attempt is number 0. */
  sent?(world: World, router: number, edge: number, attempt: number): void;
  /** A request that came at `cameAt` has been answered by that edge. */
  answered?(world: World, router: number, edge: number, cameAt: number, latencyMs: number): void;
}

// http/server/timeouts.ts: the edges tried for one request have so long for the first byte; then it is a 504.
const PATIENCE_MS = 40_000;

// router/forward/forwarding.ts: a request goes to so many edges at most.
const MAX_SENT = 3;

// A router that watches no edge notices a connection on which nothing comes back after so long (a lost SYN).
const UNANSWERED_MS = 1000;

interface Request {
  readonly router: number;
  readonly picker: Picker;
  readonly cameAt: number;
  readonly units: number;
  /** The edges to try. */
  readonly order: readonly number[];
}

interface Attempt {
  readonly request: Request;
  /** Counted from 0. */
  readonly number: number;
  readonly edge: number;
  readonly sentAt: number;
}

/** What routers do with requests: try one edge after the other until one answers, and keep the time. */
export class RoutedRequests {
  readonly latencies = new Latencies();
  /** Requests that are neither answered nor lost. */
  waiting = 0;
  readonly #world: World;
  readonly #watcher: Watcher;
  /** What befalls a second attempt must not change what the next request is. */
  readonly #random: SeededRandom;
  readonly #pickers: readonly Picker[];
  /** By router. */
  readonly #budgets: readonly RetryBudget[];
  /** By router: the attempts that wait for an answer. */
  readonly #attempts: readonly Set<Attempt>[];

  constructor(world: World, policy: Policy, watcher: Watcher) {
    this.#world = world;
    this.#watcher = watcher;
    this.#random = world.random.fork();
    this.#attempts = world.site.routers.map(() => new Set());
    this.#budgets = world.site.routers.map(() => new RetryBudget(world.time.now));
    this.#pickers = world.site.routers.map((_, router) =>
      policy.picker(world, router, (edge) => this.#leave(router, edge)),
    );
  }

  /** A client's request has come to this router. */
  take(router: number, units: number, travel: Travel): void {
    const picker = this.#pickers[router];
    if (picker === undefined) throw new Error(`there is no router ${router}`);
    const cameAt = this.#world.time.now;
    this.waiting += 1;
    this.#budgets[router]?.request();
    this.#try({ router, picker, cameAt, units, order: picker.choose(cameAt) }, 0, travel);
  }

  #try(request: Request, number: number, travel: Travel): void {
    const { time, network } = this.#world;
    const { router, picker, units } = request;
    const edge = request.order[number];
    const isAllowed = number === 0 || this.#budgets[router]?.take(time.now) === true;
    if (edge === undefined || number === MAX_SENT || !isAllowed) {
      this.#lose();
      return;
    }
    const attempt: Attempt = { request, number, edge, sentAt: time.now };
    this.#attempts[router]?.add(attempt);
    this.#watcher.sent?.(this.#world, router, edge, number);
    picker.began?.(edge, time.now);
    network.send({
      router,
      edge,
      travel,
      units,
      answered: () => this.#answered(attempt),
      refused: () => this.#failed(attempt),
      lost: () => time.at(attempt.sentAt + UNANSWERED_MS, () => this.#failed(attempt)),
    });
  }

  #answered(attempt: Attempt): void {
    const { request, edge, sentAt } = attempt;
    const { now } = this.#world.time;
    if (!this.#end(attempt)) return;
    request.picker.answered?.(edge, now, now - sentAt);
    const latencyMs = now - request.cameAt;
    if (latencyMs > PATIENCE_MS) {
      this.#lose();
      return;
    }
    this.waiting -= 1;
    this.latencies.add(latencyMs);
    this.#watcher.answered?.(this.#world, request.router, edge, request.cameAt, latencyMs);
  }

  #failed(attempt: Attempt): void {
    const { request, edge, number } = attempt;
    const { now } = this.#world.time;
    if (!this.#end(attempt)) return;
    request.picker.failed?.(edge, now);
    this.#try(request, number + 1, drawTravel(this.#random, this.#world.site.jitterMs));
  }

  /** This router has found this edge dead: what waits for it goes elsewhere. */
  #leave(router: number, edge: number): void {
    for (const attempt of [...(this.#attempts[router] ?? [])]) {
      if (attempt.edge === edge) this.#failed(attempt);
    }
  }

  /** Whether it was still waiting. */
  #end(attempt: Attempt): boolean {
    return this.#attempts[attempt.request.router]?.delete(attempt) === true;
  }

  #lose(): void {
    this.waiting -= 1;
    this.latencies.lost += 1;
  }
}
