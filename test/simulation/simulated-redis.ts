import { SAME_PURGE_MS } from "../../purge-log/log-limits.ts";
import { leaseEndsInMs } from "../../purge-log/membership.ts";
import { COUNTS_KEY, EDGES_KEY, LOG_KEY, META_KEY, purgeKey } from "../../purge-log/redis/keys.ts";
import { COUNTS_CHARACTERS } from "../../purge-log/redis/lua.ts";
import type { EncodedEntry } from "../../purge-log/redis/publisher.ts";
import { VerifyingRedis } from "./verifying-redis.ts";

/** A row of the table of edges, as far as it was written by an edge. */
interface Row {
  readonly boot?: string;
  readonly ageMs?: number;
  /** Until its lease has surely run out. */
  readonly leftMs?: number;
}

/** The arguments of a heartbeat. */
export interface HeartbeatCall {
  readonly position: string;
  readonly edge: string;
  readonly json: string;
  readonly boot: string;
  /** The edge has seen that this clock was set. */
  readonly clockStepped: boolean;
  /** The counts of responses removed by purges since its last report. */
  readonly counts: string;
}

/** The answer to a heartbeat: the history, the tail, the oldest entry, the server's milliseconds. */
export type HeartbeatReply = readonly [history: string, tail: string, oldest: string, nowMs: string];

/** The outcome for the edge, the milliseconds of lease left, the age of its heartbeat. */
export type ForgetReply = readonly [kind: "unknown" | "serving" | "forgotten", leftMs: string, ageMs: string];

/** The scripts of purge-log/redis/lua.ts, line for line, but for marks: no simulated log has as many bytes as one. */
export class SimulatedRedis extends VerifyingRedis {
  /** `foreignId`: the id of an entry that a follower cannot pass, or nothing. */
  verifyScript(floor: string, foreignId: string): string {
    return this.script(() => this.verify(floor, foreignId).tail);
  }

  /** Answers the history, and the position of each purge, or nothing where its id stands for another one. */
  publishScript(purges: readonly EncodedEntry[], floor: string): readonly [string, ...string[]] {
    return this.script(() => {
      const verified = this.verify(floor);
      const [epoch] = verified.tail.split("-");
      let { tail } = verified;
      let unmarked = Number(this.data.hash(META_KEY).get("unmarked") ?? 0);
      const positions = purges.map(({ purgeId, text, digest }) => {
        const [, first, bound = ""] = /^(\d+-\d+) ?([\da-f]*)$/i.exec(this.known(purgeId) ?? "") ?? [];
        if (first !== undefined && this.parse(first) !== undefined)
          return bound === "" || this.isSame(bound, digest) ? first : "";
        unmarked += Buffer.byteLength(text);
        tail = this.data.xadd(LOG_KEY, `${epoch}-*`, ["purge", text]);
        this.data.set(purgeKey(purgeId), `${tail} ${digest}`, this.nowMs() + SAME_PURGE_MS);
        return tail;
      });
      this.data.hset(META_KEY, { last: tail, marks: "", unmarked: String(unmarked) });
      return [verified.history, ...positions];
    });
  }

  /** Answers the boot instead that may still serve. */
  heartbeatScript(beat: HeartbeatCall): HeartbeatReply | string {
    const { position, edge, json, boot, clockStepped, counts } = beat;
    return this.script(() => {
      const { tail, oldest, history, opened: before, rows } = this.verify(position);
      const now = String(this.nowMs());
      const opened = clockStepped ? now : before;
      if (clockStepped) this.data.hset(META_KEY, { opened });
      // The words of the same boot are not decoded.
      if (!this.#cell(edge)?.includes(`"bootId":"${boot}"`)) {
        const row = this.#row(edge, opened);
        if (row.boot !== undefined && row.boot !== boot && row.leftMs !== undefined && row.leftMs > 0)
          return row.boot;
      }
      if (this.#cell(edge) === undefined) this.data.hset(META_KEY, { rows: String(rows + 1) });
      this.data.hset(EDGES_KEY, { [edge]: `${now} ${json}` });
      if (counts !== "") this.#addCounts(edge, counts);
      return [history, tail, oldest, now];
    });
  }

  /** `believedMs`: the largest age of a heartbeat that the caller believes. */
  forgetScript(floor: string, edge: string, believedMs: number): ForgetReply {
    return this.script(() => {
      const { opened, rows } = this.verify(floor);
      if (this.#cell(edge) === undefined) return ["unknown", "0", "0"];
      const { leftMs = 0, ageMs = 0 } = this.#row(edge, opened, believedMs);
      const age = ageMs.toFixed(0);
      if (this.mayServe(leftMs)) return ["serving", Math.ceil(leftMs).toFixed(0), age];
      this.#remove(edge, rows);
      return ["forgotten", "0", age];
    });
  }

  leaveScript(floor: string, edge: string, boot: string): string {
    return this.script(() => {
      const { tail, opened, rows } = this.verify(floor);
      if (this.#row(edge, opened).boot === boot) this.#remove(edge, rows);
      return tail;
    });
  }

  /** The server's milliseconds now, those since which the table has lost nothing, the history, and the table. */
  membersScript(floor: string): readonly [string, string, string, readonly string[]] {
    return this.script(() => {
      const { opened, history } = this.verify(floor);
      for (const edge of this.data.hash(EDGES_KEY).keys()) this.#fromNow(edge);
      return [String(this.nowMs()), opened, history, [...this.data.hash(EDGES_KEY)].flat()];
    });
  }

  /** Rule P2: what the purge with this id stands for, and where. */
  protected known(purgeId: string): string | undefined {
    const key = purgeKey(purgeId);
    return this.data.type(key) === "string" ? this.data.get(key, this.nowMs()) : undefined;
  }

  /** Rule P2: whether it is the same purge. */
  protected isSame(bound: string, digest: string): boolean {
    return bound === digest;
  }

  /** Whether an edge with so much of its lease may answer from its cache. */
  protected mayServe(leftMs: number): boolean {
    return leftMs > 0;
  }

  #cell(edge: string): string | undefined {
    return this.data.hash(EDGES_KEY).get(edge);
  }

  #addCounts(edge: string, counts: string): void {
    const type = this.data.type(COUNTS_KEY);
    if (type !== "hash" && type !== "none") this.data.del(COUNTS_KEY);
    const known = this.data.hash(COUNTS_KEY).get(edge) ?? "";
    this.data.hset(COUNTS_KEY, { [edge]: `${counts}${known}`.slice(0, COUNTS_CHARACTERS) });
  }

  #remove(edge: string, rows: number): void {
    if (this.data.type(COUNTS_KEY) === "hash") this.data.hdel(COUNTS_KEY, edge);
    this.data.hset(META_KEY, { rows: String(this.#cell(edge) === undefined ? rows : rows - 1) });
    this.data.hdel(EDGES_KEY, edge);
  }

  /** A row from before the clock was set back counts from now on. */
  #fromNow(edge: string): void {
    const [, beaten, rest] = /^(\d+)( .*)$/s.exec(this.#cell(edge) ?? "") ?? [];
    if (this.isFuture(beaten)) this.data.hset(EDGES_KEY, { [edge]: `${this.nowMs()}${rest}` });
  }

  #row(edge: string, opened: string, believedMs = Number.POSITIVE_INFINITY): Row {
    this.#fromNow(edge);
    const match = /^(\d+) (.*)$/s.exec(this.#cell(edge) ?? "");
    const beat = parsed(match?.[2] ?? "");
    if (typeof beat !== "object" || beat === null || !("leaseMs" in beat)) return {};
    const { leaseMs } = beat;
    if (typeof leaseMs !== "number") return {};
    const now = this.nowMs();
    const ageMs = Math.min(now - Number(match?.[1]), now - Number(opened), believedMs);
    const row = { ageMs, leftMs: leaseEndsInMs({ leaseMs, heartbeatAgeMs: ageMs }) };
    return "bootId" in beat ? { ...row, boot: String(beat.bootId) } : row;
  }
}

/** undefined: it is no JSON. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
