import { type ChannelOptions, type ClientReadableStream, Metadata, status } from "@grpc/grpc-js";
import type { Clock } from "../../process/clock.ts";
import { channelTo } from "../../process/control/channel.ts";
import type { ControlIdentity } from "../../process/control/control-identity.ts";
import type { Tokens } from "../../process/control/tokens.ts";
import { whyUntrusted } from "../../process/control/untrusted.ts";
import { Failure } from "../../process/failure.ts";
import {
  EdgeServiceClient,
  type PurgeRecord,
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

export interface EdgeCallsParts {
  readonly clock: Clock;
  readonly identity: ControlIdentity | undefined;
  readonly tokens: Tokens;
}

/** The calls of the dashboard to one edge, by the router's certificate or token. */
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
    return this.#client.watchStats({ period }, this.#metadata());
  }

  /** The latest first. Throws Failure("call-failed", "edge"). */
  async purges(limit: number): Promise<readonly PurgeRecord[]> {
    const deadline = this.#parts.clock.wall() + CALL_MS;
    return new Promise((resolve, reject) => {
      this.#client.purges({ limit }, this.#metadata(), { deadline }, (error, answer) => {
        if (error === null) resolve(answer.purges);
        else reject(new Failure("call-failed", "edge", this.whyBroken(error)));
      });
    });
  }

  /** What an operator can do something about. */
  whyBroken({ code, details }: { readonly code: status; readonly details: string }): string {
    const why = whyUntrusted(details, this.#parts.identity !== undefined);
    return why === undefined ? `${status[code]}: ${details}` : `it ${why}`;
  }

  close(): void {
    this.#client.close();
  }

  #metadata(): Metadata {
    const metadata = new Metadata();
    const { readToken, token } = this.#parts.tokens;
    const offered = readToken ?? token;
    if (offered !== undefined) metadata.set("authorization", offered.authorization);
    return metadata;
  }
}
