import { MachineClock } from "../../learn/simulation/machine-clock.ts";
import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import type { VirtualTime } from "../../learn/simulation/virtual-time.ts";
import { parsePosition } from "../../purge-log/position.ts";
import { EDGES_KEY, LOG_KEY, META_KEY } from "../../purge-log/redis/keys.ts";
import type { EdgeId, RogueAct } from "./action.ts";
import type { RedisData } from "./redis-data.ts";
import type { SimulatedRedis } from "./simulated-redis.ts";

/** Makes a server process; a broken rule makes one that lacks a check. */
export type MakeRedis = (wall: () => number, runId: string, data?: RedisData) => SimulatedRedis;

const HUGE = "18446744073709551615";

/** The machines that the purge log runs on: what crashes there, and what strangers do. */
export class LogHost {
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #make: MakeRedis;
  readonly #rate: number;
  #processes = 0;
  #offset = 0;
  /** Of the latest process. */
  #clock: MachineClock | undefined;
  /** The process that takes writes; undefined while there is none. */
  primary: SimulatedRedis | undefined;

  constructor(time: VirtualTime, random: SeededRandom, make: MakeRedis, clockRate: number) {
    this.#time = time;
    this.#random = random;
    this.#make = make;
    this.#rate = clockRate;
    this.primary = this.#launch(undefined);
  }

  /** SIGKILL; then a new process on its file, without the last `lost` writes. `back` is told of it. */
  crash(lost: number, downMs: number, offset: number, back: () => void): void {
    const old = this.primary;
    if (old === undefined) return;
    this.primary = undefined;
    old.crash();
    this.#time.after(downMs, () => {
      this.#offset = offset;
      this.primary = this.#launch(old.data.reread(lost));
      back();
    });
  }

  /** A replica that lacks the last `lost` writes is promoted; the old primary takes no more, as it has no replica. */
  failOver(lost: number, offset: number): void {
    const old = this.primary;
    if (old === undefined) return;
    old.refusal = "NOREPLICAS Not enough good replicas to write.";
    this.#offset = offset;
    this.primary = this.#launch(old.data.reread(lost));
  }

  /** As a full disk: every script gets an error for a while. */
  refuse(ms: number): void {
    const { primary } = this;
    if (primary === undefined) return;
    primary.refusal = "MISCONF Errors writing to the AOF file";
    this.#time.after(ms, () => {
      if (this.primary === primary) primary.refusal = undefined;
    });
  }

  flushAll(): void {
    this.primary?.command((data) => data.flushAll());
  }

  trim(keep: number): void {
    if (this.primary?.data.type(LOG_KEY) !== "stream") return;
    this.primary.command((data) => data.xtrim(LOG_KEY, keep));
  }

  setClock(byMs: number): void {
    this.#clock?.setWall(byMs);
  }

  /** DEL or HDEL by a stranger, or eviction. */
  loseRows(of: EdgeId | "all"): void {
    if (this.primary?.data.type(EDGES_KEY) !== "hash") return;
    this.primary.command((data) => (of === "all" ? data.del(EDGES_KEY) : data.hdel(EDGES_KEY, of)));
  }

  act(act: RogueAct): void {
    const { primary } = this;
    if (primary === undefined || primary.data.type(LOG_KEY) !== "stream") return;
    const { entries, last } = primary.data.stream(LOG_KEY);
    const epoch = parsePosition(last)?.epoch;
    if (epoch === undefined) return;
    primary.command((data) => {
      switch (act) {
        case "add an entry to our epoch":
          return data.xadd(LOG_KEY, `${epoch}-*`, ["hello", "world"]);
        case "add an entry to a later epoch":
          return data.xadd(LOG_KEY, `${epoch + 5}-3`, ["hello", "world"]);
        case "add an entry with the largest id":
          return data.xadd(LOG_KEY, `${HUGE}-${HUGE}`, ["hello", "world"]);
        case "add an entry with the largest seq, and one in the next epoch":
          data.xadd(LOG_KEY, `${epoch}-${HUGE}`, ["hello", "world"]);
          return data.xadd(LOG_KEY, `${epoch + 1}-1`, ["hello", "world"]);
        case "add an entry from the far future":
          return data.xadd(LOG_KEY, `${epoch * 3}-0`, ["hello", "world"]);
        case "put a string in the place of the log":
          return data.set(LOG_KEY, "hello");
        case "delete the record":
          return data.del(META_KEY);
        case "delete the last entry":
          return data.xdel(LOG_KEY, last);
        case "delete an entry in the middle":
          return data.xdel(LOG_KEY, entries.at(-2)?.[0] ?? last);
      }
    });
  }

  #launch(data: RedisData | undefined): SimulatedRedis {
    this.#processes += 1;
    const shape = { rate: this.#rate, offset: this.#offset };
    const clock = new MachineClock(this.#time, shape);
    this.#clock = clock;
    const runId = `run${this.#processes}x${this.#random.whole(0, 999_999)}`;
    return this.#make(() => clock.wall(), runId, data);
  }
}
