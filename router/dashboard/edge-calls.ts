import {
  type ChannelOptions,
  type ClientReadableStream,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import type { Clock } from "../../process/clock.ts";
import { channelTo } from "../../process/control/channel.ts";
import type { ControlIdentity } from "../../process/control/control-identity.ts";
import type { Tokens } from "../../process/control/tokens.ts";
import { whyUntrusted } from "../../process/control/untrusted.ts";
import { Failure } from "../../process/failure.ts";
import {
  EdgeServiceClient,
  type ExplainRequest,
  type ExplainResponse,
  type PurgeRecord,
  type PurgeRequest,
  type PurgeResponse,
  type TopResponse,
  type WatchRequestsResponse,
  type WatchStatsResponse,
} from "../../proto/gen/edgecache/v1/edge.ts";

const CHANNEL_OPTIONS: ChannelOptions = {
  "grpc.initial_reconnect_backoff_ms": 250,
  "grpc.max_reconnect_backoff_ms": 5000,
  "grpc.keepalive_time_ms": 5000,
  "grpc.keepalive_timeout_ms": 2000,
  // Fifty purges with their targets and receipts have some 100 KiB.
  "grpc.max_receive_message_length": 1024 * 1024,
  "grpc.enable_channelz": 0,
  // Pings have a connection of their own: what is watched must not make them look slow.
  "grpc.use_local_subchannel_pool": 1,
  "grpc.enable_http_proxy": 0,
};

// The edges answer from memory. One that takes longer is asked again later.
const CALL_MS = 2000;

// An edge waits up to 60 s for receipts, and its answer has to arrive.
const PURGE_MS = 65_000;

export interface EdgeCallsParts {
  readonly clock: Pick<Clock, "wall">;
  readonly identity: ControlIdentity | undefined;
  readonly tokens: Tokens;
}

type Done<T> = (error: ServiceError | null, answer: T) => void;

/** The call that an edge did not do. `status` says whose fault it is. */
export class CallFailure extends Failure {
  readonly status: status;

  constructor(code: status, why: string) {
    super("call-failed", "edge", why);
    this.status = code;
  }
}

/** The calls of the dashboard to one edge, by the router's certificate or token. All throw a CallFailure. */
export class EdgeCalls {
  readonly #client: EdgeServiceClient;
  readonly #parts: EdgeCallsParts;

  constructor(grpcAddress: string, parts: EdgeCallsParts) {
    const { credentials, options } = channelTo(grpcAddress, parts.identity);
    this.#client = new EdgeServiceClient(grpcAddress, credentials, { ...CHANNEL_OPTIONS, ...options });
    this.#parts = parts;
  }

  watchStats(periodMs: number): ClientReadableStream<WatchStatsResponse> {
    const period = { seconds: Math.floor(periodMs / 1_000), nanos: (periodMs % 1_000) * 1e6 };
    return this.#client.watchStats({ period }, this.#reading());
  }

  /** `rate`: at most so many a second. */
  watchRequests(rate: number): ClientReadableStream<WatchRequestsResponse> {
    const all = { outcomes: [], urlPrefix: "", site: "", statusClass: 0 };
    return this.#client.watchRequests({ rate, ...all }, this.#reading());
  }

  async top(by: string, limit: number): Promise<TopResponse> {
    return this.#answer(CALL_MS, (options, done) =>
      this.#client.top({ by, limit }, this.#reading(), options, done),
    );
  }

  /** The latest first. */
  async purges(limit: number): Promise<readonly PurgeRecord[]> {
    const { purges } = await this.#answer<{ purges: PurgeRecord[] }>(CALL_MS, (options, done) =>
      this.#client.purges({ limit }, this.#reading(), options, done),
    );
    return purges;
  }

  async explain(request: ExplainRequest): Promise<ExplainResponse> {
    return this.#answer(CALL_MS, (options, done) =>
      this.#client.explain(request, this.#reading(), options, done),
    );
  }

  async purge(request: PurgeRequest): Promise<PurgeResponse> {
    const metadata = withToken(this.#parts.tokens.token?.authorization);
    return this.#answer(PURGE_MS, (options, done) => this.#client.purge(request, metadata, options, done));
  }

  /** What an operator can do something about. */
  whyBroken({ code, details }: Pick<ServiceError, "code" | "details">): string {
    const why = whyUntrusted(details, this.#parts.identity !== undefined);
    return why === undefined ? `${status[code]}: ${details}` : `it ${why}`;
  }

  close(): void {
    this.#client.close();
  }

  #answer<T>(ms: number, call: (options: { deadline: number }, done: Done<T>) => unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      call({ deadline: this.#parts.clock.wall() + ms }, (error, answer) => {
        if (error === null) resolve(answer);
        else reject(new CallFailure(error.code, this.whyBroken(error)));
      });
    });
  }

  /** With the token that may do least. */
  #reading(): Metadata {
    const { readToken, token } = this.#parts.tokens;
    return withToken((readToken ?? token)?.authorization);
  }
}

function withToken(authorization: string | undefined): Metadata {
  const metadata = new Metadata();
  if (authorization !== undefined) metadata.set("authorization", authorization);
  return metadata;
}
