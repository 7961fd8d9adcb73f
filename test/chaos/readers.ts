import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import type { EdgeProcess } from "../rig/edge-process.ts";
import type { Checker } from "./checker.ts";
import type { PurgeEvent, ReadEvent } from "./history.ts";
import { PAGES, type Page, staleSeconds } from "./pages.ts";
import { READ_FIELD, VERSION_DIGITS, VERSION_FIELD } from "./versioned-origin.ts";

// Longer than any process stands still: what waits at a stopped edge is what it answers first when it wakes.
const PATIENCE_MS = 20_000;
// Leaves the machine to the edges.
const USUAL_PAUSE_MS = 8;
const RANGE_SHARE = 0.1;
const AFTER_SHARE = 0.2;

/** Counts of what readers got. */
export interface ReadCounts {
  /** By X-Cache, and whether it came from disk. */
  readonly answers: Map<string, number>;
  /** By status or error code: no claim about content. */
  readonly failures: Map<string, number>;
}

/** Where readers ask: an edge, or a router, of which nobody can say when it stood still. */
export type Asked = Pick<EdgeProcess, "id" | "httpPort" | "asleep">;

/** Clients that read random pages through one edge each, and tell the checker what they got. */
export class Readers {
  readonly counts: ReadCounts = { answers: new Map(), failures: new Map() };
  readonly #checker: Checker;
  /** The latest accepted purge of a page, for EdgeCache-After. */
  readonly #latest: ReadonlyMap<string, PurgeEvent>;
  readonly #pauseMs: number;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>[] = [];

  /** `pauseMs`: of each reader between two reads, in the mean. */
  constructor(checker: Checker, latest: ReadonlyMap<string, PurgeEvent>, pauseMs = USUAL_PAUSE_MS) {
    this.#checker = checker;
    this.#latest = latest;
    this.#pauseMs = pauseMs;
  }

  start(edge: Asked, random: SeededRandom): void {
    this.#running.push(this.#read(edge, random));
  }

  /** Resolves when the last answers have come. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  /** Every page once. Returns the pages that gave no answer with content. */
  async sweep(edge: Asked): Promise<readonly string[]> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const unanswered: string[] = [];
    for (const page of PAGES) {
      if (!(await this.#readOnce(edge, agent, page, {}, undefined))) unanswered.push(page.url);
    }
    agent.destroy();
    return unanswered;
  }

  async #read(edge: Asked, random: SeededRandom): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!this.#stopping.signal.aborted) {
      const page = random.pick(PAGES);
      const after = random.chance(AFTER_SHARE) ? this.#latest.get(page.url) : undefined;
      const headers: Record<string, string> = {};
      if (random.chance(RANGE_SHARE)) headers.range = `bytes=0-${VERSION_DIGITS + 3}`;
      await this.#readOnce(edge, agent, page, headers, after);
      await delay(random.between(0, 2 * this.#pauseMs));
    }
    agent.destroy();
  }

  async #readOnce(
    edge: Asked,
    agent: Agent,
    page: Page,
    headers: Record<string, string>,
    after: PurgeEvent | undefined,
  ): Promise<boolean> {
    const { position } = after ?? {};
    if (position !== undefined) headers["edgecache-after"] = `${position.epoch}-${position.seq}`;
    const sentAt = performance.now();
    const asleep = edge.asleep;
    try {
      const answer = await get(edge.httpPort, page.url, headers, agent);
      if (answer.status !== 200 && answer.status !== 206) {
        count(this.counts.failures, String(answer.status));
        return false;
      }
      const read: ReadEvent = {
        edge: edge.id,
        url: page.url,
        sentAt,
        decidedAfter: asleep?.at ?? sentAt,
        endedAt: performance.now(),
        version: numberIn(answer.fields[VERSION_FIELD]),
        contentVersion: Number(answer.text.slice(0, VERSION_DIGITS)),
        originReadAt: numberIn(answer.fields[READ_FIELD]),
        outcome: String(answer.fields["x-cache"]),
        staleSeconds: staleSeconds(page),
        after,
      };
      const isFromDisk = String(answer.fields["cache-status"]).includes("; detail=disk");
      count(this.counts.answers, isFromDisk ? `${read.outcome} from disk` : read.outcome);
      this.#checker.read(read);
      return true;
    } catch (thrown) {
      count(
        this.counts.failures,
        thrown instanceof Error && "code" in thrown ? String(thrown.code) : "broken",
      );
      return false;
    }
  }
}

async function get(port: number, path: string, headers: Record<string, string>, agent: Agent) {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const asked = request({ host: "127.0.0.1", port, path, headers, agent, signal });
  asked.end();
  const [message]: [IncomingMessage] = await waitFor(asked, signal);
  const text = Buffer.concat(await message.toArray()).toString("latin1");
  return { status: message.statusCode ?? 0, fields: message.headers, text };
}

async function waitFor(asked: ReturnType<typeof request>, signal: AbortSignal): Promise<[IncomingMessage]> {
  const [message] = await once(asked, "response", { signal });
  return [message];
}

function numberIn(field: string | string[] | undefined): number {
  const number = Number(field);
  if (field === undefined || Number.isNaN(number)) throw new Error(`the origin's own field came as ${field}`);
  return number;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
