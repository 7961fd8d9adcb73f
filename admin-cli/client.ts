import {
  type CallOptions,
  type ClientReadableStream,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { channelTo } from "../process/control/channel.ts";
import { whyUntrusted } from "../process/control/untrusted.ts";
import { Failure } from "../process/failure.ts";
import { READ_TOKEN_VARIABLE, TOKEN_VARIABLE } from "../process/token.ts";
import {
  type DrainResponse,
  EdgeServiceClient,
  type EdgeStats,
  type ExamineResponse,
  type ExplainRequest,
  type ExplainResponse,
  type ForgetResponse,
  type HotResponse,
  type PingResponse,
  type PurgeRequest,
  type PurgeResponse,
  type PurgesResponse,
  type ReloadResponse,
  type StatsResponse,
  type TopRequest,
  type TopResponse,
  type WatchRequestsRequest,
  type WatchRequestsResponse,
} from "../proto/gen/edgecache/v1/edge.ts";
import type { Duration } from "../proto/gen/google/protobuf/duration.ts";
import type { Proof } from "./proof.ts";

/**
 * One edge's control plane. Every call has a deadline in milliseconds and throws a Failure:
 * `edge-unreachable` (no program answers), `edge-untrusted` (no connection that both trust), `no-answer` (the deadline passed), `refused` (the edge refused, with its
 * reason), `call-failed` (anything else).
 */
export interface EdgeClient {
  readonly address: string;
  ping(ms: number): Promise<PingResponse>;
  stats(ms: number): Promise<StatsResponse>;
  purge(request: PurgeRequest, ms: number): Promise<PurgeResponse>;
  forget(edge: string, ms: number): Promise<ForgetResponse>;
  examine(ms: number): Promise<ExamineResponse>;
  reload(ms: number): Promise<ReloadResponse>;
  /** Takes the edge out of service, or puts it back. */
  drain(undo: boolean, ms: number): Promise<DrainResponse>;
  purges(limit: number, ms: number): Promise<PurgesResponse>;
  explain(request: ExplainRequest, ms: number): Promise<ExplainResponse>;
  top(request: TopRequest, ms: number): Promise<TopResponse>;
  hot(limit: number, ms: number): Promise<HotResponse>;
  /** Some of the requests as they are answered, until `signal` aborts. */
  watchRequests(request: WatchRequestsRequest, signal: AbortSignal): AsyncIterable<WatchRequestsResponse>;
  /** A report at once and one every `periodMs`. It ends when `signal` aborts, and throws `no-answer` after `ms`. */
  watchStats(periodMs: number, ms: number, signal: AbortSignal): AsyncIterable<EdgeStats>;
  close(): void;
}

const CHANNEL_OPTIONS = {
  // Enough for a URL with thousands of variants. An edge reports an answer that is too large to send.
  "grpc.max_receive_message_length": 1024 * 1024,
  // Notices within 7 s that a peer has vanished, also between two reports.
  "grpc.keepalive_time_ms": 5000,
  "grpc.keepalive_timeout_ms": 2000,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 2000,
  // Otherwise a forward proxy from the environment would be measured, not the edge.
  "grpc.enable_http_proxy": 0,
  // The commands decide whether to repeat a call, because they know its effect.
  "grpc.enable_retries": 0,
  "grpc.enable_channelz": 0,
};

type Unary<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  done: (error: ServiceError | null, response: Response) => void,
) => unknown;

/** Connects at the first call. `address` is host:port; every call carries the token, if there is one. */
export function connectEdge(address: string, { token, identity }: Proof): EdgeClient {
  const { credentials, options } = channelTo(address, identity);
  const client = new EdgeServiceClient(address, credentials, { ...CHANNEL_OPTIONS, ...options });
  const metadata = bearer(token);
  const isSecure = identity !== undefined;
  const call = <Request, Response>(send: Unary<Request, Response>, request: Request, ms: number) =>
    new Promise<Response>((resolve, reject) => {
      send.call(client, request, metadata, { deadline: Date.now() + ms }, (error, response) => {
        if (error === null) resolve(response);
        else reject(callFailure(address, error, isSecure));
      });
    });
  return {
    address,
    ping: (ms) => call(client.ping, {}, ms),
    stats: (ms) => call(client.stats, {}, ms),
    purge: (request, ms) => call(client.purge, request, ms),
    forget: (edge, ms) => call(client.forget, { edge }, ms),
    examine: (ms) => call(client.examine, {}, ms),
    reload: (ms) => call(client.reload, {}, ms),
    drain: (undo, ms) => call(client.drain, { undo }, ms),
    purges: (limit, ms) => call(client.purges, { limit }, ms),
    explain: (request, ms) => call(client.explain, request, ms),
    top: (request, ms) => call(client.top, request, ms),
    hot: (limit, ms) => call(client.hot, { limit }, ms),
    watchRequests: (request, signal) =>
      follow(client.watchRequests(request, metadata), { address, isSecure, signal }),
    watchStats: (periodMs, ms, signal) =>
      watch(client, address, { metadata, isSecure, periodMs, ms, signal }),
    close: () => client.close(),
  };
}

/** RFC 6750 section 2.1, as gRPC metadata. */
function bearer(token: string | undefined): Metadata {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
  return metadata;
}

async function* watch(
  client: EdgeServiceClient,
  address: string,
  {
    metadata,
    isSecure,
    periodMs,
    ms,
    signal,
  }: { metadata: Metadata; isSecure: boolean; periodMs: number; ms: number; signal: AbortSignal },
): AsyncGenerator<EdgeStats> {
  const period = protoDuration(periodMs);
  const stream = client.watchStats({ period }, metadata, { deadline: Date.now() + ms });
  for await (const { stats } of follow(stream, { address, isSecure, signal }))
    if (stats !== undefined) yield stats;
}

/** The messages of a stream. It ends when `signal` aborts. */
async function* follow<Message>(
  stream: ClientReadableStream<Message>,
  { address, isSecure, signal }: { address: string; isSecure: boolean; signal: AbortSignal },
): AsyncGenerator<Message> {
  const leave = () => stream.cancel();
  signal.addEventListener("abort", leave, { once: true });
  if (signal.aborted) leave();
  try {
    yield* stream;
  } catch (thrown) {
    if (!signal.aborted) throw isServiceError(thrown) ? callFailure(address, thrown, isSecure) : thrown;
  } finally {
    signal.removeEventListener("abort", leave);
    stream.cancel();
  }
}

/** Whole milliseconds as a protobuf Duration. */
export function protoDuration(ms: number): Duration {
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
}

function isServiceError(thrown: unknown): thrown is ServiceError {
  return thrown instanceof Error && "code" in thrown && "details" in thrown;
}

// grpc-js uses one status for a failed connection and for an edge that reports UNAVAILABLE. Only the text differs.
const NEVER_CONNECTED = /^(No connection established|Name resolution failed)/;

/** Undefined when the network is the likelier reason. */
function trustFailure(address: string, details: string, isSecure: boolean): Failure | undefined {
  const why = whyUntrusted(details, isSecure);
  return why === undefined ? undefined : new Failure("edge-untrusted", "client", `${address} ${why}`);
}

/** Describes a gRPC status in one line. */
export function callFailure(
  address: string,
  error: Pick<ServiceError, "code" | "details">,
  isSecure = false,
): Failure {
  switch (error.code) {
    case status.UNAVAILABLE:
      return NEVER_CONNECTED.test(error.details)
        ? (trustFailure(address, error.details, isSecure) ??
            new Failure("edge-unreachable", "edge", `no edge answers at ${address}`, error))
        : new Failure("call-failed", "edge", `${address} is unavailable: ${error.details}`, error);
    case status.DEADLINE_EXCEEDED:
      return new Failure("no-answer", "edge", `no answer in time from ${address}`, error);
    case status.INVALID_ARGUMENT:
    case status.FAILED_PRECONDITION:
    case status.RESOURCE_EXHAUSTED:
    case status.NOT_FOUND:
    case status.PERMISSION_DENIED:
      return new Failure("refused", "client", `${address} refused the call: ${error.details}`, error);
    case status.UNAUTHENTICATED: {
      // An edge that knows the reason ends with "got none" or "got another token".
      const got = /\bgot [\w ]+$/.exec(error.details)?.[0] ?? error.details;
      // It also names the variable of the read token where that token is enough.
      const reading = error.details.includes(READ_TOKEN_VARIABLE)
        ? ` or ${READ_TOKEN_VARIABLE} to its read token`
        : "";
      const rule = `set ${TOKEN_VARIABLE} to the fleet's token${reading} (${got})`;
      return new Failure("refused", "client", `${address} refused the call: ${rule}`, error);
    }
    case status.UNIMPLEMENTED:
      return new Failure(
        "call-failed",
        "edge",
        `${address} is not an edgeCache edge, or an older one`,
        error,
      );
    default: {
      const name = status[error.code] ?? `gRPC status ${error.code}`;
      return new Failure(
        "call-failed",
        "edge",
        `${address} failed the call: ${name}: ${error.details}`,
        error,
      );
    }
  }
}
