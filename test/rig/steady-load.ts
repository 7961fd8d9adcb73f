import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** How one request ended, as its client saw it. */
export type Ending =
  /** 200, and every byte as it should be. */
  | "whole"
  /** No answer, or another than 200: it had not begun to arrive. */
  | "lost"
  /** It had begun to arrive, and its connection broke before its end: its client knows. */
  | "cut"
  /** It ended like a whole one, and its bytes are not those of the page. */
  | "wrong";

/** One request. Times in milliseconds of performance.now(). */
export interface Asked {
  /** Each client sends its requests one after another. */
  readonly client: number;
  /** As in the client's list. */
  readonly asked: string;
  readonly sentAt: number;
  readonly endedAt: number;
  readonly ending: Ending;
  /** Status, or error code. */
  readonly detail: string;
  /** X-Served-By, once the answer had begun. */
  readonly servedBy: string | undefined;
}

/** Each path with the content that its answers must have. */
export type Pages = ReadonlyMap<string, Buffer>;

// Leaves the machine to the programs: it is the load of a client that also does something with what it gets.
const PAUSE_MS = 10;
// Longer than a router or an edge lets anybody wait without a word, and than any change takes to show.
const PATIENCE_MS = 15_000;

const CONTENT = "what a form sends";

/** Clients that ask for one page after another, each on a connection that it keeps, and compare every byte. */
export class SteadyLoad {
  readonly asked: Asked[] = [];
  readonly #base: URL;
  readonly #pages: Pages;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>[] = [];
  #changed = Promise.withResolvers<void>();

  private constructor(base: string, pages: Pages) {
    this.#base = new URL(base);
    this.#pages = pages;
  }

  /** One client for each list, which it goes through again and again: "/path" is a GET, "POST /path" is not. */
  static start(base: string, pages: Pages, rounds: readonly (readonly string[])[]): SteadyLoad {
    const load = new SteadyLoad(base, pages);
    for (const [client, round] of rounds.entries()) load.#running.push(load.#ask(client, round));
    return load;
  }

  /** Resolves when `count` requests that were sent from now on have ended whole and satisfy `wanted`. */
  async more(count: number, wanted: (asked: Asked) => boolean = () => true): Promise<void> {
    const since = performance.now();
    const came = (one: Asked) => one.sentAt >= since && one.ending === "whole" && wanted(one);
    let seen = this.asked.length;
    for (let left = count; left > 0; seen = this.asked.length) {
      await this.#changed.promise;
      left -= this.asked.slice(seen).filter(came).length;
      if (performance.now() - since > PATIENCE_MS) {
        throw new Error(`${left} of ${count} answers are missing after ${PATIENCE_MS} ms`);
      }
    }
  }

  /** Requests without a complete answer, one line each. */
  get broken(): readonly string[] {
    return this.asked.filter(({ ending }) => ending !== "whole").map(lineOf);
  }

  /** Of these, those that no death of an edge excuses: nothing had begun to arrive, or the client cannot tell. */
  get lost(): readonly string[] {
    return this.asked.filter(({ ending }) => ending === "lost" || ending === "wrong").map(lineOf);
  }

  /** By client: how often an answer came from another edge than the one before it. */
  switchesSince(time: number): readonly number[] {
    const clients = Map.groupBy(
      this.asked.filter(({ sentAt }) => sentAt >= time),
      ({ client }) => client,
    );
    return [...clients.values()].map(
      (asked) => asked.filter(({ servedBy }, at) => at > 0 && servedBy !== asked[at - 1]?.servedBy).length,
    );
  }

  /** Resolves when the last answers have come. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #ask(client: number, round: readonly string[]): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let turn = 0; !this.#stopping.signal.aborted; turn += 1) {
      const asked = await ask(this.#base, round[turn % round.length] ?? "/", this.#pages, agent);
      this.asked.push({ ...asked, client });
      const changed = this.#changed;
      this.#changed = Promise.withResolvers();
      changed.resolve();
      await delay(PAUSE_MS);
    }
    agent.destroy();
  }
}

function lineOf({ asked, ending, detail, servedBy, sentAt, endedAt }: Asked): string {
  return `${asked} ${ending}: ${detail} by ${servedBy ?? "nobody"}, ${Math.round(sentAt)} to ${Math.round(endedAt)} ms`;
}

/** One request, judged. */
export async function ask(
  base: URL,
  asked: string,
  pages: Pages,
  agent: Agent,
): Promise<Omit<Asked, "client">> {
  const [path = "/", method = "GET"] = asked.split(" ").reverse();
  const sentAt = performance.now();
  let servedBy: string | undefined;
  const ended = (ending: Ending, detail: string) => {
    return { asked, sentAt, endedAt: performance.now(), ending, detail, servedBy };
  };
  const signal = AbortSignal.timeout(PATIENCE_MS);
  let message: IncomingMessage | undefined;
  try {
    const outgoing = request({ host: base.hostname, port: base.port, method, path, agent, signal });
    outgoing.end(method === "GET" ? undefined : CONTENT);
    [message] = (await once(outgoing, "response")) as [IncomingMessage];
    servedBy = message.headers["x-served-by"]?.toString();
    const body = Buffer.concat(await message.toArray());
    if (message.statusCode !== 200) return ended("lost", `${message.statusCode} ${body}`);
    return pages.get(path)?.equals(body) === true
      ? ended("whole", "200")
      : ended("wrong", `${body.length} bytes`);
  } catch (thrown) {
    const detail = thrown instanceof Error && "code" in thrown ? String(thrown.code) : String(thrown);
    return ended(message?.statusCode === 200 ? "cut" : "lost", detail);
  }
}
