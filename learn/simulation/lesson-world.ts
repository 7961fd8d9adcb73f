import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import type { PurgeTarget } from "../../purge-log/purge.ts";
import type { Figure, Place, Run } from "../lesson-event.ts";
import { type Answer, type EdgeVariant, LessonEdge, type Question } from "./lesson-edge.ts";
import { LinkedPurgeLog } from "./linked-purge-log.ts";
import { MachineClock } from "./machine-clock.ts";
import { ScriptedOrigin } from "./scripted-origin.ts";
import { SeededRandom } from "./seeded-random.ts";
import { Stage } from "./stage.ts";
import { VirtualTime } from "./virtual-time.ts";

/** One way, in milliseconds: the edge is near, the origin and the purge log are not. */
export interface Distances {
  readonly clientMs: number;
  readonly originMs: number;
  readonly logMs: number;
}

const USUAL: Distances = { clientMs: 20, originMs: 80, logMs: 40 };

export interface WorldShape {
  readonly seed: number;
  readonly places: readonly Place[];
  readonly distances?: Partial<Distances>;
  readonly leaseMs?: number;
  readonly showsHeartbeats?: boolean;
}

/** An origin, edges and a purge log on one simulated time, and a stage that writes down what they do. */
export class LessonWorld {
  readonly time = new VirtualTime();
  readonly random: SeededRandom;
  readonly stage: Stage;
  readonly origin: ScriptedOrigin;
  readonly distances: Distances;
  readonly #shape: WorldShape;
  readonly #clock = new MachineClock(this.time, { rate: 1, offset: 0 });
  readonly #log = new MemoryPurgeLog(this.#clock);
  readonly #edges: LessonEdge[] = [];

  constructor(shape: WorldShape) {
    this.#shape = shape;
    this.random = new SeededRandom(shape.seed);
    this.distances = { ...USUAL, ...shape.distances };
    this.stage = new Stage(this.time, shape.places);
    const { stage } = this;
    this.origin = new ScriptedOrigin({ stage, clock: this.#clock, travelMs: this.distances.originMs });
  }

  edge(id: string, variant: EdgeVariant = {}): LessonEdge {
    const { showsHeartbeats = false, leaseMs = 3_000 } = this.#shape;
    const { stage, origin } = this;
    const purgeLog = new LinkedPurgeLog({
      ...{ log: this.#log, stage, edge: id, place: "log", travelMs: this.distances.logMs, showsHeartbeats },
    });
    const edge = new LessonEdge({ id, clock: this.#clock, origin, purgeLog, leaseMs, variant });
    this.#edges.push(edge);
    return edge;
  }

  /** Plans a part of the story. */
  at(ms: number, act: () => Promise<void> | void): void {
    this.time.at(ms, () => void act());
  }

  /** Again and again until the end, from the beginning on. */
  every(ms: number, act: () => void): void {
    const again = (): void => {
      act();
      this.time.after(ms, again);
    };
    this.time.at(0, again);
  }

  /** A client asks an edge, and gets the answer. */
  async ask(client: string, edge: LessonEdge, question: Question): Promise<Answer & { readonly ms: number }> {
    const { stage, distances } = this;
    const askedAt = this.time.now;
    await stage.travel(client, edge.id, distances.clientMs, "request", question.target);
    const answer = await edge.answer(question);
    const label = answer.text === "" ? String(answer.served.status) : answer.text;
    await stage.travel(edge.id, client, distances.clientMs, answer.outcome, label);
    return { ...answer, ms: this.time.now - askedAt };
  }

  /** An editor sends a purge to the log. Resolves when the log has taken it. */
  async purge(target: PurgeTarget, purgeId = "lesson"): Promise<void> {
    const { stage, distances } = this;
    await stage.travel("editor", "log", distances.logMs, "purge", "purge");
    const purge = { purgeId, targets: [target], soft: false, by: "editor" };
    const outcome = await this.#log.append(purge, { epoch: 0, seq: 0 });
    if (outcome.kind !== "accepted") throw new Error(`the purge log took no purge: ${outcome.reason}`);
  }

  /** Starts the edges, and lets everything happen that is planned up to `endsAt`. */
  async play(endsAt: number): Promise<void> {
    for (const edge of this.#edges) void edge.start();
    await this.time.runUntil(endsAt);
    for (const edge of this.#edges) edge.follower.stop();
    await this.#log.close();
  }

  run(endsAt: number, figures: readonly Figure[], shown: string): Run {
    const { places, events } = this.stage;
    return { places, events, endsAt, figures, shown };
  }
}
