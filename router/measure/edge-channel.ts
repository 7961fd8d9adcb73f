import { type ChannelOptions, connectivityState, Metadata, status } from "@grpc/grpc-js";
import type { Clock } from "../../process/clock.ts";
import { channelTo } from "../../process/control/channel.ts";
import type { ControlIdentity } from "../../process/control/control-identity.ts";
import { whyUntrusted } from "../../process/control/untrusted.ts";
import { Failure } from "../../process/failure.ts";
import { EdgeServiceClient, type PingResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import { HealthWatch, type HealthWord } from "./health-watch.ts";
import { type EdgeReport, readPingReply } from "./ping-reply.ts";

const CHANNEL_OPTIONS: ChannelOptions = {
  // Reconnects within 1 s to an edge that comes back, and backs off to 2 s for one that stays away.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 2000,
  // Detects that a peer has vanished without a FIN, also while no Ping is in flight.
  "grpc.keepalive_time_ms": 5000,
  "grpc.keepalive_timeout_ms": 2000,
  "grpc.keepalive_permit_without_calls": 1,
  // A Ping reply has about 200 bytes. Anything far larger does not come from an edge.
  "grpc.max_receive_message_length": 64 * 1024,
  // Bookkeeping for a debugging service that this program does not offer.
  "grpc.enable_channelz": 0,
  // The shared pool would give a rebuilt channel the stuck connection of the old one.
  "grpc.use_local_subchannel_pool": 1,
  // Connect to edges directly, not through a proxy that the environment names.
  "grpc.enable_http_proxy": 0,
};

// Longer than any useful round trip, so that late replies still prove that the edge is alive.
const PING_DEADLINE_MS = 2000;

// A peer that accepts TCP but never sends its HTTP/2 SETTINGS keeps a channel CONNECTING for ever.
const READY_WITHIN_MS = 3000;

export interface PingSample {
  readonly report: EdgeReport;
  readonly rttMs: number;
}

/** The one long-lived gRPC connection to an edge, for Pings and the health watch. It is rebuilt when it gets stuck. */
export class EdgeChannel {
  readonly #grpcAddress: string;
  readonly #clock: Clock;
  readonly #identity: ControlIdentity | undefined;
  readonly #healthChanged: () => void;
  #client: EdgeServiceClient;
  #watch: { readonly stream: HealthWatch; readonly bootId: string } | undefined;
  /** When a caller first found it not ready; undefined while it is ready. */
  #unreadySince: number | undefined;

  /** Calls `healthChanged` when `health` has changed. */
  constructor(
    grpcAddress: string,
    clock: Clock,
    healthChanged: () => void = () => undefined,
    identity?: ControlIdentity,
  ) {
    this.#identity = identity;
    this.#healthChanged = healthChanged;
    this.#grpcAddress = grpcAddress;
    this.#clock = clock;
    this.#client = this.#connect();
  }

  /** One measurement. Throws Failure("ping-failed" or "bad-ping-reply", "edge"). */
  async ping(): Promise<PingSample> {
    const wasReady = this.#isReady();
    const first = await this.#call();
    // The first Ping on a new connection includes the TCP and HTTP/2 handshakes: measure again.
    const sample = wasReady ? first : await this.#call();
    this.#watchHealth(sample.report);
    return sample;
  }

  /** The status from its health service, while the watch is open. */
  get health(): HealthWord {
    return this.#watch?.stream.ended === undefined ? this.#watch?.stream.word : undefined;
  }

  close(): void {
    this.#watch?.stream.stop();
    this.#client.close();
  }

  /** Opens the watch at the first answered Ping. After a break it is opened again at the next one. */
  #watchHealth({ bootId, state }: EdgeReport): void {
    if (state === "draining") {
      // The edge is stopping, and its server may wait until all streams have ended. So close this one.
      this.#watch?.stream.stop();
      // One that was drained by an operator may come back.
      this.#watch = undefined;
      return;
    }
    const isTried = this.#watch?.bootId === bootId && this.#watch.stream.ended !== "broken";
    if (isTried) return;
    this.#watch?.stream.stop();
    this.#watch = { stream: new HealthWatch(this.#client, this.#healthChanged), bootId };
  }

  /** Checks the channel's state: connects an idle one and rebuilds a stuck one. */
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
    const { credentials, options } = channelTo(this.#grpcAddress, this.#identity);
    return new EdgeServiceClient(this.#grpcAddress, credentials, { ...CHANNEL_OPTIONS, ...options });
  }

  async #call(): Promise<PingSample> {
    const sentAt = this.#clock.monotonic();
    const deadline = this.#clock.wall() + PING_DEADLINE_MS;
    const reply = await new Promise<PingResponse>((resolve, reject) => {
      this.#client.ping({}, new Metadata(), { deadline }, (error, response) => {
        if (error === null) return resolve(response);
        const why = whyUntrusted(error.details, this.#identity !== undefined);
        const told = why === undefined ? `${status[error.code]}: ${error.details}` : `it ${why}`;
        const what = `Ping ${this.#grpcAddress}: ${told}`;
        reject(new Failure("ping-failed", "edge", what));
      });
    });
    return { rttMs: this.#clock.monotonic() - sentAt, report: readPingReply(reply) };
  }
}
