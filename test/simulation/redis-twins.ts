import { describeError } from "../../process/failure.ts";
import { decodeHeartbeat, encodeHeartbeat } from "../../purge-log/heartbeat-codec.ts";
import { BEGINNING, formatPosition, type Position, parsePosition } from "../../purge-log/position.ts";
import { encodePurge } from "../../purge-log/purge-codec.ts";
import { ASIDE_KEY, EDGES_KEY, LOG_KEY, META_KEY } from "../../purge-log/redis/keys.ts";
import { VERIFY_SCRIPT } from "../../purge-log/redis/lua.ts";
import type { EncodedEntry } from "../../purge-log/redis/publisher.ts";
import type { RedisPurgeLog } from "../../purge-log/redis/redis-purge-log.ts";
import { beatOf, purgeOf } from "../rig/purge-log-entries.ts";
import { RedisLogs } from "../rig/redis-logs.ts";
import type { RedisServer } from "../rig/redis-server.ts";
import type { SeededRandom } from "../rig/seeded-random.ts";
import { type RedisData, RedisError } from "./redis-data.ts";
import { HARMS } from "./redis-harms.ts";
import { SimulatedRedis } from "./simulated-redis.ts";

// A lease that no sequence outlives, so that a twin is refused in both however long a step takes.
const LEASE_MS = 600_000;

/** What was done, and what each of the two answered. */
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
  "harm",
  "harm",
  "restart",
] as const;

/** What a server holds, without the times of heartbeats. */
export interface Held {
  readonly log: unknown;
  readonly aside: unknown;
  readonly record: Readonly<Record<string, string>>;
  readonly edges: Readonly<Record<string, string>>;
}

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
      case "restart":
        await this.#restart();
        return [kind, "", ""];
      case "harm":
        return await this.#harm();
    }
  }

  async held(): Promise<readonly [real: Held, simulated: Held]> {
    const { data } = this.#twin();
    const streamOf = (key: string): unknown => {
      const type = data.type(key);
      return type === "stream" ? { entries: data.stream(key).entries } : type;
    };
    const simulated: Held = {
      log: streamOf(LOG_KEY),
      aside: streamOf(ASIDE_KEY),
      record: data.type(META_KEY) === "hash" ? Object.fromEntries(data.hash(META_KEY)) : {},
      edges: timeless(data.type(EDGES_KEY) === "hash" ? Object.fromEntries(data.hash(EDGES_KEY)) : {}),
    };
    const real: Held = {
      log: await this.#realStream(LOG_KEY),
      aside: await this.#realStream(ASIDE_KEY),
      record: withoutReplication(await this.#realHash(META_KEY)),
      edges: timeless(await this.#realHash(EDGES_KEY)),
    };
    return [real, simulated];
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
    const purges = ids.map((id) => purgeOf(`purge-${id}`));
    const floor = this.#floor();
    const real = await Promise.all(purges.map((purge) => this.#real.append(purge, floor)));
    for (const outcome of real) {
      if (outcome.kind === "accepted") this.#saw(outcome.position, outcome.runId);
    }
    await this.#setClock();
    const entries = purges.map((purge) => {
      const encoded = encodePurge(purge);
      return { purgeId: purge.purgeId, text: encoded.kind === "encoded" ? encoded.text : "" };
    });
    // Those of one turn go together.
    return [
      `append ${ids.join(", ")} ${formatPosition(floor)}`,
      real.map((each) => (each.kind === "accepted" ? each : refusal(new Error(each.reason)))),
      this.#publish(entries, floor),
    ];
  }

  #publish(batch: readonly EncodedEntry[], floor: Position): readonly unknown[] {
    const answered = this.#answer(() => this.#twin().publishScript(batch, formatPosition(floor)));
    if (!Array.isArray(answered)) return batch.map(() => answered);
    const [runId, ...positions] = answered;
    return positions.map((position) => ({
      kind: "accepted",
      position: parsePosition(String(position)),
      runId,
    }));
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
      const state = this.#twin().heartbeatScript(formatPosition(beat.position), edge, json, bootId);
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
    const boot = this.#random.pick(["", "boot-1", "boot-2"]);
    await this.#real.forget(edge, boot === "" ? undefined : boot);
    await this.#setClock();
    this.#answer(() => this.#twin().forgetScript(formatPosition(BEGINNING), edge, boot));
    return [`forget ${edge} ${boot}`, "", ""];
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
    const { history = "" } = await this.#realHash(META_KEY);
    const opened = /-(\d+)\.(\d+)$/.exec(history);
    // Half a microsecond more, so that no rounding loses one.
    if (opened !== null) this.#wall = Number(opened[1]) * 1000 + (Number(opened[2]) + 0.5) / 1000;
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
    const { last = "" } = await this.#realHash(META_KEY);
    return parsePosition(last) ?? { epoch: 1, seq: 1 };
  }

  async #realStream(key: string): Promise<unknown> {
    const type = await this.#server.command("TYPE", key);
    return type === "stream" ? { entries: await this.#server.command("XRANGE", key, "-", "+") } : type;
  }

  async #realHash(key: string): Promise<Readonly<Record<string, string>>> {
    if ((await this.#server.command("TYPE", key)) !== "hash") return {};
    const cells = await this.#server.command("HGETALL", key);
    if (!Array.isArray(cells)) throw new Error(`HGETALL answered ${cells}`);
    const hash: Record<string, string> = {};
    for (let i = 0; i + 1 < cells.length; i += 2) hash[String(cells[i])] = String(cells[i + 1]);
    return hash;
  }
}

/** "refused" when Redis, or a script, said so. */
function refusal(thrown: unknown): "refused" {
  if (/FUTURE|WRONGTYPE|two edges must not/.test(describeError(thrown))) return "refused";
  throw thrown;
}

/** The simulated Redis has no replicas. */
function withoutReplication({ replid: _, ...record }: Readonly<Record<string, string>>) {
  return record;
}

/** Without the time at which each row was written. */
function timeless(rows: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(rows).map(([edge, cell]) => [edge, cell.replace(/^\d+/, "")]));
}

function isRow(cell: string | undefined): boolean {
  return decodeHeartbeat(cell?.replace(/^\d+ /, "") ?? "").kind === "heartbeat";
}
