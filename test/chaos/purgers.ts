import { setTimeout as delay } from "node:timers/promises";
import { credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import { describeError } from "../../process/failure.ts";
import { EdgeServiceClient, PurgeRequest, type PurgeResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import { comparePositions, parsePosition } from "../../purge-log/position.ts";
import type { PurgeTarget } from "../../purge-log/purge.ts";
import type { EdgeProcess } from "../rig/edge-process.ts";
import type { Checker } from "./checker.ts";
import type { PurgeEvent } from "./history.ts";
import { describeTargets, names, PAGES, PROBE, someTargets } from "./pages.ts";
import type { VersionedOrigin } from "./versioned-origin.ts";

const USUAL_PAUSE_MS = 150;
// Purges with no wait test *Bounded*, the others *Proven*.
const NO_WAIT_SHARE = 0.4;
const WAIT_MS = 4_000;
const SOFT_SHARE = 0.3;
const REPEAT_SHARE = 0.1;
const REUSE_SHARE = 0.1;
// Beyond the wait: what the call may take at an edge that cannot reach Redis.
const CALL_PATIENCE_MS = 3_000;
// A purge that nobody accepts for so long is given up; it binds nobody.
const PURGE_PATIENCE_MS = 15_000;
const RETRY_MS = 100;

/** Operators that edit pages and purge them at a random edge, and tell the checker what they were told. */
export class Purgers {
  /** By outcome. */
  readonly counts = new Map<string, number>();
  /** The latest accepted purge of each page. */
  readonly latest = new Map<string, PurgeEvent>();
  readonly #edges: readonly EdgeProcess[];
  readonly #clients: readonly EdgeServiceClient[];
  readonly #origin: VersionedOrigin;
  readonly #checker: Checker;
  readonly #site: string;
  readonly #pauseMs: number;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>[] = [];
  #made = 0;
  /** The purge with the highest position of those that were answered. */
  #highest: PurgeEvent | undefined;

  /** `site`: the site of the pages, where there are several. `pauseMs`: between two purges of one of them, in the mean. */
  constructor(
    edges: readonly EdgeProcess[],
    origin: VersionedOrigin,
    checker: Checker,
    { site = "", pauseMs = USUAL_PAUSE_MS } = {},
  ) {
    this.#edges = edges;
    this.#origin = origin;
    this.#checker = checker;
    this.#site = site;
    this.#pauseMs = pauseMs;
    const options = { "grpc.initial_reconnect_backoff_ms": 100, "grpc.max_reconnect_backoff_ms": 500 };
    this.#clients = edges.map(
      ({ control }) => new EdgeServiceClient(control, credentials.createInsecure(), options),
    );
  }

  start(random: SeededRandom): void {
    const refused = (thrown: unknown) => this.#checker.broken("No purge refused", describeError(thrown));
    this.#running.push(this.#purge(random).catch(refused));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  /** Resolves when a purge is applied at every edge: nobody is fenced or pending. Returns false when time is up. */
  async provenEverywhere(random: SeededRandom, patienceMs: number): Promise<boolean> {
    const until = performance.now() + patienceMs;
    while (performance.now() < until) {
      const id = this.#newId("probe");
      const response = await this.#ask(random, id, [{ kind: "url", target: PROBE }], false, 1_000);
      const states = response?.edges.map(({ state }) => state) ?? [];
      if (states.length === this.#edges.length && states.every((state) => state === "applied")) return true;
    }
    return false;
  }

  async #purge(random: SeededRandom): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const targets = someTargets(random);
      const purge = await this.#settle(random, this.#newId("purge"), targets);
      this.#take(purge);
      if (purge.position !== undefined && random.chance(REPEAT_SHARE)) {
        const again = await this.#settle(random, purge.id, targets, purge);
        this.#checker.repeated(purge, again);
        this.#take(again);
      }
      if (purge.position !== undefined && random.chance(REUSE_SHARE)) await this.#reuse(random, purge);
      await delay(random.between(0, 2 * this.#pauseMs));
    }
  }

  /** The id of a purge stands for it. Where the log has lost that, the other purge is one of its own. */
  async #reuse(random: SeededRandom, first: PurgeEvent): Promise<void> {
    const response = await this.#ask(random, first.id, [{ kind: "url", target: PROBE }], first.soft, 0);
    const position = parsePosition(response?.position ?? "");
    if (position === undefined || first.position === undefined) return;
    if (comparePositions(position, first.position) === 0)
      this.#checker.broken("Own id", `${first.id} of ${first.named} was answered to a purge of ${PROBE}`);
  }

  #take(purge: PurgeEvent): void {
    count(this.counts, purge.outcome.split(":", 1)[0] ?? "");
    this.#checker.purged(purge);
    const { position } = purge;
    if (position === undefined) return;
    for (const url of purge.urls) this.latest.set(url, purge);
    const highest = this.#highest?.position;
    if (highest === undefined || comparePositions(highest, position) < 0) this.#highest = purge;
  }

  /**
   * Edits the pages, and purges them until an edge says where the purge stands. To settle `first` once more is to
   * retry it: it purges nothing twice, so it binds as it did.
   */
  async #settle(
    random: SeededRandom,
    id: string,
    targets: readonly PurgeTarget[],
    first?: PurgeEvent,
  ): Promise<PurgeEvent> {
    const pages = PAGES.filter((page) => targets.some((target) => names(target, page)));
    if (first === undefined) for (const page of pages) this.#origin.edit(page);
    const before = this.#highest;
    const startedAt = performance.now();
    const sentAt = first?.sentAt ?? startedAt;
    const soft = first?.soft ?? random.chance(SOFT_SHARE);
    const waitMs = random.chance(NO_WAIT_SHARE) ? 0 : WAIT_MS;
    const asked = { id, named: describeTargets(targets), urls: pages.map(({ url }) => url), sentAt, soft };
    let outcome = "unknown";
    while (performance.now() < startedAt + PURGE_PATIENCE_MS) {
      const response = await this.#ask(random, id, targets, soft, waitMs);
      const position = parsePosition(response?.position ?? "");
      outcome = response === undefined ? "unknown" : outcomeOf(response);
      if (position !== undefined) {
        const acceptedBy = performance.now();
        const provenAt = response?.outcome === "applied" ? acceptedBy : undefined;
        const everywhere = response?.edges.every(({ state }) => state === "applied") ?? false;
        const appliedBy = everywhere ? provenAt : undefined;
        const settled = { ...asked, acceptedBy, position, provenAt, appliedBy, outcome };
        if (before !== undefined && first === undefined) this.#checker.ordered(before, settled);
        return settled;
      }
      await delay(RETRY_MS);
    }
    const never = { acceptedBy: undefined, position: undefined, provenAt: undefined, appliedBy: undefined };
    return { ...asked, ...never, outcome };
  }

  /** One call to a random edge; undefined when no answer came, so that nothing is known. */
  #ask(
    random: SeededRandom,
    purgeId: string,
    targets: readonly PurgeTarget[],
    soft: boolean,
    waitMs: number,
  ): Promise<PurgeResponse | undefined> {
    const client = random.pick(this.#clients);
    const wait = { seconds: Math.floor(waitMs / 1_000), nanos: (waitMs % 1_000) * 1e6 };
    const request = {
      ...PurgeRequest.decode(new Uint8Array()),
      purgeId,
      soft,
      wait,
      targets: targets.map((target) => ({ target: onTheWire(target), site: this.#site })),
    };
    const deadline = Date.now() + waitMs + CALL_PATIENCE_MS;
    return new Promise((resolve, reject) => {
      client.purge(request, new Metadata(), { deadline }, (error: ServiceError | null, response) => {
        if (error === null) resolve(response);
        else if (error.code === status.INVALID_ARGUMENT && error.details.startsWith("purge_id: must be new"))
          resolve(undefined);
        else if (error.code === status.UNAVAILABLE || error.code === status.DEADLINE_EXCEEDED)
          resolve(undefined);
        else reject(error);
      });
    });
  }

  #newId(kind: string): string {
    this.#made += 1;
    return `${kind}-${this.#made}`;
  }
}

function onTheWire(target: PurgeTarget): PurgeRequest["targets"][number]["target"] {
  switch (target.kind) {
    case "url":
      return { $case: "url", url: target.target };
    case "prefix":
      return { $case: "prefix", prefix: target.prefix };
    case "tag":
      return { $case: "tag", tag: target.tag };
    case "everything":
      return { $case: "everything", everything: true };
  }
}

/** In a word, then edge by edge. */
function outcomeOf({ outcome, edges }: PurgeResponse): string {
  const fenced = edges.some(({ state }) => state === "fenced");
  const word = outcome === "applied" && fenced ? "applied with fenced" : outcome;
  return `${word}: ${edges.map(({ edge, state, ms }) => `${edge} ${state} ${ms.toFixed(1)} ms`).join(", ")}`;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
