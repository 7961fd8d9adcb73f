import { credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import {
  EdgeServiceClient,
  type EdgeStats,
  PurgeRequest,
  type PurgeResponse,
  type StatsResponse,
} from "../proto/gen/edgecache/v1/edge.ts";
import { EdgeProcess } from "../test/rig/edge-process.ts";
import { HttpOrigin } from "../test/rig/http-origin.ts";
import { type RedisServer, startRedisServer } from "../test/rig/redis-server.ts";

const DEADLINE_MS = 30_000;
// The body of a measured hit: 1 KiB, as in the figures of other servers.
const PAGE = "x".repeat(1024);
// Above what is measured here, so that the guard against too many purges is not what is measured.
const FLAGS = ["--purge-rate", "1000000"];

/** Edges as processes of their own on one Redis, in front of an origin with one page. */
export class PurgeFleet {
  readonly edges: readonly EdgeProcess[];
  readonly redis: RedisServer;
  readonly #origin: HttpOrigin;
  readonly #clients: readonly EdgeServiceClient[];

  private constructor(edges: readonly EdgeProcess[], redis: RedisServer, origin: HttpOrigin) {
    this.edges = edges;
    this.redis = redis;
    this.#origin = origin;
    this.#clients = edges.map(({ control }) => new EdgeServiceClient(control, credentials.createInsecure()));
  }

  static async start(count: number): Promise<PurgeFleet> {
    const redis = await startRedisServer();
    const fields = [["Cache-Control", "max-age=3600"]] as const;
    const origin = await HttpOrigin.start({ "/page": { fields, body: PAGE } });
    const edges = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        EdgeProcess.start({ id: `edge-${index + 1}`, origin: origin.url, redis: redis.url, flags: FLAGS }),
      ),
    );
    return new PurgeFleet(edges, redis, origin);
  }

  /** A purge of one URL that nobody has stored, through one of the edges. */
  purge(edge: number, target: string, waitSeconds: number): Promise<PurgeResponse> {
    const request: PurgeRequest = {
      ...PurgeRequest.decode(new Uint8Array()),
      targets: [{ target: { $case: "url", url: target }, site: "" }],
      wait: { seconds: waitSeconds, nanos: 0 },
    };
    return this.#call<PurgeResponse>(edge, (client, options, done) =>
      client.purge(request, new Metadata(), options, done),
    );
  }

  async stats(edge: number): Promise<EdgeStats> {
    const { stats } = await this.#call<StatsResponse>(edge, (client, options, done) =>
      client.stats({}, new Metadata(), options, done),
    );
    if (stats === undefined) throw new Error("the edge sent no stats");
    return stats;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await Promise.all(this.edges.map((edge) => edge.kill()));
    await this.#origin.stop();
    await this.redis.close();
  }

  #call<Response>(
    edge: number,
    send: (
      client: EdgeServiceClient,
      options: { deadline: number },
      done: (error: ServiceError | null, response: Response) => void,
    ) => void,
  ): Promise<Response> {
    const client = this.#clients[edge % this.#clients.length];
    if (client === undefined) throw new Error("a fleet has at least one edge");
    return new Promise((resolve, reject) => {
      send(client, { deadline: Date.now() + DEADLINE_MS }, (error, response) => {
        if (error === null) resolve(response);
        else reject(error);
      });
    });
  }
}
