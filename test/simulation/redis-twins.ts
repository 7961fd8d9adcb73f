import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import { encodeCounts } from "../../purge-log/confirmation-codec.ts";
import { encodeHeartbeat } from "../../purge-log/heartbeat-codec.ts";
import { BEGINNING, formatPosition, type Position, parsePosition } from "../../purge-log/position.ts";
import { encodePurge } from "../../purge-log/purge-codec.ts";
import { purgeDigest } from "../../purge-log/purge-digest.ts";
import { ASIDE_KEY, EDGES_KEY, LOG_KEY, META_KEY } from "../../purge-log/redis/keys.ts";
import { VERIFY_SCRIPT } from "../../purge-log/redis/lua.ts";
import type { EncodedEntry } from "../../purge-log/redis/publisher.ts";
import type { RedisPurgeLog } from "../../purge-log/redis/redis-purge-log.ts";
import { beatOf, purgeOf } from "../rig/purge-log-entries.ts";
import { RedisLogs } from "../rig/redis-logs.ts";
import type { RedisServer } from "../rig/redis-server.ts";
import {
  answerOf,
  type Held,
  heldByReal,
  heldBySimulated,
  isRow,
  realHash,
  refusal,
} from "./held-by-redis.ts";
import { type RedisData, RedisError } from "./redis-data.ts";
import { HARMS } from "./redis-harms.ts";
import { SimulatedRedis } from "./simulated-redis.ts";

// A lease that no sequence outlives, so that a twin is refused in both however long a step takes.
const LEASE_MS = 600_000;

/** A command, and the answer of each of the two servers. */
export type Step = readonly [name: string, real: unknown, simulated: unknown];

const KINDS = [
  "append",
  "append",
  "append",
  "append",
  "heartbeat",
  "heartbeat",
  "heartbeat",
  "members",
  "verify",
  "forget",
  "leave",
  "harm",
  "harm",
  "restart",
] as const;

/** A real server and the simulated one, to which the same is done. */
export class RedisTwins {
  readonly #server: RedisServer;
  readonly #random: SeededRandom;
  #logs: RedisLogs;
  #real: RedisPurgeLog;
  #simulated: SimulatedRedis | undefined;
  #wall = 0;
  #floors: Position[] = [BEGINNING];
  #runId = "";

  constructor(server: RedisServer, random: SeededRandom) {
    this.#server = server;
    this.#random = random;
    this.#logs = new RedisLogs(server.url);
    this.#real = this.#logs.open();
  }

  async close(): Promise<void> {
    await this.#logs.close();
  }

  async step(): Promise<Step> {
    const random = this.#random;
    const kind = random.pick(KINDS);
    switch (kind) {
      case "append":
        return await this.#append();
      case "heartbeat":
        return await this.#heartbeat();
      case "members":
        return await this.#members();
      case "verify":
        return await this.#verify();
      case "forget":
        return await this.#forget();
      case "leave":
        return await this.#leave();
      case "restart":
        await this.#restart();
        return [kind, "", ""];
      case "harm":
        return await this.#harm();
    }
  }

  async held(): Promise<readonly [real: Held, simulated: Held]> {
    return [await heldByReal(this.#server), heldBySimulated(this.#twin())];
  }

  async #harm(): Promise<Step> {
    const { command, act } = this.#random.pick(HARMS)(await this.#tail());
    const [name, ...values] = command;
    const real = await this.#server.command(name, ...values).then(
      () => "done",
      () => "refused",
    );
    const simulated = this.#answer(() => {
      this.#twin().command(act);
      return "done";
    });
    return [command.join(" "), real, simulated];
  }

  async #append(): Promise<Step> {
    const ids = Array.from({ length: this.#random.whole(1, 4) }, () => this.#random.whole(1, 12));
    // The same id is another purge when only one of them is soft.
    const purges = ids.map((id) => ({ ...purgeOf(`purge-${id}`), soft: this.#random.chance(0.1) }));
    const floor = this.#floor();
    const real = await Promise.all(purges.map((purge) => this.#real.append(purge, floor)));
    for (const outcome of real) {
      if (outcome.kind === "accepted") this.#saw(outcome.position, outcome.runId);
    }
    await this.#setClock();
    const entries = purges.map((purge) => {
      const encoded = encodePurge(purge);
      const text = encoded.kind === "encoded" ? encoded.text : "";
      return { purgeId: purge.purgeId, text, digest: purgeDigest(purge) };
    });
    // Those of one turn go together.
    return [
      `append ${ids.join(", ")} ${formatPosition(floor)}`,
      real.map(answerOf),
      this.#publish(entries, floor),
    ];
  }

  #publish(batch: readonly EncodedEntry[], floor: Position): readonly unknown[] {
    const answered = this.#answer(() => this.#twin().publishScript(batch, formatPosition(floor)));
    if (!Array.isArray(answered)) return batch.map(() => answered);
    const [runId, ...positions] = answered;
    return positions.map((position) =>
      position === ""
        ? "another-purge"
        : { kind: "accepted", position: parsePosition(String(position)), runId },
    );
  }

  async #heartbeat(): Promise<Step> {
    const edge = this.#random.pick(["edge-1", "edge-2"]);
    const bootId = this.#random.pick(["boot-1", "boot-1", "boot-2"]);
    const beat = { ...beatOf(edge, this.#floor()), bootId, runId: this.#runId, leaseMs: LEASE_MS };
    const real = await this.#real.heartbeat(beat).catch(refusal);
    if (typeof real !== "string") this.#saw(real.tail, real.runId);
    await this.#setClock();
    const simulated = this.#answer(() => {
      const json = encodeHeartbeat(beat);
      const position = formatPosition(beat.position);
      const counts = encodeCounts(beat.applied);
      const call = { position, edge, json, boot: bootId, clockStepped: false, counts };
      const state = this.#twin().heartbeatScript(call);
      if (typeof state === "string") return "refused";
      const [runId, tail, first] = state;
      return { runId, tail: parsePosition(tail), first: parsePosition(first) };
    });
    return [`heartbeat ${edge} ${bootId} ${formatPosition(beat.position)}`, real, simulated];
  }

  async #members(): Promise<Step> {
    const real = await this.#real.members().then((members) => members.map(({ edge }) => edge));
    await this.#setClock();
    const simulated = this.#answer(() => {
      const [, , , cells] = this.#twin().membersScript(formatPosition(BEGINNING));
      return cells.filter((_, index) => index % 2 === 0 && isRow(cells[index + 1])).sort();
    });
    return ["members", real, simulated];
  }

  /** As a follower does that has met an id which it cannot pass, if there is one. */
  async #verify(): Promise<Step> {
    const { data } = this.#twin();
    const ids = data.type(LOG_KEY) === "stream" ? data.stream(LOG_KEY).entries.map(([id]) => id) : [];
    const foreignId = ids.find((id) => parsePosition(id) === undefined) ?? "";
    const floor = formatPosition(BEGINNING);
    const keys = [LOG_KEY, META_KEY, EDGES_KEY, ASIDE_KEY];
    const real = await this.#server.command("EVAL", VERIFY_SCRIPT, keys.length, ...keys, floor, foreignId);
    await this.#setClock();
    return ["verify", real, this.#answer(() => this.#twin().verifyScript(floor, foreignId))];
  }

  async #forget(): Promise<Step> {
    const edge = this.#random.pick(["edge-1", "edge-2"]);
    const { kind } = await this.#real.forget(edge);
    await this.#setClock();
    const floor = formatPosition(BEGINNING);
    const simulated = this.#answer(() => this.#twin().forgetScript(floor, edge, Number.POSITIVE_INFINITY)[0]);
    return [`forget ${edge}`, kind, simulated];
  }

  async #leave(): Promise<Step> {
    const edge = this.#random.pick(["edge-1", "edge-2"]);
    const boot = this.#random.pick(["boot-1", "boot-2"]);
    await this.#real.leave(edge, boot);
    await this.#setClock();
    this.#answer(() => this.#twin().leaveScript(formatPosition(BEGINNING), edge, boot));
    return [`leave ${edge} ${boot}`, "", ""];
  }

  async #restart(): Promise<void> {
    await this.#logs.close();
    const data = this.#random.pick(["with its data", "without data"] as const);
    await this.#server.restart(data);
    this.#logs = new RedisLogs(this.#server.url);
    this.#real = this.#logs.open();
    const lost = data === "with its data" ? 0 : Number.POSITIVE_INFINITY;
    await this.start(this.#twin().data.reread(lost));
  }

  /** The simulated server as a new process, with the run id of the real one. */
  async start(data?: RedisData): Promise<void> {
    const info = String(await this.#server.command("INFO", "server"));
    const runId = /run_id:(\w+)/.exec(info)?.[1] ?? "";
    this.#simulated = new SimulatedRedis(() => this.#wall, runId, data);
  }

  #twin(): SimulatedRedis {
    if (this.#simulated === undefined) throw new Error("the simulated server was not started");
    return this.#simulated;
  }

  /** The time at which the real server did what it did, as far as that can be seen in what it holds. */
  async #setClock(): Promise<void> {
    const { history = "", opened = "" } = await realHash(this.#server, META_KEY);
    const began = /-(\d+)\.(\d+)$/.exec(history);
    // Half a microsecond more, so that no rounding loses one.
    const beganMs = began === null ? 0 : Number(began[1]) * 1000 + (Number(began[2]) + 0.5) / 1000;
    // The table may have lost rows since.
    const openedMs = /^\d+$/.test(opened) ? Number(opened) : 0;
    this.#wall = Math.max(openedMs, beganMs);
  }

  #answer(work: () => unknown): unknown {
    try {
      return work();
    } catch (thrown) {
      if (!(thrown instanceof RedisError)) throw thrown;
      return "refused";
    }
  }

  #saw(position: Position, runId: string): void {
    this.#floors = [...this.#floors.slice(-3), position];
    if (this.#random.chance(0.7)) this.#runId = runId;
  }

  #floor(): Position {
    if (this.#random.chance(0.02)) return { epoch: 5_000_000_000_000_000, seq: 1 };
    return this.#random.chance(0.3) ? BEGINNING : this.#random.pick(this.#floors);
  }

  async #tail(): Promise<Position> {
    const { last = "" } = await realHash(this.#server, META_KEY);
    return parsePosition(last) ?? { epoch: 1, seq: 1 };
  }
}
