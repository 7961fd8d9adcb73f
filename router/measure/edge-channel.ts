import { type ChannelOptions, connectivityState, credentials, Metadata, status } from "@grpc/grpc-js";
import type { Clock } from "../../process/clock.ts";
import { Failure } from "../../process/failure.ts";
import { EdgeServiceClient, type PingResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import { HealthWatch, type HealthWord } from "./health-watch.ts";
import { type EdgeReport, readPingReply } from "./ping-reply.ts";

const CHANNEL_OPTIONS: ChannelOptions = {
  // Below the 1 s in which an edge that comes back should be seen; grown to 2 s for one that stays away.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 2000,
  // Finds a connection whose peer has vanished without a FIN, also while no Ping is under way.
  "grpc.keepalive_time_ms": 5000,
  "grpc.keepalive_timeout_ms": 2000,
  "grpc.keepalive_permit_without_calls": 1,
  // A Ping reply is some 200 bytes; whatever is larger does not come from an edge.
  "grpc.max_receive_message_length": 64 * 1024,
  // Bookkeeping for a debugging service that is not offered here.
  "grpc.enable_channelz": 0,
  // In the shared pool a rebuilt channel would get the stuck connection of the old one back.
  "grpc.use_local_subchannel_pool": 1,
  // Edges are reached directly, whatever the environment says of proxies.
  "grpc.enable_http_proxy": 0,
};

// Longer than any round trip that is worth choosing, so that late answers still count as a sign of life.
const PING_DEADLINE_MS = 2000;

// A peer that accepts TCP but never sends its HTTP/2 SETTINGS keeps a channel CONNECTING for ever.
const READY_WITHIN_MS = 3000;

export interface PingSample {
  readonly report: EdgeReport;
  readonly rttMs: number;
}

/** The one long-lived gRPC connection to an edge, rebuilt when it gets stuck: for Pings, and for a watch of its health. */
export class EdgeChannel {
  readonly #grpcAddress: string;
  readonly #clock: Clock;
  readonly #healthChanged: () => void;
  #client: EdgeServiceClient;
  #watch: { readonly stream: HealthWatch; readonly bootId: string } | undefined;
  /** When it was first used without being ready; undefined while it is ready. */
  #unreadySince: number | undefined;

  /** `healthChanged` is called when `health` is another one. */
  constructor(grpcAddress: string, clock: Clock, healthChanged: () => void = () => undefined) {
    this.#healthChanged = healthChanged;
    this.#grpcAddress = grpcAddress;
    this.#clock = clock;
    this.#client = this.#connect();
  }

  /** One measurement. Throws Failure("ping-failed" or "bad-ping-reply", "edge"). */
  async ping(): Promise<PingSample> {
    const wasReady = this.#isReady();
    const first = await this.#call();
    // The first answer on a new connection has also paid for the TCP and HTTP/2 handshakes: measure again.
    const sample = wasReady ? first : await this.#call();
    this.#watchHealth(sample.report);
    return sample;
  }

  /** What its health service says, as long as the watch lasts. */
  get health(): HealthWord {
    return this.#watch?.stream.ended === undefined ? this.#watch?.stream.word : undefined;
  }

  close(): void {
    this.#watch?.stream.stop();
    this.#client.close();
  }

  /** Begins with the first answered Ping. A watch that broke is tried again with the next one. */
  #watchHealth({ bootId, state }: EdgeReport): void {
    if (state === "draining") {
      // It ends for good, and a server that waits for its streams to end would wait for this one.
      this.#watch?.stream.stop();
      return;
    }
    const isTried = this.#watch?.bootId === bootId && this.#watch.stream.ended !== "broken";
    if (isTried) return;
    this.#watch?.stream.stop();
    this.#watch = { stream: new HealthWatch(this.#client, this.#healthChanged), bootId };
  }

  /** Looks at the channel's state, starts connecting when it idles, and rebuilds it when it is stuck. */
  #isReady(): boolean {
    if (this.#client.getChannel().getConnectivityState(true) === connectivityState.READY) {
      this.#unreadySince = undefined;
      return true;
    }
    const now = this.#clock.monotonic();
    this.#unreadySince ??= now;
    if (now - this.#unreadySince > READY_WITHIN_MS) {
      this.#client.close();
      this.#client = this.#connect();
      this.#unreadySince = now;
    }
    return false;
  }

  #connect(): EdgeServiceClient {
    return new EdgeServiceClient(this.#grpcAddress, credentials.createInsecure(), CHANNEL_OPTIONS);
  }

  async #call(): Promise<PingSample> {
    const sentAt = this.#clock.monotonic();
    const deadline = this.#clock.wall() + PING_DEADLINE_MS;
    const reply = await new Promise<PingResponse>((resolve, reject) => {
      this.#client.ping({}, new Metadata(), { deadline }, (error, response) => {
        if (error === null) return resolve(response);
        const what = `Ping ${this.#grpcAddress}: ${status[error.code]}: ${error.details}`;
        reject(new Failure("ping-failed", "edge", what));
      });
    });
    return { rttMs: this.#clock.monotonic() - sentAt, report: readPingReply(reply) };
  }
}
