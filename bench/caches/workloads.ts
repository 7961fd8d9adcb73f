import { cycling, differing, MOST_KEYS, misses, pipelined, plain, posts, zipf } from "./wrk-scripts.ts";

/** What makes the requests, and how. */
export type Client =
  | { readonly kind: "wrk"; readonly script: string; readonly connections: number }
  | {
      readonly kind: "h2load";
      readonly protocol: "http/1.1" | "h2";
      readonly path: string;
      readonly fields: readonly string[];
      readonly connections: number;
      /** Requests under way on a connection. */
      readonly streams: number;
    }
  /** At a constant rate: this share of the server's own peak. */
  | { readonly kind: "paced"; readonly path: string; readonly connections: number; readonly share: number }
  | { readonly kind: "handshakes"; readonly resumed: boolean };

/** Our edge takes part a second time: with a line in a file for each request, with rules, or with an open dashboard. */
export type Other = "peers" | "edge with access log" | "edge with rules" | "edge that is watched";

/** One kind of load: rows of the table. */
export interface Workload {
  readonly name: string;
  readonly client: Client;
  /** Paths that are asked for once before. */
  readonly warm: readonly string[];
  /** A request whose answer shows that a server can do this; another status stands in the table in place of figures. */
  readonly probe: { readonly fields: Readonly<Record<string, string>>; readonly status: number };
  readonly tls: boolean;
  readonly threads: 1 | 2;
  readonly purgesASecond: number;
  /** What our edge is compared with. */
  readonly others: readonly Other[];
  /** Whether the floor answers it: it knows one answer only. */
  readonly floor: boolean;
}

const KIB = 1024;
const CONNECTIONS = 32;
// More than any cache asks its origin about in a second.
const BRIEF_KEYS = 100_000;
// So many that no two requests for one are under way together: a cache would make the second one wait.
const PRIVATE_KEYS = 1_000;
const PRIVATE = `/${KIB}/private-`;

// More than an edge remembers of one connection.
const RULED_KEYS = 1_000;
const RULED = `/${KIB}/ruled-`;

function pathOf(bytes: number): string {
  return `/${bytes}/a`;
}

function connectionsOf(count: number): string {
  return count === 1 ? "1 connection" : `${count} connections`;
}

function hits(bytes: number, connections = CONNECTIONS): Workload {
  return {
    name: `hits, ${bytes / KIB} KiB${connections === CONNECTIONS ? "" : `, ${connectionsOf(connections)}`}`,
    client: { kind: "wrk", script: plain(pathOf(bytes)), connections },
    warm: [pathOf(bytes)],
    probe: { fields: {}, status: 200 },
    tls: false,
    threads: 1,
    purgesASecond: 0,
    others: ["peers"],
    floor: bytes === KIB,
  };
}

/** 1 KiB hits, as a script of wrk asks for them. */
function scripted(name: string, script: string, more: Partial<Workload> = {}): Workload {
  return { ...hits(KIB), name, client: { kind: "wrk", script, connections: CONNECTIONS }, ...more };
}

function conditional(): Workload {
  const fields = { "If-None-Match": '"v1"' };
  const client = {
    kind: "h2load",
    protocol: "http/1.1",
    path: pathOf(KIB),
    fields: ['If-None-Match: "v1"'],
    connections: CONNECTIONS,
    streams: 1,
  } as const;
  return { ...hits(KIB), name: "304 to If-None-Match", client, probe: { fields, status: 304 }, floor: false };
}

function ranges(): Workload {
  const fields = { Range: "bytes=1000-2023" };
  return {
    ...hits(100 * KIB),
    name: "ranges of 1 KiB of 100 KiB",
    client: { kind: "wrk", script: plain(pathOf(100 * KIB), fields), connections: CONNECTIONS },
    probe: { fields, status: 206 },
  };
}

function paced(bytes: number): Workload {
  const client = { kind: "paced", path: pathOf(bytes), connections: CONNECTIONS, share: 0.8 } as const;
  return { ...hits(bytes), name: `hits, ${bytes / KIB} KiB, at 80 % of its own peak`, client };
}

function twoThreads(bytes: number): Workload {
  return { ...hits(bytes), name: `hits, ${bytes / KIB} KiB, two threads`, threads: 2, floor: false };
}

function overTls(bytes: number): Workload {
  return { ...hits(bytes), name: `TLS 1.3, HTTP/1.1, hits, ${bytes / KIB} KiB`, tls: true, floor: false };
}

function http2(bytes: number, streams: number): Workload {
  const client = {
    kind: "h2load",
    protocol: "h2",
    path: pathOf(bytes),
    fields: [],
    connections: CONNECTIONS,
    streams,
  } as const;
  const name = `TLS 1.3, HTTP/2, hits, ${bytes / KIB} KiB, ${streams} ${streams === 1 ? "stream" : "streams"} a connection`;
  return { ...hits(bytes), name, client, tls: true, floor: false };
}

function handshakes(resumed: boolean): Workload {
  const name = `TLS 1.3, ${resumed ? "resumed" : "full"} handshakes, one 1 KiB hit each`;
  return { ...hits(KIB), name, client: { kind: "handshakes", resumed }, tls: true, floor: false };
}

export const workloads: readonly Workload[] = [
  hits(KIB),
  hits(16 * KIB),
  hits(100 * KIB),
  hits(KIB * KIB),
  hits(KIB, 1),
  hits(KIB, 1_000),
  hits(KIB, 5_000),
  scripted("hits, 1 KiB, 16 pipelined requests", pipelined(pathOf(KIB), 16), { floor: false }),
  scripted(`hits, 1 KiB, ${MOST_KEYS} keys (Zipf 0.9)`, zipf(KIB), {
    warm: Array.from({ length: MOST_KEYS }, (_, n) => `/${KIB}/z${n + 1}`),
    floor: false,
  }),
  scripted("hits, 1 KiB, other fields in each request", differing(pathOf(KIB))),
  conditional(),
  ranges(),
  scripted("misses, 1 KiB", misses(KIB), { warm: [], floor: false }),
  scripted("misses, 1024 KiB", misses(KIB * KIB), { warm: [], floor: false }),
  // Each turn begins with the first key. So each key is older than a second when it is asked for again.
  scripted("validations: the origin answers 304, 1 KiB", cycling(`/${KIB}/brief-`, BRIEF_KEYS), {
    warm: [],
    floor: false,
  }),
  scripted("passes: private responses, 1 KiB", cycling(PRIVATE, PRIVATE_KEYS), {
    warm: Array.from({ length: PRIVATE_KEYS }, (_, n) => `${PRIVATE}${n + 1}`),
    floor: false,
  }),
  scripted("passes: POST of 1 KiB, 1 KiB", posts(PRIVATE, PRIVATE_KEYS), { warm: [], floor: false }),
  paced(KIB),
  paced(100 * KIB),
  overTls(KIB),
  overTls(100 * KIB),
  http2(KIB, 1),
  http2(KIB, 10),
  http2(100 * KIB, 1),
  http2(100 * KIB, 10),
  handshakes(false),
  handshakes(true),
  twoThreads(KIB),
  twoThreads(100 * KIB),
  {
    ...hits(KIB),
    name: "hits, 1 KiB, our access log",
    others: ["edge with access log", "peers"],
    floor: false,
  },
  { ...hits(KIB), name: "hits, 1 KiB, 20 rules", others: ["edge with rules"], floor: false },
  scripted("hits, 1 KiB, 1000 keys, 20 rules", cycling(RULED, RULED_KEYS), {
    warm: Array.from({ length: RULED_KEYS }, (_, n) => `${RULED}${n + 1}`),
    others: ["edge with rules"],
    floor: false,
  }),
  { ...hits(KIB), name: "hits, 1 KiB, watched", others: ["edge that is watched"], floor: false },
  { ...hits(KIB), name: "hits, 1 KiB, beside 100 purges/s", purgesASecond: 100, floor: false },
];
