import type { Served } from "../../edge/cache/answer.ts";
import { Fields } from "../../http/message/fields.ts";
import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import type { VirtualTime } from "../../learn/simulation/virtual-time.ts";
import { formatPosition, type Position } from "../../purge-log/position.ts";
import type { Wish } from "./action.ts";
import type { Answered, StaleBy, Violation } from "./guarantees.ts";
import { textAt } from "./pages.ts";
import type { Ask, Running } from "./running-edge.ts";
import type { SimulatedEdge } from "./simulated-edge.ts";
import { type OriginRead, READ_FIELD, type SimulatedOrigin } from "./simulated-origin.ts";

// The last lies within the others, so that a stored part can answer it.
const RANGES = ["bytes=0-19", "bytes=4-", "bytes=6-13"];

/** Everybody who reads, and what they got. */
export class Client {
  readonly answers: Answered[] = [];
  /** Answers whose bytes are not those of the version that they say. */
  readonly torn: Violation[] = [];
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #origin: SimulatedOrigin;
  readonly #tell: (line: () => string) => void;
  /** Of a purge that was accepted. */
  #latest: { readonly position: Position; readonly runId: string } | undefined;

  constructor(
    time: VirtualTime,
    random: SeededRandom,
    origin: SimulatedOrigin,
    tell: (line: () => string) => void,
  ) {
    this.#time = time;
    this.#random = random;
    this.#origin = origin;
    this.#tell = tell;
  }

  /** A client that purged tells the readers the position of its purge. */
  learn(position: Position, runId: string): void {
    this.#latest = { position, runId };
  }

  /** The request arrives now; the edge takes it up when it is not standing still. */
  read(edge: SimulatedEdge, target: string, wish: Wish): void {
    const arrivedAt = this.#time.now;
    edge.take((running, ask) => void this.#ask(edge, { running, ask }, { target, wish, arrivedAt }));
  }

  async #ask(
    edge: SimulatedEdge,
    { running, ask }: { readonly running: Running; readonly ask: Ask },
    { target, wish, arrivedAt }: { readonly target: string; readonly wish: Wish; readonly arrivedAt: number },
  ): Promise<void> {
    const takenUpAt = this.#time.now;
    const after = wish === "after" ? this.#latest : undefined;
    const request = {
      method: wish === "head" ? "HEAD" : "GET",
      site: edge.site,
      target,
      fields: this.#fields(wish),
      scheme: "http" as const,
      authority: "site",
      body: undefined,
    };
    const decided = await ask(request);
    if (decided === undefined) return;
    const { served, knowing } = decided;
    const stale = staleBy(served);
    const knew = stale === "stale-if-error" && knowing.lapsed ? knowing.applied : undefined;
    const bytes = await bytesOf(served, request.method);
    // Its connection broke with the edge's process, or the origin's with the body.
    if (edge.running !== running || bytes === undefined) return;
    const what = `${request.method} ${target} (${wish})`;
    const read = this.#origin.reads[Number(served.fields.get(READ_FIELD) ?? -1)];
    this.#tell(() => `${what} at ${edge.id}: ${summary(served, read)}`);
    if (read === undefined || served.status >= 400) return;
    const fromStore = served.outcome.kind === "hit" || served.outcome.kind === "stale";
    this.answers.push({
      edge: edge.id,
      what,
      arrivedAt,
      decidedAt: fromStore ? knowing.at : takenUpAt,
      read,
      after,
      knew,
      stale: stale === undefined ? undefined : { by: stale, appliedAt: knowing.appliedAt },
    });
    const expected = expectedBytes(served, read);
    if (request.method === "GET" && bytes !== expected) {
      this.torn.push(`torn: ${what} at ${edge.id} got ${served.status} ${bytes}, expected ${expected}`);
    }
  }

  #fields(wish: Wish): Fields {
    switch (wish) {
      case "all":
      case "head":
        return Fields.none;
      case "range": {
        return Fields.of([["Range", this.#random.pick(RANGES)]]);
      }
      case "if-changed":
        return Fields.of([["If-None-Match", `"${this.#random.whole(1, 4)}"`]]);
      case "after":
        return this.#latest === undefined
          ? Fields.none
          : Fields.of([["EdgeCache-After", formatPosition(this.#latest.position)]]);
      case "no-cache":
        return Fields.of([["Cache-Control", "no-cache"]]);
    }
  }
}

/** What of the response's own fields let it be served stale, as the edge says. */
function staleBy({ outcome }: Served): StaleBy["by"] | undefined {
  if (outcome.kind !== "stale") return undefined;
  if (/^origin-/.test(outcome.detail ?? "")) return "stale-if-error";
  return outcome.detail === "stale-while-revalidate" ? outcome.detail : undefined;
}

/** As text; undefined when the answer breaks off. */
async function bytesOf({ content }: Served, method: string): Promise<string | undefined> {
  if (content.kind === "none") return "";
  if (method === "HEAD") {
    if (content.kind === "stream") content.cancel();
    return "";
  }
  const decoder = new TextDecoder();
  if (content.kind === "bytes") return content.chunks.map((chunk) => decoder.decode(chunk)).join("");
  let text = "";
  try {
    for await (const chunk of content.read(0)) text += decoder.decode(chunk);
  } catch {
    return undefined;
  }
  return text;
}

function expectedBytes({ status, fields }: Served, { page, version }: OriginRead): string {
  const text = textAt(page.target, version);
  if (status === 304) return "";
  if (status !== 206) return text;
  const range = /^bytes (\d+)-(\d+)\/\d+$/.exec(fields.get("Content-Range") ?? "");
  return range === null ? "no range" : text.slice(Number(range[1]), Number(range[2]) + 1);
}

function summary(served: Served, read: OriginRead | undefined): string {
  const { status, outcome } = served;
  const got = read === undefined ? "nothing" : `version ${read.version} of ${read.at.toFixed(1)}`;
  return `${status} ${outcome.kind} ${outcome.detail ?? ""} ${got}`;
}
