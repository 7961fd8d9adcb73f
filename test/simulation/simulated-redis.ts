import { FARTHEST_EPOCH_US, SAME_PURGE_MS } from "../../purge-log/log-limits.ts";
import { leaseEndsInMs } from "../../purge-log/membership.ts";
import { comparePositions, formatPosition, type Position, parsePosition } from "../../purge-log/position.ts";
import { ASIDE_KEY, EDGES_KEY, LOG_KEY, META_KEY, purgeKey } from "../../purge-log/redis/keys.ts";
import type { EncodedEntry } from "../../purge-log/redis/publisher.ts";
import { compareIds, type RawEntry, RedisData, RedisError } from "./redis-data.ts";

const MICROS = 1_000_000;

/** What a script finds before it does anything. Ids are as Redis has them. */
export interface Found {
  readonly logKind: string;
  readonly edgesKind: string;
  readonly record: {
    readonly runId: string | undefined;
    readonly last: string | undefined;
    readonly opened: string | undefined;
    readonly history: string | undefined;
  };
  readonly oldest: string | undefined;
  readonly newest: string | undefined;
  readonly generated: string | undefined;
  /** The entry that a follower cannot pass, if it is still there. */
  readonly foreignId: string | undefined;
}

/** Why history may have been lost; `strange`: the log holds an id that nobody can follow. */
export interface Doubt {
  readonly reason: string;
  readonly strange: boolean;
}

/** A read that waits: for what is written, or for the end of its connection. */
export interface Blocked {
  wake(): void;
  reset(): void;
}

/** What the log is once it is verified. */
interface Verified {
  readonly tail: string;
  readonly oldest: string;
  /** The server's milliseconds at which the epoch was opened. */
  readonly opened: string;
  /** Names what began then. */
  readonly history: string;
}

/** A row of the table of edges, as far as it was written by an edge. */
interface Row {
  readonly boot?: string;
  /** Until its lease has surely run out. */
  readonly leftMs?: number;
}

/**
 * A process of a Redis server with our scripts on it, line for line as in purge-log/redis/lua.ts: one command at a time, and
 * nothing between two lines of a script. `wall` is the server's clock in milliseconds.
 */
export class SimulatedRedis {
  /** Why it answers every script with an error; undefined when it does not. */
  refusal: string | undefined;
  readonly runId: string;
  readonly data: RedisData;
  readonly #wall: () => number;
  readonly #blocked = new Set<Blocked>();

  constructor(wall: () => number, runId: string, data: RedisData = new RedisData()) {
    this.#wall = wall;
    this.runId = runId;
    this.data = data;
  }

  /** The process is gone, and its connections with it. */
  crash(): void {
    for (const { reset } of [...this.#blocked]) reset();
    this.#blocked.clear();
  }

  /** `foreignId`: the id of an entry that a follower cannot pass, or nothing. */
  verifyScript(floor: string, foreignId: string): string {
    return this.#script(() => this.#verify(floor, foreignId).tail);
  }

  /** Answers the history and the positions. */
  publishScript(purges: readonly EncodedEntry[], floor: string): readonly [string, ...string[]] {
    return this.#script(() => {
      const verified = this.#verify(floor);
      const [epoch] = verified.tail.split("-");
      let { tail } = verified;
      const positions = purges.map(({ purgeId, text }) => {
        const first = this.known(purgeId);
        if (this.#parse(first) !== undefined && first !== undefined) return first;
        tail = this.data.xadd(LOG_KEY, `${epoch}-*`, ["purge", text]);
        this.data.set(purgeKey(purgeId), tail, this.#nowMs() + SAME_PURGE_MS);
        return tail;
      });
      this.data.hset(META_KEY, { last: tail });
      return [verified.history, ...positions];
    });
  }

  /** Answers the history, the tail and the oldest; or the boot that has this id and may still serve by its lease. */
  heartbeatScript(
    position: string,
    edge: string,
    json: string,
    boot: string,
  ): readonly [string, string, string] | string {
    return this.#script(() => {
      const { tail, oldest, history } = this.#verify(position);
      const row = this.#row(edge);
      if (row.boot !== undefined && row.boot !== boot && row.leftMs !== undefined && row.leftMs > 0)
        return row.boot;
      this.data.hset(EDGES_KEY, { [edge]: `${this.#nowMs()} ${json}` });
      return [history, tail, oldest];
    });
  }

  /** `boot` empty: whatever its boot. */
  forgetScript(floor: string, edge: string, boot: string): string {
    return this.#script(() => {
      const { tail } = this.#verify(floor);
      if (boot === "" || this.#row(edge).boot === boot) this.data.hdel(EDGES_KEY, edge);
      return tail;
    });
  }

  /** The server's milliseconds now, those at which the log was opened, the history, and the table of edges. */
  membersScript(floor: string): readonly [string, string, string, readonly string[]] {
    return this.#script(() => {
      const { opened, history } = this.#verify(floor);
      return [String(this.#nowMs()), opened, history, [...this.data.hash(EDGES_KEY)].flat()];
    });
  }

  /** XREAD: the entries after `id`, at most `count`. */
  readAfter(id: string, count: number): readonly RawEntry[] {
    const { entries } = this.data.stream(LOG_KEY);
    const newest = entries.at(-1);
    if (newest === undefined || compareIds(newest[0], id) <= 0) return [];
    const first = entries.findIndex((entry) => compareIds(entry[0], id) > 0);
    return first === -1 ? [] : entries.slice(first, first + count);
  }

  /** For a read that waits: calls it after every command. Returns how to stop that. */
  block(waiting: Blocked): () => void {
    this.#blocked.add(waiting);
    return () => this.#blocked.delete(waiting);
  }

  /** What anybody may do with the data, as one command. */
  command<T>(work: (data: RedisData) => T): T {
    const result = this.data.transaction(() => work(this.data));
    for (const { wake } of [...this.#blocked]) wake();
    return result;
  }

  /** Rule P2: where the purge with this id already stands. */
  protected known(purgeId: string): string | undefined {
    const key = purgeKey(purgeId);
    return this.data.type(key) === "string" ? this.data.get(key, this.#nowMs()) : undefined;
  }

  /** Rule P1: why the history may have been lost; undefined when all of it is there. */
  protected doubt(found: Found, floor: Position, last: Position | undefined): Doubt | undefined {
    const { logKind, edgesKind, record, oldest, newest, generated, foreignId } = found;
    if (logKind === "none") return because(last === undefined ? "the log is new" : "the log is gone");
    if (logKind !== "stream") return because(`a ${logKind} stood in the place of the log`);
    if (last === undefined || !isNumber(record.opened) || record.history === undefined)
      return because("the record of the log is gone");
    if (record.runId !== this.runId) return because("the server restarted");
    if (generated !== record.last) return because(`the log ends at ${generated}, not at ${record.last}`);
    if (newest !== record.last) return because(`the last entry ${record.last} is gone`);
    if (edgesKind !== "hash" && edgesKind !== "none")
      return because(`a ${edgesKind} stood in the place of the edges`);
    if (oldest !== undefined && this.#parse(oldest) === undefined) return becauseOf(oldest);
    if (foreignId !== undefined) return becauseOf(foreignId);
    if (comparePositions(floor, last) > 0)
      return because(`${formatPosition(floor)} was seen and the log ends at ${record.last}`);
    return undefined;
  }

  /** Rule P1: an epoch that no other opening has had; `passed` is the highest that anybody knows of. */
  protected epoch(nowUs: number, passed: number): number {
    return Math.max(nowUs, passed + (nowUs % MICROS)) + 1;
  }

  #script<T>(work: () => T): T {
    if (this.refusal !== undefined) throw new RedisError(this.refusal);
    return this.command(work);
  }

  #verify(floorId: string, foreignId = ""): Verified {
    const floor = this.#parse(floorId);
    if (floor === undefined) throw new RedisError(`FUTURE position ${floorId} is from the far future`);
    const found = this.#look(foreignId);
    const last = this.#parse(found.record.last);
    const doubt = this.doubt(found, floor, last);
    const { oldest, record } = found;
    if (doubt !== undefined) return this.#openEpoch(doubt, found, floor, last);
    const tail = record.last ?? "";
    return { tail, oldest: oldest ?? tail, opened: record.opened ?? "", history: record.history ?? "" };
  }

  #openEpoch(
    { reason, strange }: Doubt,
    found: Found,
    floor: Position,
    last: Position | undefined,
  ): Verified {
    const { data } = this;
    const top = this.#parse(found.generated);
    const movedAside = found.logKind !== "none" && (strange || top === undefined);
    if (movedAside) data.rename(LOG_KEY, ASIDE_KEY);
    if (data.type(META_KEY) !== "hash") data.del(META_KEY);
    if (found.edgesKind !== "hash") data.del(EDGES_KEY);
    const [nowUs, micros] = [this.#nowUs(), this.#nowUs() % MICROS];
    const epoch = this.epoch(nowUs, Math.max(floor.epoch, last?.epoch ?? 0, top?.epoch ?? 0));
    const tail = data.xadd(LOG_KEY, `${epoch}-0`, ["barrier", reason]);
    const opened = String(this.#nowMs());
    const history = `${this.runId}-${Math.floor(nowUs / MICROS)}.${micros}`;
    data.hset(META_KEY, { run_id: this.runId, last: tail, opened, history });
    return { tail, oldest: (movedAside ? undefined : found.oldest) ?? tail, opened, history };
  }

  #look(foreignId: string): Found {
    const { data } = this;
    const logKind = data.type(LOG_KEY);
    const { entries, last } = logKind === "stream" ? data.stream(LOG_KEY) : { entries: [], last: undefined };
    const record = data.type(META_KEY) === "hash" ? data.hash(META_KEY) : new Map<string, string>();
    return {
      logKind,
      edgesKind: data.type(EDGES_KEY),
      record: {
        runId: record.get("run_id"),
        last: record.get("last"),
        opened: record.get("opened"),
        history: record.get("history"),
      },
      oldest: entries[0]?.[0],
      newest: entries.at(-1)?.[0],
      generated: last,
      foreignId: entries.find(([id]) => id === foreignId)?.[0],
    };
  }

  #row(edge: string): Row {
    const match = /^(\d+) (.*)$/s.exec(this.data.hash(EDGES_KEY).get(edge) ?? "");
    const beat = parsed(match?.[2] ?? "");
    if (typeof beat !== "object" || beat === null || !("leaseMs" in beat)) return {};
    const { leaseMs } = beat;
    if (typeof leaseMs !== "number") return {};
    const heartbeatAgeMs = this.#nowMs() - Number(match?.[1]);
    const leftMs = leaseEndsInMs({ leaseMs, heartbeatAgeMs });
    return "bootId" in beat ? { boot: String(beat.bootId), leftMs } : { leftMs };
  }

  /** A position that can be one of ours: not longer than 15 digits, not from the far future. */
  #parse(id: string | undefined): Position | undefined {
    const position = id === undefined ? undefined : parsePosition(id);
    return position === undefined || position.epoch > this.#nowUs() + FARTHEST_EPOCH_US
      ? undefined
      : position;
  }

  #nowMs(): number {
    return Math.floor(this.#wall());
  }

  #nowUs(): number {
    return Math.floor(this.#wall() * 1000);
  }
}

function because(reason: string): Doubt {
  return { reason, strange: false };
}

function becauseOf(id: string): Doubt {
  return { reason: `the entry ${id} cannot be followed`, strange: true };
}

function isNumber(text: string | undefined): boolean {
  return text !== undefined && text.trim() !== "" && Number.isFinite(Number(text));
}

/** undefined: it is no JSON. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
