import { HEADER } from "./results-table.ts";

/** What the page tells of a run. */
export interface Run {
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
  readonly node: string;
  readonly caches: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  /** Processes that wanted to run before it began. */
  readonly busy: string;
  /** A line for each cache and client that is not on PATH. */
  readonly missing: readonly string[];
  readonly rows: readonly string[];
}

/** docs/benchmarks.md */
export function benchmarksPage(run: Run): string {
  return `# Benchmarks

\`npm run bench\` has written this file: ${run.date}, commit ${run.commit}, ${run.machine},
node ${run.node}. Compared: ${run.caches.join(", ")}.

Each cache had ${run.rounds} turns of ${run.seconds} s, longer with many connections, one cache after the other in each round; the medians
count. Before the run ${run.busy} processes wanted to run.
${run.missing.map((line) => `\n${line}.\n`).join("")}
## How to read it

- **Figures of one machine say little about another.** Read the ratios in the last three columns. Requests above 1.00,
  processor time below 1.00 and p99 below 1.00 are in our favour. The busier the machine was before the run, the less
  rates and latencies say; the processor time still counts.
- **Processor time** is user and system time of all processes of a cache, for one request.
- Each cache has one core to itself, and the client has another one. A client on one core makes some 125,000 to
  150,000 requests a second at most: where two caches reach that, only the processor time tells them apart.
- **floor** is a program in C that reads and writes and does nothing else.
- **Two threads** are \`--workers 2\`, two workers of nginx, two threads of the others, all on the same two cores. On a
  machine with two cores the client shares them, so the rate is that of all three together: read the processor time.
- **At 80 % of its own peak**: each cache is asked at a constant rate for 0.8 of what it answered at most a moment before.
  A latency counts from the moment at which the request was due, so waiting behind a stall counts too. The second figure is
  how late the client was by itself: a p99 that is not far above it says nothing. Rates differ from cache to cache there.
- **20 rules**: the same edge with the rules of bench/caches/configurations/edge/rules.yaml, some of which each request
  meets. The ratio of processor time says what they cost: 0.95 is 5 % more time with rules than without. The rows ask for
  one URL, and for 1000 in turn. Without the network the rules take 0.2 us of a request; two runs on a busy machine differ
  by more.
- **Watched**: the same edge while somebody looks at the dashboard: its counters each second, 20 of its requests a second,
  four tables every 5 s.
- **Beside 100 purges/s**: ours by gRPC, through a Redis with \`appendfsync always\`, each with its receipt; the others by
  PURGE, if they have it. The purged URLs are others than those that are asked for. Our processor time includes it.
- **TLS 1.3** with TLS_AES_128_GCM_SHA256 and one ECDSA P-256 certificate for all. A handshake counts with one request of
  1 KiB by HTTP/1.0 and the end of the connection; the client takes more processor time for it than the server.
- **Misses** ask for new URLs; **validations** for stored and stale responses, and the origin answers 304
  (HAProxy does not ask whether a response is still valid, so it fetches it anew); **passes** are private responses, and
  POST. The origin is a program in C, so that it is not what is measured. It shares a core with the client.
- Clients: wrk; h2load for HTTP/2 and 304 (it tells no p99); openssl s_time for handshakes; bench/caches/paced.c for
  constant rates. No cache writes an access log, except *edgeCache with access log*. The configurations of all are in
  bench/caches/configurations.

## Results

${[...HEADER, ...run.rows].join("\n")}
`;
}
