import { type Address, parseAddress } from "../address.ts";
import { Failure } from "../failure.ts";
import { hideCredentials, show, type ValueType } from "./values.ts";

/** The servers that a URL names, and how to log in there. */
export interface RedisUrl {
  /**
   * server: the one that keeps the log. sentinel: Sentinels, which know where the primary is. cluster: nodes of a
   * Cluster, which know who has the log's slot.
   */
  readonly kind: "server" | "sentinel" | "cluster";
  readonly isTls: boolean;
  /** At least one. */
  readonly hosts: readonly Address[];
  /** Both undefined: no login. */
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** The name under which Sentinels know the primary; empty without Sentinels. */
  readonly primaryName: string;
  readonly database: number;
}

const SHAPE =
  /^redis(?<tls>s?)(?:\+(?<group>sentinel|cluster))?:\/\/(?:(?<login>[^\s\\/?#@]*)@)?(?<hosts>[^\s\\/?#@]+)(?:\/(?<path>[^\s\\?#]*))?$/;
const DATABASE = /^\d{0,3}$/;
// The names that Redis takes in `sentinel monitor`.
const PRIMARY_AND_DATABASE = /^(?<name>[A-Za-z0-9._-]+)(?:\/(?<database>\d{1,3}))?$/;

const SERVER_PORT = 6379;
const SENTINEL_PORT = 26379;

/** undefined when it breaks the rule below. */
export function parseRedisUrl(text: string): RedisUrl | undefined {
  const groups = SHAPE.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const kind = groups.group === "sentinel" || groups.group === "cluster" ? groups.group : "server";
  const place = placeOf(kind, groups.path ?? "");
  const names = (groups.hosts ?? "").split(",");
  const hosts = names.map((name) => addressOf(name, kind === "sentinel" ? SENTINEL_PORT : SERVER_PORT));
  const login = loginOf(groups.login);
  if (place === undefined || login === undefined || (kind === "server" && hosts.length > 1)) return undefined;
  const known = hosts.filter((host) => host !== undefined);
  if (known.length < hosts.length) return undefined;
  return { kind, isTls: groups.tls === "s", hosts: known, ...login, ...place };
}

/** Of a text that has been a setting. Throws Failure("bad-config", "config"). */
export function redisUrlOf(text: string): RedisUrl {
  const url = parseRedisUrl(text);
  if (url !== undefined) return url;
  throw new Failure("bad-config", "config", `the URL of Redis must be ${redisUrl.rule}: got ${show(text)}`);
}

export const redisUrl: ValueType<string> = {
  name: "url",
  rule: "redis://[user:password@]host[:port][/database], redis+sentinel://[user:password@]host[:port],…/name[/database] or redis+cluster://[user:password@]host[:port],…, with rediss in place of redis for TLS",
  parse: (value) => (parseRedisUrl(value) === undefined ? undefined : value),
  format: hideCredentials,
  hint: (value) => {
    if (/^rediss?:\/\/[^/]*,/.test(value))
      return "several servers need Sentinel or Cluster, which say who is the primary: redis+sentinel://… or redis+cluster://…";
    return parseAddress(value) === undefined ? undefined : `did you mean redis://${value}?`;
  },
};

function placeOf(
  kind: RedisUrl["kind"],
  path: string,
): Pick<RedisUrl, "primaryName" | "database"> | undefined {
  if (kind === "server") return DATABASE.test(path) ? { primaryName: "", database: Number(path) } : undefined;
  // A Cluster has database 0 only.
  if (kind === "cluster") return path === "" ? { primaryName: "", database: 0 } : undefined;
  const groups = PRIMARY_AND_DATABASE.exec(path)?.groups;
  return groups && { primaryName: groups.name ?? "", database: Number(groups.database ?? 0) };
}

function addressOf(text: string, defaultPort: number): Address | undefined {
  return parseAddress(text) ?? parseAddress(`${text}:${defaultPort}`);
}

function loginOf(text: string | undefined): Pick<RedisUrl, "username" | "password"> | undefined {
  if (text === undefined) return { username: undefined, password: undefined };
  const colon = text.indexOf(":");
  try {
    const username = decodeURIComponent(colon < 0 ? text : text.slice(0, colon));
    const password = colon < 0 ? undefined : decodeURIComponent(text.slice(colon + 1));
    return { username: username === "" ? undefined : username, password };
  } catch {
    // A percent sign that begins no code.
    return undefined;
  }
}
