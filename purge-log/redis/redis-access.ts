import type { ConnectionOptions } from "node:tls";
import { setting } from "../../process/settings/program.ts";
import { type RedisUrl, redisUrl, redisUrlOf } from "../../process/settings/redis-url.ts";
import { readSmallFile } from "../../process/settings/small-file.ts";
import { text, wholeNumber } from "../../process/settings/values.ts";

// More would wait for the slowest of many.
const MOST_REPLICAS = 5;

const file = (what: string) => ({ ...text(`the path of ${what}`), name: "path" });

/** The settings of every program for its connections to Redis. `help` is about --redis. */
export const redisSettings = (help: string) =>
  ({
    redis: setting({ type: redisUrl, help }),
    redisCa: setting({
      type: file("a PEM file"),
      help: "File with the certificates of the CA that issued those of Redis and of its Sentinels. Default: the public CAs that Node trusts. Read again at each connection, like the next two.",
    }),
    redisCert: setting({
      type: file("a PEM file"),
      help: "File with the certificate by which this program logs in at Redis (tls-auth-clients).",
    }),
    redisKey: setting({
      type: file("a PEM file"),
      help: "File with the private key of --redis-cert, without a passphrase.",
    }),
    redisSentinelLoginFile: setting({
      type: file("a file"),
      help: "File with user:password for the Sentinels themselves, or the password alone. Default: they ask for none. The login in --redis is for the servers.",
    }),
  }) as const;

/** The settings of programs that append. */
export const appendSettings = {
  redisReplicas: setting({
    type: wholeNumber(0, MOST_REPLICAS),
    help: "So many replicas of Redis must have a purge before it is accepted, and a heartbeat before it renews the lease. Then no failover loses a purge, and a primary that was cut off renews no lease. Default: 1 with Sentinel and Cluster, else 0.",
  }),
} as const;

/** The values of the settings beside --redis. */
export interface RedisAccess {
  readonly redisCa: string | undefined;
  readonly redisCert: string | undefined;
  readonly redisKey: string | undefined;
  readonly redisSentinelLoginFile: string | undefined;
  /** Of a program that appends. */
  readonly redisReplicas?: number | undefined;
}

/** Of a program's settings. */
export function redisAccessOf(values: RedisAccess): RedisAccess {
  const { redisCa, redisCert, redisKey, redisSentinelLoginFile, redisReplicas } = values;
  return { redisCa, redisCert, redisKey, redisSentinelLoginFile, redisReplicas };
}

export const PLAIN_ACCESS: RedisAccess = {
  redisCa: undefined,
  redisCert: undefined,
  redisKey: undefined,
  redisSentinelLoginFile: undefined,
};

/** How many replicas are waited for when nobody says it. Who has Sentinel or a Cluster expects failovers. */
export function usualReplicas({ kind }: RedisUrl): number {
  return kind === "server" ? 0 : 1;
}

/** What is wrong with them beside this URL; one line each. */
export function redisAccessProblems(access: RedisAccess, redis: string | undefined): readonly string[] {
  const url = redis === undefined ? undefined : redisUrlOf(redis);
  const { redisCa, redisCert, redisKey, redisSentinelLoginFile, redisReplicas = 0 } = access;
  const problems: string[] = [];
  if ((redisCert === undefined) !== (redisKey === undefined)) {
    const given = redisCert === undefined ? "--redis-key" : "--redis-cert";
    problems.push(`--redis-cert, --redis-key: both or neither must be given, got only ${given}`);
  }
  if (url?.isTls !== true) {
    const [flag] = Object.entries({
      "--redis-ca": redisCa,
      "--redis-cert": redisCert,
      "--redis-key": redisKey,
    })
      .filter(([, path]) => path !== undefined)
      .map(([name]) => name);
    if (flag !== undefined)
      problems.push(`${flag}: must be given with --redis rediss://…, got ${shown(url)}`);
  }
  if (redisSentinelLoginFile !== undefined && url?.kind !== "sentinel")
    problems.push(
      `--redis-sentinel-login-file: must be given with --redis redis+sentinel://…, got ${shown(url)}`,
    );
  if (redisReplicas > 0 && url === undefined)
    problems.push(`--redis-replicas: must be given with --redis, got no --redis`);
  return problems;
}

function shown(url: RedisUrl | undefined): string {
  return url === undefined ? "no --redis" : `--redis of ${url.isTls ? "TLS to " : ""}a ${url.kind}`;
}

/** What a connection takes from the access. The files are read now. Throws an Error that names the file. */
export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  readonly tls?: ConnectionOptions;
}

/** To log in at the servers. */
export function serverCredentials({ isTls, username, password }: RedisUrl, access: RedisAccess): Credentials {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(isTls ? { tls: tlsOf(access) } : {}),
  };
}

/** To log in at the Sentinels, which have users of their own. */
export function sentinelCredentials({ isTls }: RedisUrl, access: RedisAccess): Credentials {
  const { redisSentinelLoginFile: path } = access;
  const login = path === undefined ? undefined : read("--redis-sentinel-login-file", path).trim();
  const colon = login?.indexOf(":") ?? -1;
  return {
    ...(colon > 0 ? { username: login?.slice(0, colon) ?? "" } : {}),
    ...(login === undefined ? {} : { password: login.slice(colon + 1) }),
    ...(isTls ? { tls: tlsOf(access) } : {}),
  };
}

function tlsOf({ redisCa, redisCert, redisKey }: RedisAccess): ConnectionOptions {
  return {
    ...(redisCa === undefined ? {} : { ca: read("--redis-ca", redisCa) }),
    ...(redisCert === undefined ? {} : { cert: read("--redis-cert", redisCert) }),
    ...(redisKey === undefined ? {} : { key: read("--redis-key", redisKey) }),
  };
}

function read(flag: string, path: string): string {
  try {
    return readSmallFile(path);
  } catch (thrown) {
    throw new Error(`${flag}: ${path} cannot be read`, { cause: thrown });
  }
}
