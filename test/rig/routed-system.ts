import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { EdgeProcess, type EdgeProcessOptions } from "./edge-process.ts";
import { HttpOrigin } from "./http-origin.ts";
import { type RedisServer, startRedisServer } from "./redis-server.ts";
import { isServing, RouterProcess } from "./router-process.ts";
import { type Pages, SteadyLoad } from "./steady-load.ts";

// Far enough apart that no noise of a busy machine hides which one is the nearest; the other two are equals.
const LATENCIES_MS = [20, 40, 40];
// The shortest: an edge that was killed comes back under its id when its lease has ended.
const LEASE_MS = 1_000;

const SMALL_BYTES = 1024;
const LARGE_BYTES = 100 * 1024;
// What streams comes in pieces, so long apart that a whole one takes half a second.
const PIECES = 20;
const PIECE_BYTES = 32 * 1024;
const PIECE_EVERY_MS = 25;
const DOWNLOAD_BYTES = 4 * 1024 * 1024;

/** The requests of each client, in turn: most are for stored pages, two for streams from the origin. */
const GETS = [
  ...Array.from({ length: 6 }, () => ["/small", "/large", "/small"]),
  ...Array.from({ length: 2 }, () => ["/long"]),
];

/** Resolves with the system once everything that an earlier scenario broke is mended. */
export type WholeSystem = () => Promise<RoutedSystem>;

/** Redis, three edges at three distances and a router that finds them there: processes all. And their origin. */
export class RoutedSystem {
  readonly pages: Pages;
  readonly origin: HttpOrigin;
  readonly redis: RedisServer;
  readonly edges: readonly EdgeProcess[];
  readonly router: RouterProcess;
  readonly #parts: AsyncDisposableStack;

  private constructor(
    pages: Pages,
    origin: HttpOrigin,
    redis: RedisServer,
    edges: readonly EdgeProcess[],
    router: RouterProcess,
    parts: AsyncDisposableStack,
  ) {
    this.pages = pages;
    this.origin = origin;
    this.redis = redis;
    this.edges = edges;
    this.router = router;
    this.#parts = parts;
  }

  static async start(): Promise<RoutedSystem> {
    const pages: Pages = new Map([
      ["/small", randomBytes(SMALL_BYTES)],
      ["/large", randomBytes(LARGE_BYTES)],
      ["/long", randomBytes(PIECES * PIECE_BYTES)],
      ["/form", randomBytes(SMALL_BYTES)],
      ["/download", randomBytes(DOWNLOAD_BYTES)],
    ]);
    const parts = new AsyncDisposableStack();
    try {
      const origin = parts.adopt(await startOrigin(pages), (it) => it.stop());
      const redis = parts.adopt(await startRedisServer(), (it) => it.close());
      const edges = LATENCIES_MS.map((ms, index) => {
        const edge = new EdgeProcess(edgeOptions(index + 1, ms, origin, redis));
        return parts.adopt(edge, (it) => it.kill());
      });
      const launched = await Promise.allSettled(edges.map((edge) => edge.launch()));
      const failed = launched.find(({ status }) => status === "rejected");
      if (failed?.status === "rejected") throw failed.reason;
      const router = await RouterProcess.start(["--redis", redis.url]);
      parts.adopt(router, (it) => it.close());
      return new RoutedSystem(pages, origin, redis, edges, router, parts);
    } catch (thrown) {
      await parts.disposeAsync();
      throw thrown;
    }
  }

  /** The one that requests go to while it is well. */
  get nearest(): EdgeProcess {
    const [nearest] = this.edges;
    if (nearest === undefined) throw new Error("there are no edges");
    return nearest;
  }

  /** Edges that are equally far away. */
  get equals(): readonly EdgeProcess[] {
    return this.edges.slice(1);
  }

  /** One more edge, nearer than the others, that is started by launch(). */
  newcomer(id: string): EdgeProcess {
    return new EdgeProcess(edgeOptions(id, 0, this.origin, this.redis));
  }

  /** GETs, which the router may send to another edge when one fails. */
  load(): SteadyLoad {
    return SteadyLoad.start(this.router.base, this.pages, GETS);
  }

  /** Also what must not be sent twice. */
  mixedLoad(): SteadyLoad {
    return SteadyLoad.start(this.router.base, this.pages, [...GETS, ["POST /form"], ["POST /form"]]);
  }

  /** Starts what does not run, and resolves when the router takes each of these edges for serving. */
  async mend(): Promise<void> {
    for (const edge of this.edges) edge.cont();
    await Promise.all(this.edges.filter(({ runs }) => !runs).map((edge) => edge.launch()));
    await this.router.until("all edges serve", (rows) => this.edges.every(({ id }) => isServing(rows, id)));
  }

  async close(): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

function edgeOptions(
  id: number | string,
  latencyMs: number,
  origin: HttpOrigin,
  redis: RedisServer,
): EdgeProcessOptions {
  return {
    id: typeof id === "number" ? `edge-${id}` : id,
    origin: origin.url,
    redis: redis.url,
    leaseMs: LEASE_MS,
    flags: ["--simulate-latency", `${latencyMs}ms`],
  };
}

async function startOrigin(pages: Pages): Promise<HttpOrigin> {
  const kept = [["Cache-Control", "max-age=600"]] as const;
  const notKept = [["Cache-Control", "no-store"]] as const;
  const page = (path: string) => pages.get(path) ?? Buffer.alloc(0);
  return await HttpOrigin.start({
    "/small": { fields: kept, body: page("/small") },
    "/large": { fields: kept, body: page("/large") },
    "/long": () => ({ fields: notKept, body: inPieces(page("/long")) }),
    "/form": { fields: notKept, body: page("/form") },
    "/download": { fields: notKept, body: page("/download") },
  });
}

async function* inPieces(content: Buffer): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < content.length; from += PIECE_BYTES) {
    yield content.subarray(from, from + PIECE_BYTES);
    await delay(PIECE_EVERY_MS);
  }
}
