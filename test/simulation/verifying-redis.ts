import { FARTHEST_EPOCH_US } from "../../purge-log/log-limits.ts";
import { comparePositions, formatPosition, type Position, parsePosition } from "../../purge-log/position.ts";
import { ASIDE_KEY, EDGES_KEY, LOG_KEY, META_KEY } from "../../purge-log/redis/keys.ts";
import { compareIds, type RawEntry, RedisData, RedisError } from "./redis-data.ts";

const MICROS = 1_000_000;

/** The data that a script finds at its start. Ids are as Redis has them. */
export interface Found {
  readonly logKind: string;
  readonly edgesKind: string;
  readonly record: {
    readonly runId: string | undefined;
    readonly last: string | undefined;
    readonly opened: string | undefined;
    readonly history: string | undefined;
    readonly rows: string | undefined;
  };
  /** Rows of the table of edges. */
  readonly rows: number;
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

/** The state of the log after verification. */
export interface Verified {
  readonly tail: string;
  readonly oldest: string;
  /** The server's milliseconds since which the table of edges has lost nothing. */
  readonly opened: string;
  /** Names what began then. */
  readonly history: string;
  readonly rows: number;
}

/**
 * A process of a Redis server with the head of our scripts, line for line as in purge-log/redis/lua.ts: one command at a
 * time, and nothing between two lines of a script. `wall` is the server's clock in milliseconds.
 */
export class VerifyingRedis {
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

  /** A command that any Redis client may send. */
  command<T>(work: (data: RedisData) => T): T {
    const result = this.data.transaction(() => work(this.data));
    for (const { wake } of [...this.#blocked]) wake();
    return result;
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
    if (oldest !== undefined && this.parse(oldest) === undefined) return becauseOf(oldest);
    if (foreignId !== undefined) return becauseOf(foreignId);
    if (comparePositions(floor, last) > 0)
      return because(`${formatPosition(floor)} was seen and the log ends at ${record.last}`);
    return undefined;
  }

  /** Whether an edge may serve by its lease that the table no longer names. */
  protected tableLostRows({ rows, record }: Found): boolean {
    return rows < Number(record.rows ?? 1);
  }

  /** Whether this was written before the server's clock was set back. */
  protected isFuture(ms: string | undefined): boolean {
    return Number(ms) > this.nowMs();
  }

  /** Rule P1: an epoch that no other opening has had; `passed` is the highest that anybody knows of. */
  protected epoch(nowUs: number, passed: number): number {
    return Math.max(nowUs, passed + (nowUs % MICROS)) + 1;
  }

  protected script<T>(work: () => T): T {
    if (this.refusal !== undefined) throw new RedisError(this.refusal);
    return this.command(work);
  }

  protected verify(floorId: string, foreignId = ""): Verified {
    const floor = this.parse(floorId);
    if (floor === undefined) throw new RedisError(`FUTURE position ${floorId} is from the far future`);
    const found = this.#look(foreignId);
    const last = this.parse(found.record.last);
    const doubt = this.doubt(found, floor, last);
    const { oldest, record } = found;
    if (doubt !== undefined) return this.#openEpoch(doubt, found, floor, last);
    const tail = record.last ?? "";
    const { rows } = found;
    const opened =
      this.tableLostRows(found) || this.isFuture(record.opened) ? String(this.nowMs()) : record.opened;
    if (opened !== record.opened) this.data.hset(META_KEY, { opened: opened ?? "" });
    if (String(rows) !== record.rows) this.data.hset(META_KEY, { rows: String(rows) });
    return { tail, oldest: oldest ?? tail, opened: opened ?? "", history: record.history ?? "", rows };
  }

  #openEpoch(
    { reason, strange }: Doubt,
    found: Found,
    floor: Position,
    last: Position | undefined,
  ): Verified {
    const { data } = this;
    const top = this.parse(found.generated);
    const movedAside = found.logKind !== "none" && (strange || top === undefined);
    if (movedAside) data.rename(LOG_KEY, ASIDE_KEY);
    if (data.type(META_KEY) !== "hash") data.del(META_KEY);
    if (found.edgesKind !== "hash") data.del(EDGES_KEY);
    const { rows } = found;
    const [nowUs, micros] = [this.#nowUs(), this.#nowUs() % MICROS];
    const epoch = this.epoch(nowUs, Math.max(floor.epoch, last?.epoch ?? 0, top?.epoch ?? 0));
    const tail = data.xadd(LOG_KEY, `${epoch}-0`, ["barrier", reason]);
    const opened = String(this.nowMs());
    const history = `${this.runId}-${Math.floor(nowUs / MICROS)}.${micros}`;
    data.hset(META_KEY, { run_id: this.runId, last: tail, opened, history, rows: String(rows) });
    return { tail, oldest: (movedAside ? undefined : found.oldest) ?? tail, opened, history, rows };
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
        rows: record.get("rows"),
      },
      rows: data.type(EDGES_KEY) === "hash" ? data.hash(EDGES_KEY).size : 0,
      oldest: entries[0]?.[0],
      newest: entries.at(-1)?.[0],
      generated: last,
      foreignId: entries.find(([id]) => id === foreignId)?.[0],
    };
  }

  /** A position that can be one of ours: not longer than 15 digits, not from the far future. */
  protected parse(id: string | undefined): Position | undefined {
    const position = id === undefined ? undefined : parsePosition(id);
    return position === undefined || position.epoch > this.#nowUs() + FARTHEST_EPOCH_US
      ? undefined
      : position;
  }

  protected nowMs(): number {
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
