import { setImmediate } from "node:timers/promises";
import { BEGINNING } from "../../purge-log/position.ts";
import { ManualClock } from "../rig/manual-clock.ts";
import { Book } from "./book.ts";
import { ask, type EdgeCore, edgeCore, fieldsOf, outcomeOf, type Surroundings, textOf } from "./edge-core.ts";
import type { Asking, History, Step } from "./history.ts";
import { dateText, fieldOf, type Line } from "./message.ts";
import { judge, type Source } from "./permitted.ts";
import type { Answer, Question } from "./record.ts";
import { ScriptedOrigin } from "./scripted-origin.ts";
import { SeverablePurgeLog } from "./severable-purge-log.ts";
import { lastOf, type Snapshot } from "./snapshot.ts";

/** Builds the edge that a history is played to; a test that must fail builds a broken one. */
export type Build = (surroundings: Surroundings) => EdgeCore;

/** The result of one history. */
export interface Played {
  readonly disagreements: readonly string[];
  /** How the permitted answers came about, each with the outcome that the edge named. */
  readonly reached: readonly string[];
}

/** Plays the history to an edge, and to the model what the edge asked, got and answered. */
export async function play(history: History, build: Build = edgeCore): Promise<Played> {
  const player = new Player(history, build);
  await player.begin();
  for (const step of history.steps) await player.take(step);
  return player.end();
}

class Player {
  readonly #clock = new ManualClock();
  readonly #log = new SeverablePurgeLog(this.#clock);
  readonly #book: Book;
  readonly #origin: ScriptedOrigin;
  readonly #edge: EdgeCore;
  readonly #open = new Set<Question>();
  readonly #disagreements: string[] = [];
  readonly #reached: string[] = [];
  /** The last Age with which each stored response was served. */
  readonly #ages = new Map<string, number>();
  #questions = 0;

  constructor(history: History, build: Build) {
    const { leaseMs } = history;
    this.#book = new Book(leaseMs);
    this.#origin = new ScriptedOrigin(this.#book, this.#clock);
    this.#edge = build({ clock: this.#clock, origin: this.#origin, purgeLog: this.#log, leaseMs });
    for (const publication of history.publications) this.#origin.publish(publication);
  }

  async begin(): Promise<void> {
    const identity = { edge: "edge-1", bootId: "1", grpcAddress: "127.0.0.1:1", httpAddress: "127.0.0.1:2" };
    await this.#edge.follower.start(identity);
    await settled();
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case "publish":
        this.#origin.publish(step.publication);
        break;
      case "ask":
        this.#ask(step.asking);
        break;
      case "wait":
        this.#clock.advance(step.ms);
        break;
      case "purge":
        await this.#purge(step);
        break;
      case "origin":
        this.#origin.state = step.state;
        break;
      case "hold":
        this.#origin.hold(step.at);
        break;
      case "release":
        this.#origin.release();
        break;
      case "log":
        await this.#reachLog(step.reached);
        break;
    }
    await settled();
    this.#book.pauses.push(this.#book.tick());
  }

  async end(): Promise<Played> {
    this.#origin.release();
    await settled();
    for (const question of this.#open) this.#disagree(question, "it was never answered");
    this.#log.heal();
    await this.#edge.follower.stop();
    return { disagreements: this.#disagreements, reached: this.#reached };
  }

  #ask(asking: Asking): void {
    this.#questions += 1;
    const { method, target } = asking;
    const fields = [...asking.fields, ...this.#conditions(asking)];
    const at = this.#clock.wall();
    const question: Question = { id: this.#questions, method, target, fields, tick: this.#book.tick(), at };
    this.#open.add(question);
    this.#origin.causes.run(question, () => this.#answer(question));
  }

  /** Never rejects. */
  async #answer(question: Question): Promise<void> {
    try {
      const served = await ask(question, this.#edge);
      const [tick, at] = [this.#book.tick(), this.#clock.wall()];
      const head = {
        status: served.status,
        fields: fieldsOf(served),
        ...outcomeOf(served),
        tick,
        at,
      };
      this.#judge(question, { ...head, body: await textOf(served.content, question.method) });
    } catch (thrown) {
      this.#disagree(question, `the edge threw ${thrown}`);
    }
    this.#open.delete(question);
  }

  #judge(question: Question, answer: Answer): void {
    const judgement = judge(question, answer, this.#book);
    this.#book.answers.push({ question, answer });
    if (judgement.kind === "forbidden") {
      this.#disagree(question, `${answerText(answer)}: ${judgement.why}`);
      return;
    }
    this.#reached.push(`${judgement.source} ${answer.outcome}`);
    const misnamed = whyMisnamed(judgement.source, answer);
    if (misnamed !== undefined) this.#disagree(question, `${answerText(answer)}: ${misnamed}`);
    if (judgement.source === "stored" && judgement.snapshot !== undefined) {
      this.#watchAge(question, answer, judgement.snapshot);
    }
  }

  /** The Age of a stored response never goes down. */
  #watchAge(question: Question, answer: Answer, snapshot: Snapshot): void {
    const age = Number(fieldOf(answer.fields, "Age"));
    const name = `${lastOf(snapshot).id} of ${snapshot.made[0]?.id}`;
    const before = this.#ages.get(name);
    if (before !== undefined && age < before) this.#disagree(question, `Age: ${age} after ${before}`);
    this.#ages.set(name, age);
  }

  /** The validators of the answer that was last seen, as a client with a cache of its own would send them. */
  #conditions({ condition, target }: Asking): readonly Line[] {
    const seen =
      this.#book.answers.findLast(({ question }) => question.target === target)?.answer.fields ?? [];
    const tag = fieldOf(seen, "ETag");
    const modified = fieldOf(seen, "Last-Modified");
    switch (condition) {
      case "If-None-Match":
        return [[condition, tag ?? '"never"']];
      case "If-Modified-Since":
        return [[condition, modified ?? fieldOf(seen, "Date") ?? dateText(this.#clock.wall())]];
      case "If-Range":
        return tag === undefined ? [] : [[condition, tag]];
      case undefined:
        return [];
    }
  }

  async #purge({ scope, soft }: Extract<Step, { kind: "purge" }>): Promise<void> {
    const purgeId = `purge-${this.#book.purges.length}`;
    const appended = await this.#log.append(
      { purgeId, targets: [scope], soft, by: "the history" },
      BEGINNING,
    );
    if (appended.kind !== "accepted") throw new Error(`the purge was ${appended.kind}`);
    const tick = this.#book.tick();
    this.#book.purges.push({ scope, soft, tick, appliedTick: undefined, appliedAt: undefined });
    await settled();
    this.#markApplied();
  }

  async #reachLog(reached: boolean): Promise<void> {
    if (!reached) {
      this.#log.cut();
      this.#book.cutAt ??= this.#clock.wall();
      return;
    }
    this.#log.heal();
    // The next heartbeat renews the lease.
    await settled();
    this.#book.cutAt = undefined;
    this.#markApplied();
  }

  #markApplied(): void {
    if (this.#book.cutAt !== undefined) return;
    for (const purge of this.#book.purges) {
      purge.appliedTick ??= this.#book.tick();
      purge.appliedAt ??= this.#clock.wall();
    }
  }

  #disagree({ id, method, target, fields }: Question, why: string): void {
    const lines = fields.map(([name, value]) => `, ${name}: ${value}`).join("");
    this.#disagreements.push(`request ${id} (${method} ${target}${lines}): ${why}`);
  }
}

/** RFC 9211 section 2: whether the outcome that the edge names is what happened. */
function whyMisnamed(source: Source, { outcome }: Answer): string | undefined {
  const fromStore = outcome === "hit" || outcome === "stale";
  if (source === "edge") return outcome === "error" ? undefined : `named ${outcome}`;
  return fromStore === (source === "stored") ? undefined : `named ${outcome}, and it is ${source}`;
}

function answerText({ status, fields, body, outcome }: Answer): string {
  const lines = fields.map(([name, value]) => `${name}: ${value}`).join(", ");
  return `answered ${status} ${JSON.stringify(body)} as ${outcome} {${lines}}`;
}

/** Everything that can happen without time passing has happened: the edge waits for nothing but gates and the clock. */
async function settled(): Promise<void> {
  await setImmediate();
  await setImmediate();
}
