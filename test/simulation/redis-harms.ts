import type { Position } from "../../purge-log/position.ts";
import { COUNTS_KEY, EDGES_KEY, LOG_KEY, META_KEY, purgeKey } from "../../purge-log/redis/keys.ts";
import { beatOf } from "../rig/purge-log-entries.ts";
import type { RedisData } from "./redis-data.ts";

/** One command of a stranger or an operator, and what it does to the data. */
export interface Harm {
  readonly command: readonly [name: string, ...values: (string | number)[]];
  readonly act: (data: RedisData) => void;
}

const HUGE = "18446744073709551615";
const FIELDS = ["hello", "world"] as const;

function add(id: string): Harm {
  return { command: ["XADD", LOG_KEY, id, ...FIELDS], act: (data) => data.xadd(LOG_KEY, id, FIELDS) };
}

function trim(keep: number): Harm {
  return { command: ["XTRIM", LOG_KEY, "MAXLEN", keep], act: (data) => data.xtrim(LOG_KEY, keep) };
}

function remove(id: string): Harm {
  return { command: ["XDEL", LOG_KEY, id], act: (data) => data.xdel(LOG_KEY, id) };
}

function del(key: string): Harm {
  return { command: ["DEL", key], act: (data) => data.del(key) };
}

function set(key: string): Harm {
  return { command: ["SET", key, "hello"], act: (data) => data.set(key, "hello") };
}

function hset(key: string, name: string, value: string): Harm {
  return { command: ["HSET", key, name, value], act: (data) => data.hset(key, { [name]: value }) };
}

/** A row of a boot whose lease ran out long ago. */
const OLD_ROW = `1000 ${JSON.stringify({ ...beatOf("edge-1"), bootId: "boot-9" })}`;

/** A row of a clock that was set back since, and one whose lease has run out whatever the time is. */
const FUTURE_ROW = `99999999999999 ${JSON.stringify({ ...beatOf("edge-1"), bootId: "boot-1" })}`;
const ENDED_ROW = `1000 ${JSON.stringify({ ...beatOf("edge-2"), leaseMs: -1_000_000 })}`;

function hdel(key: string, name: string): Harm {
  return { command: ["HDEL", key, name], act: (data) => data.hdel(key, name) };
}

/** `tail` is the log's last position, as far as its record tells. */
export const HARMS: readonly ((tail: Position) => Harm)[] = [
  () => ({ command: ["FLUSHALL"], act: (data) => data.flushAll() }),
  () => del(LOG_KEY),
  () => del(META_KEY),
  () => hdel(META_KEY, "opened"),
  () => hdel(META_KEY, "rows"),
  () => del(EDGES_KEY),
  () => set(COUNTS_KEY),
  () => hdel(EDGES_KEY, "edge-1"),
  () => trim(0),
  () => trim(1),
  () => trim(3),
  ({ epoch, seq }) => remove(`${epoch}-${seq}`),
  ({ epoch }) => remove(`${epoch}-1`),
  ({ epoch }) => add(`${epoch}-*`),
  ({ epoch }) => add(`${epoch}-1`),
  ({ epoch }) => add(`${epoch + 5}-3`),
  ({ epoch }) => add(`${epoch}-${HUGE}`),
  ({ epoch }) => add(`${epoch + 1}-7`),
  ({ epoch }) => add(`${epoch * 3}-0`),
  () => add(`${HUGE}-${HUGE}`),
  () => set(LOG_KEY),
  () => set(META_KEY),
  () => set(purgeKey("purge-1")),
  () => hset(purgeKey("purge-2"), "hello", "world"),
  () => set(EDGES_KEY),
  () => hset(EDGES_KEY, "edge-1", OLD_ROW),
  () => hset(EDGES_KEY, "edge-1", FUTURE_ROW),
  () => hset(EDGES_KEY, "edge-2", "hello"),
  () => hset(EDGES_KEY, "edge-2", ENDED_ROW),
  () => hset(META_KEY, "last", `${HUGE}-1`),
];
