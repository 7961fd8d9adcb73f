import { z } from "zod";
import { Failure } from "../process/failure.ts";
import { show } from "../process/settings/values.ts";
import type { DemoEdge } from "./demo-edge.ts";
import type { DemoTraffic } from "./demo-traffic.ts";

// Farther than from one side of the earth to the other.
const FARTHEST_MS = 1_000;

const id = z.string("must be the name of an edge");
const away = `must be a whole number from 1 to ${FARTHEST_MS}`;
const ms = z.int(away).min(1, away).max(FARTHEST_MS, away);
const ofEdge = z.strictObject({ edge: id }, "must be an object with only edge");
const distance = z.strictObject({ edge: id, ms }, "must be an object with only edge and ms");
const traffic = z.strictObject({ on: z.boolean("must be true or false") }, "must be an object with only on");
const nothing = z.strictObject({}, "must be an object with nothing in it");

/** What somebody may break in the one-command system, and mend again, on the dashboard. */
export class DemoControls {
  readonly #edges: readonly DemoEdge[];
  readonly #usual: ReadonlyMap<DemoEdge, number>;
  readonly #traffic: DemoTraffic;
  /** One after the other: each begins with what the last one left. */
  #work: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  constructor(edges: readonly DemoEdge[], made: DemoTraffic) {
    this.#edges = edges;
    this.#usual = new Map(edges.map((edge) => [edge, edge.latencyMs]));
    this.#traffic = made;
  }

  /** Says in a sentence what is so now. Throws Failure("bad-usage", "client"). */
  act(action: string, body: unknown): Promise<string> {
    const done = this.#work.then(() => this.#act(action, body));
    this.#work = done.catch(() => undefined);
    return done;
  }

  /** Resolves when nothing is being changed, and nothing will be. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#traffic.end();
    await this.#work;
  }

  async #act(action: string, body: unknown): Promise<string> {
    if (this.#isStopped) throw refused("action: must come before the system stops, got one after it");
    switch (action) {
      case "stop": {
        const edge = this.#edge(read(ofEdge, body).edge);
        await edge.stop();
        return `${edge.edge.id} is stopped. The router sends its requests elsewhere.`;
      }
      case "start": {
        const edge = this.#edge(read(ofEdge, body).edge);
        await edge.start();
        return `${edge.edge.id} runs, with an empty cache.`;
      }
      case "cut": {
        const edge = this.#running(read(ofEdge, body).edge);
        edge.cut();
        return `${edge.edge.id} is cut off from the purge log. When its lease has run out, it serves nothing unasked.`;
      }
      case "join": {
        const edge = this.#running(read(ofEdge, body).edge);
        edge.join();
        return `${edge.edge.id} reaches the purge log again, and reads what it has missed.`;
      }
      case "latency": {
        const { edge: id, ms } = read(distance, body);
        return this.#move(this.#running(id), ms);
      }
      case "traffic": {
        const { on } = read(traffic, body);
        if (on) this.#traffic.begin();
        else this.#traffic.end();
        return on ? "Twenty requests a second go to the router." : "No more requests are made.";
      }
      case "reset":
        read(nothing, body);
        return this.#reset();
      default:
        throw refused(
          `action: must be stop, start, cut, join, latency, traffic or reset, got ${show(action)}`,
        );
    }
  }

  async #move(edge: DemoEdge, ms: number): Promise<string> {
    if (edge.latencyMs === 0)
      throw refused(
        `edge: must have been started with a latency, such as --simulate-latency 1ms,25ms,60ms, got 0`,
      );
    await edge.move(ms);
    return `${edge.edge.id} answers ${ms} ms later. The router sees that within a second.`;
  }

  async #reset(): Promise<string> {
    this.#traffic.end();
    for (const edge of this.#edges) {
      edge.join();
      const usual = this.#usual.get(edge) ?? 0;
      if (edge.latencyMs !== usual) await edge.move(usual);
      await edge.start();
    }
    return "Everything is as it was at the start.";
  }

  #running(id: string): DemoEdge {
    const edge = this.#edge(id);
    if (edge.isRunning) return edge;
    throw refused(`edge: must be one that runs, got ${show(id)}, which is stopped`);
  }

  #edge(id: string): DemoEdge {
    const edge = this.#edges.find((each) => each.edge.id === id);
    if (edge !== undefined) return edge;
    const known = this.#edges.map((each) => each.edge.id).join(", ");
    throw refused(`edge: must be one of ${known}, got ${show(id)}`);
  }
}

function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const checked = schema.safeParse(body, { reportInput: true });
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const field = issue === undefined || issue.path.length === 0 ? "body" : z.core.toDotPath(issue.path);
  const got = issue?.input;
  throw refused(`${field}: ${issue?.message}, got ${got === undefined ? "nothing" : show(got)}`);
}

function refused(message: string): Failure {
  return new Failure("bad-usage", "client", message);
}
