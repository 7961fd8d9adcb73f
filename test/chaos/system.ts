import { setTimeout as delay } from "node:timers/promises";
import { credentials, Metadata } from "@grpc/grpc-js";
import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import { EdgeServiceClient } from "../../proto/gen/edgecache/v1/edge.ts";
import { EDGES_KEY, LOG_KEY, META_KEY } from "../../purge-log/redis/keys.ts";
import { type ClockShim, ClockShims } from "../rig/clock-shim.ts";
import { EdgeProcess, type EdgeProcessOptions } from "../rig/edge-process.ts";
import { FaultProxy } from "../rig/fault-proxy.ts";
import { RedisReplica } from "../rig/redis-replica.ts";
import { type RedisServer, startRedisServer } from "../rig/redis-server.ts";
import type { Disks } from "./disks.ts";
import type { Fault } from "./schedule.ts";
import { VersionedOrigin } from "./versioned-origin.ts";

const EDGES = 3;
const FORGET_MS = 2_000;
const FORGET_EVERY_MS = 50;
const KEYS = { log: LOG_KEY, meta: META_KEY, edges: EDGES_KEY };

/** The clocks of the processes, where they can be set. A replica that is promoted has its machine's own. */
interface Clocks {
  readonly shims: ClockShims;
  readonly redis: ClockShim;
  readonly edges: readonly ClockShim[];
}

async function makeClocks(): Promise<Clocks | undefined> {
  const shims = await ClockShims.make();
  if (shims === undefined) return undefined;
  const edges = Array.from({ length: EDGES }, () => shims.shim());
  return { shims, redis: shims.shim(), edges };
}

/** What the edge with this number is started with, beside its id, its Redis, its lease and its threads. */
export type EdgeShape = (edge: number, origin: URL) => Pick<EdgeProcessOptions, "origin" | "flags">;

/** Three edges, of one, two and three threads, each behind a link of its own to one Redis, and their origin: all real processes but the origin. */
export class System {
  readonly edges: readonly EdgeProcess[];
  readonly origin: VersionedOrigin;
  /** The primary; others take its place. */
  #redis: RedisServer;
  /** Those of the edges first. */
  readonly #links: FaultProxy[];
  readonly #clocks: Clocks | undefined;
  readonly #disks: Disks | undefined;

  private constructor(
    edges: readonly EdgeProcess[],
    origin: VersionedOrigin,
    redis: RedisServer,
    links: FaultProxy[],
    clocks: Clocks | undefined,
    disks: Disks | undefined,
  ) {
    this.edges = edges;
    this.origin = origin;
    this.#redis = redis;
    this.#links = links;
    this.#clocks = clocks;
    this.#disks = disks;
  }

  get canSetClocks(): boolean {
    return this.#clocks !== undefined;
  }

  static async start(
    random: SeededRandom,
    leaseMs: number,
    shape: EdgeShape = (_, origin) => ({ origin }),
    disks?: Disks,
  ): Promise<System> {
    const clocks = await makeClocks();
    const redis = await startRedisServer([], clocks?.redis.env);
    const origin = await VersionedOrigin.start(random);
    const links = await Promise.all(Array.from({ length: EDGES }, () => FaultProxy.start(redis.port)));
    const edges = await Promise.all(
      links.map((link, index) => {
        const { flags = [], ...shaped } = shape(index, origin.url);
        return EdgeProcess.start({
          id: `edge-${index + 1}`,
          redis: urlOf(link),
          leaseMs,
          flags: ["--workers", String(index + 1), ...(disks?.flagsOf(index) ?? []), ...flags],
          env: clocks?.edges[index]?.env ?? {},
          ...shaped,
        });
      }),
    );
    return new System(edges, origin, redis, links, clocks, disks);
  }

  /** The primary's URL by a link of its own, which leads to its successors too. No fault befalls it. */
  async openLink(): Promise<string> {
    const link = await FaultProxy.start(this.#redis.port);
    this.#links.push(link);
    return urlOf(link);
  }

  /** Resolves when the fault is over and undone. */
  async suffer(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case "edge-killed":
        await this.#edge(fault.edge).kill();
        await delay(fault.ms);
        return this.#edge(fault.edge).launch();
      case "disk-harmed":
        await this.#edge(fault.edge).kill();
        await delay(fault.ms);
        await this.#disks?.harm(fault.edge, fault.harm, fault.at);
        return this.#edge(fault.edge).launch();
      case "edge-stopped":
        await this.#edge(fault.edge).stop();
        await delay(fault.ms);
        return this.#edge(fault.edge).cont();
      case "link": {
        const links = this.#links.filter((_, index) => fault.edges.includes(index));
        for (const link of links) link.inflict(fault.fault);
        await delay(fault.ms);
        for (const link of links) link.heal();
        return;
      }
      case "redis-stopped":
        this.#redis.stop();
        await delay(fault.ms);
        return this.#redis.cont();
      case "redis-restarted":
        await this.#redis.kill();
        await delay(fault.ms);
        return this.#redis.restart(fault.data);
      case "replica-promoted":
        return this.#failOver(fault.ms);
      case "flushed":
        for (let time = 0; time < fault.times; time += 1) {
          await this.#redis.command("FLUSHALL");
          await delay(fault.ms / fault.times);
        }
        return;
      case "trimmed":
        await this.#redis.command("XTRIM", LOG_KEY, "MAXLEN", fault.keep);
        return;
      case "foreign-entry":
        return this.#addForeign(fault.id);
      case "rows-lost":
        return this.#cutOff(fault.edge, fault.ms, async () => {
          if (fault.of === "all") await this.#redis.command("DEL", EDGES_KEY);
          else await this.#redis.command("HDEL", EDGES_KEY, this.#edge(fault.edge).id);
        });
      case "forgotten":
        return this.#cutOff(fault.edge, fault.ms, (until) => this.#forget(fault.edge, until));
      case "clock-set":
        return this.#cutOff(fault.edge, fault.ms, async () => this.#clocks?.redis.setWall(fault.byMs));
      case "suspended":
        return this.#suspend(fault.edge, fault.ms, fault.cutMs);
      case "replaced":
        await this.#replace(KEYS[fault.key], fault.by === "string" ? "SET" : "RPUSH");
        return;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.edges.map((edge) => edge.kill()));
    await Promise.all(this.#links.map((link) => link.close()));
    await this.origin.close();
    await this.#redis.close();
    await this.#clocks?.shims.close();
    await this.#disks?.remove();
  }

  /** `harm` is done while the edge cannot reach Redis; it ends by `until`, in milliseconds of performance.now(). */
  async #cutOff(edge: number, ms: number, harm: (until: number) => Promise<void>): Promise<void> {
    const link = this.#links[edge];
    const until = performance.now() + ms;
    link?.inflict({ kind: "black-hole", direction: "both" });
    await harm(until);
    await delay(Math.max(0, until - performance.now()));
    link?.heal();
  }

  async #suspend(index: number, ms: number, cutMs: number): Promise<void> {
    const [edge, link] = [this.#edge(index), this.#links[index]];
    await edge.stop();
    const stoodSince = performance.now();
    link?.inflict({ kind: "black-hole", direction: "both" });
    await delay(ms);
    // Less than it really was: the clock must never go backwards.
    this.#clocks?.edges[index]?.holdBack(performance.now() - stoodSince - 1);
    edge.cont();
    await delay(cutMs);
    link?.heal();
  }

  /** Whoever may still serve is refused, whoever is forgotten comes back with its next heartbeat. */
  async #forget(index: number, until: number): Promise<void> {
    const { id: edge } = this.#edge(index);
    const { control } = this.#edge((index + 1) % EDGES);
    const client = new EdgeServiceClient(control, credentials.createInsecure());
    while (performance.now() < until) {
      await new Promise<void>((resolve) => {
        client.forget({ edge }, new Metadata(), { deadline: Date.now() + FORGET_MS }, () => resolve());
      });
      await delay(FORGET_EVERY_MS);
    }
    client.close();
  }

  /** The replica has all that was there before `withoutMs` ago, and every link leads to it at once. */
  async #failOver(withoutMs: number): Promise<void> {
    const lost = this.#redis;
    const replica = await RedisReplica.start(lost);
    replica.link.inflict({ kind: "black-hole", direction: "both" });
    await delay(withoutMs);
    await lost.close();
    await replica.promote();
    await replica.link.close();
    this.#redis = replica.server;
    for (const link of this.#links) link.redirect(replica.server.port);
  }

  #edge(index: number): EdgeProcess {
    const edge = this.edges[index];
    if (edge === undefined) throw new Error(`there is no edge ${index}`);
    return edge;
  }

  /** In one step, or an edge would put the right type there in between. */
  async #replace(key: string, command: "SET" | "RPUSH"): Promise<void> {
    const script = "redis.call('DEL', KEYS[1]) redis.call(ARGV[1], KEYS[1], 'mine')";
    await this.#redis.command("EVAL", script, 1, key, command);
  }

  async #addForeign(id: "*" | "18446744073709551615-1" | "the next"): Promise<void> {
    const given = id === "the next" ? `${await this.#epoch()}-*` : id;
    await this.#redis.command("XADD", LOG_KEY, given, "hello", "world");
  }

  async #epoch(): Promise<string> {
    const last = await this.#redis.command("HGET", META_KEY, "last");
    return String(last).split("-", 1)[0] ?? "0";
  }
}

function urlOf({ port }: FaultProxy): string {
  return `redis://127.0.0.1:${port}`;
}
