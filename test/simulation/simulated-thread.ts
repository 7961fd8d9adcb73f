import type { Served } from "../../edge/cache/answer.ts";
import { bytesContent, NO_CONTENT } from "../../edge/cache/answer.ts";
import { failureAnswer } from "../../edge/cache/error-answer.ts";
import { EdgeCounters } from "../../edge/cache/metrics.ts";
import type { EdgeRequest } from "../../edge/cache/serve.ts";
import { Addressing } from "../../edge/data-plane/addressing.ts";
import { HitPath } from "../../edge/data-plane/hit-path.ts";
import { SlowClients } from "../../edge/data-plane/slow-clients.ts";
import type { FromWorker, ToWorker } from "../../edge/data-plane/workers/messages.ts";
import { SharedWords } from "../../edge/data-plane/workers/shared-words.ts";
import { ThreadCache } from "../../edge/data-plane/workers/thread-cache.ts";
import { type LinkParts, ThreadLink } from "../../edge/data-plane/workers/thread-link.ts";
import type { Sites } from "../../edge/origin/sites.ts";
import { StoreReader } from "../../edge/store/store-reader.ts";
import { Fields } from "../../http/message/fields.ts";
import { type RequestHead, RequestHeads } from "../../http/message/request-head.ts";
import type { AnswerAtOnce, AnswerFinder, LentAnswer } from "../../http/server/answer-at-once.ts";
import { HttpDate } from "../../http/server/date-field.ts";
import { type Peer, peerAt } from "../../http/server/peer.ts";
import { TrustedProxies } from "../../http/server/trusted-proxies.ts";
import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import type { VirtualTime } from "../../learn/simulation/virtual-time.ts";
import { MessageChannel } from "./message-channel.ts";
import { Standstill } from "./standstill.ts";

// The copies of a thread: some of the pages, so that they go now and then.
const COPIES_BYTES = 8_000;
// How soon another thread takes the place of one that has ended, as KeptThread and the start of a thread have it.
const REPLACED_MS = 300;
const USED_MS = 1_000;

/** What an edge knew when it decided on an answer. */
export interface Knowledge {
  readonly at: number;
  /** Whether it serves stale without its lease, and had none. */
  readonly lapsed: boolean;
  /** The ids of the purges that it had applied. */
  readonly applied: ReadonlySet<string>;
  /** By position, when it had applied the purge there. */
  readonly appliedAt: ReadonlyMap<string, number>;
}

export interface Decided {
  readonly served: Served;
  readonly knowing: Knowledge;
}

/** The parts of a serving thread that a broken rule replaces. */
export interface ThreadRules {
  words(buffer?: SharedArrayBuffer): SharedWords;
  reader(storeWords: Int32Array): StoreReader;
}

// So few that all are given now and then.
export const MOST_KEYS = 6;

export const REAL_THREADS: ThreadRules = {
  words: (buffer) => new SharedWords(buffer, MOST_KEYS),
  reader: (storeWords) => new StoreReader(storeWords),
};

export interface ThreadSurroundings extends Omit<LinkParts, "mayBeAhead" | "send"> {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly machine: Standstill;
  /** Of the control thread. */
  readonly control: Standstill;
  readonly rules: ThreadRules;
  readonly sites: Sites;
  readonly knowledge: () => Knowledge;
}

/** A serving thread from its start to its end. */
interface Life {
  readonly cache: ThreadCache;
  readonly hits: AnswerFinder;
  readonly link: ThreadLink;
  /** By the id of a request: what the control thread knew when it answered. */
  readonly knowing: Map<number, Knowledge>;
  lastAsked: number;
}

/** A serving thread of a simulated edge: the real cache and hit path of a thread, and messages that take their time. */
export class SimulatedThread {
  readonly #around: ThreadSurroundings;
  readonly #standstill: Standstill;
  readonly #addressing: Addressing;
  readonly #peer: Peer;
  #life: Life | undefined;
  #isOver = false;

  constructor(around: ThreadSurroundings) {
    const { time, machine, sites } = around;
    const proxies = new TrustedProxies([]);
    this.#around = around;
    this.#standstill = new Standstill(time, machine);
    this.#addressing = new Addressing(sites, proxies);
    this.#peer = peerAt("192.0.2.1", "http", proxies);
    this.#begin();
  }

  defer(run: () => void): void {
    this.#standstill.defer(run);
  }

  standStill(ms: number): void {
    this.#standstill.begin(ms);
  }

  /** It ends, and another one takes its place a moment later. The control thread learns it when it has time for it. */
  crash(): void {
    const { time, control, random } = this.#around;
    const life = this.#life;
    if (life === undefined) return;
    this.#life = undefined;
    this.#standstill.end();
    control.defer(() => life.link.close());
    time.after(REPLACED_MS + random.between(0, 50), () => control.defer(() => this.#begin()));
  }

  /** With its process. */
  end(): void {
    this.#isOver = true;
    this.#life?.link.close();
    this.#life = undefined;
  }

  /** undefined: the thread ended before it had an answer. */
  async ask(request: Pick<EdgeRequest, "method" | "target" | "fields">): Promise<Decided | undefined> {
    const life = this.#life;
    if (life === undefined) return undefined;
    const head = headOf(request);
    const answer = copyOf(life.hits.findLent?.(head)) ?? life.hits.find(head);
    if (answer !== undefined) return { served: servedAtOnce(answer), knowing: this.#around.knowledge() };
    const answered = life.cache.serve(this.#asked(head));
    const id = life.lastAsked;
    const { edge } = this.#around;
    const served = await answered.catch((thrown: unknown) => failureAnswer(thrown, "request", edge));
    const knowing = life.knowing.get(id);
    return this.#life === life && knowing !== undefined ? { served, knowing } : undefined;
  }

  #begin(): void {
    if (this.#isOver) return;
    const { time, random, control, edge, shared, rules } = this.#around;
    const { clock, log, id } = edge;
    const counters = new EdgeCounters();
    const toControl = new MessageChannel<FromWorker>({
      time,
      random: random.fork(),
      receiver: control,
      deliver: (message) => {
        if (this.#life === life) life.link.take(message);
      },
    });
    const toThread = new MessageChannel<ToCache>({
      time,
      random: random.fork(),
      receiver: this.#standstill,
      deliver: (message) => {
        if (this.#life === life) life.cache.take(message);
      },
    });
    const cache = new ThreadCache({
      words: rules.words(shared.words.buffer),
      reader: rules.reader(shared.store.words),
      marks: shared.keys.marks,
      copiesBytes: COPIES_BYTES,
      clock,
      send: (message, transfer) => {
        if (message.kind === "ask") life.lastAsked = message.id;
        toControl.send(message, transfer);
      },
    });
    const hits = { id, clock, log, counters, ...cache.hits };
    const path = new HitPath(hits, this.#addressing, new SlowClients(hits.store), new HttpDate(clock));
    const knowing = new Map<number, Knowledge>();
    const link = new ThreadLink({
      ...this.#around,
      mayBeAhead: () => false,
      send: (message, transfer) => {
        if (message.kind === "answered") knowing.set(message.id, this.#around.knowledge());
        if (isForCache(message)) toThread.send(message, transfer);
      },
    });
    const life: Life = { cache, hits: path.for(this.#peer), link, knowing, lastAsked: 0 };
    this.#life = life;
    this.#tellUsed(life);
  }

  #tellUsed(life: Life): void {
    this.#around.time.after(USED_MS, () =>
      this.defer(() => {
        if (this.#life !== life) return;
        life.cache.tellUsed();
        this.#tellUsed(life);
      }),
    );
  }

  /** As a Listener asks. */
  #asked({ method, path, host, fields: { section } }: RequestHead): EdgeRequest {
    const addressed = this.#addressing.of(section, host, this.#peer);
    if (addressed === undefined) throw new Error(`no site answers ${host}`);
    return { method, target: path, ...addressed, fields: section, body: undefined };
  }
}

type ToCache = Parameters<ThreadCache["take"]>[0];

function isForCache(message: ToWorker): message is ToCache {
  return message.kind === "memory" || "id" in message;
}

function headOf({ method, target, fields }: Pick<EdgeRequest, "method" | "target" | "fields">): RequestHead {
  const lines = [...fields].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const read = new RequestHeads().read(
    Buffer.from(`${method} ${target} HTTP/1.1\r\nHost: site\r\n${lines}\r\n`, "latin1"),
  );
  if (read.kind !== "head") throw new Error(`${method} ${target} is refused`);
  return read.head;
}

type Sent = Pick<AnswerAtOnce, "head" | "body">;

/** As a connection copies it. undefined: it has changed meanwhile. */
function copyOf(lent: LentAnswer | undefined): Sent | undefined {
  if (lent === undefined) return undefined;
  const { begin, behindLines, memory, linesAt, linesEnd, bodyAt, bodyEnd } = lent;
  const head = begin + memory.toString("latin1", linesAt, linesEnd) + behindLines;
  const body = new Uint8Array(memory.subarray(bodyAt, bodyEnd));
  return lent.copied() ? { head, body } : undefined;
}

/** What a client reads in the answer. */
function servedAtOnce({ head, body }: Sent): Served {
  const [status = "", ...lines] = head.trimEnd().split("\r\n");
  return {
    status: Number(status.split(" ")[1]),
    fields: Fields.of(
      lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
      }),
    ),
    content: body === undefined ? NO_CONTENT : bytesContent([body]),
    outcome: { kind: "hit", ttl: 0 },
  };
}
