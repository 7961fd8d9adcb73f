import { fileURLToPath } from "node:url";
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  logVerbosity,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type ServiceError,
  setLogVerbosity,
  status,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { HealthImplementation, protoPath as healthProto } from "grpc-health-check";
import type { Clock } from "../../process/clock.ts";
import { describeError } from "../../process/failure.ts";
import { cannotListen, hostPort } from "../../process/listen.ts";
import type { Log } from "../../process/log.ts";
import {
  EdgeServiceService,
  type EdgeStats,
  ExplainRequest,
  type ExplainResponse,
  ForgetRequest,
  type ForgetResponse,
  type Member,
  PingRequest,
  type PingResponse,
  type PurgeRequest,
  type PurgeResponse,
  PurgesRequest,
  type PurgesResponse,
  StatsRequest,
  type StatsResponse,
  WatchStatsRequest,
  type WatchStatsResponse,
} from "../../proto/gen/edgecache/v1/edge.ts";
import { authorize } from "./authorization.ts";
import { callReader, readPurgeBytes } from "./decode.ts";
import { describedStrictly } from "./reflection.ts";
import type { RefusalReason, Refused } from "./refused.ts";
import type { Token } from "./token.ts";
import { type NotUnderstood, notUnderstood, type Understood } from "./understood.ts";

/** The edge behind the control plane. */
export interface ControlledEdge {
  readonly id: string;
  ping(): PingResponse;
  stats(): EdgeStats;
  members(): Promise<readonly Member[]>;
  /** `by` says who asked. */
  purge(request: PurgeRequest, by: string): Promise<Understood<PurgeResponse> | Refused>;
  purges(request: PurgesRequest): Promise<Understood<PurgesResponse> | Refused>;
  forget(request: ForgetRequest, by: string): Promise<Understood<ForgetResponse> | Refused>;
  explain(request: ExplainRequest): Promise<Understood<ExplainResponse>>;
}

export interface ControlPlaneParts {
  readonly clock: Clock;
  readonly log: Log;
  /** How much later Ping answers, to play a far edge. */
  readonly simulateLatencyMs: number;
  /** What a call that changes state must come with; undefined for nothing. */
  readonly token: Token | undefined;
}

// What goes wrong reaches us as errors; grpc-js would also write about it to stderr, between the lines of the log.
setLogVerbosity(logVerbosity.NONE);

const EDGE_SERVICE = "edgecache.v1.EdgeService";
const PROTO_FOLDER = fileURLToPath(new URL("../../proto/", import.meta.url));

const SERVER_OPTIONS = {
  // gRPC's own default, far above the calls that are understood: what lies between gets a sentence that says so.
  "grpc.max_receive_message_length": 4 * 1024 * 1024,
  // One connection may hold this many calls; what it asks beyond waits at its own side.
  "grpc.max_concurrent_streams": 1_000,
  // A caller whose machine died is noticed, and its streams end.
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
  // channelz stays on: without it, forceShutdown of grpc-js 1.14 knows of no session and cuts none.
};

const DEFAULT_PERIOD_MS = 1_000;
const LEAST_PERIOD_MS = 100;
const MOST_PERIOD_MS = 60_000;

const STATUS_OF: Record<RefusalReason, status> = {
  unauthenticated: status.UNAUTHENTICATED,
  exhausted: status.RESOURCE_EXHAUSTED,
  "not-found": status.NOT_FOUND,
  "not-now": status.FAILED_PRECONDITION,
};

// Who guesses tokens fills the audit trail no faster than this.
const REFUSED_LINE_EVERY_MS = 1_000;

/** EdgeService, but bytes that say nothing are passed on as that, so that the caller is told (callReader). */
const SERVICE = {
  ping: { ...EdgeServiceService.ping, requestDeserialize: callReader("request", PingRequest.decode) },
  stats: { ...EdgeServiceService.stats, requestDeserialize: callReader("request", StatsRequest.decode) },
  watchStats: {
    ...EdgeServiceService.watchStats,
    requestDeserialize: callReader("request", WatchStatsRequest.decode),
  },
  purge: { ...EdgeServiceService.purge, requestDeserialize: readPurgeBytes },
  purges: { ...EdgeServiceService.purges, requestDeserialize: callReader("request", PurgesRequest.decode) },
  forget: { ...EdgeServiceService.forget, requestDeserialize: callReader("edge", ForgetRequest.decode) },
  explain: { ...EdgeServiceService.explain, requestDeserialize: callReader("fields", ExplainRequest.decode) },
};

/** The gRPC control port: EdgeService, health and reflection. */
export class ControlPlane {
  readonly #edge: ControlledEdge;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #token: Token | undefined;
  #refusedLineAt = Number.NEGATIVE_INFINITY;
  readonly #stopping = new AbortController();
  readonly #health = new HealthImplementation({ "": "NOT_SERVING", [EDGE_SERVICE]: "NOT_SERVING" });
  readonly #server = new Server(SERVER_OPTIONS);

  constructor(edge: ControlledEdge, { clock, log, simulateLatencyMs, token }: ControlPlaneParts) {
    this.#edge = edge;
    this.#clock = clock;
    this.#log = log;
    this.#token = token;
    this.#server.addService(SERVICE, {
      ping: this.#unary<PingRequest, PingResponse>(async () => {
        if (simulateLatencyMs > 0) await clock.wait(simulateLatencyMs);
        return { ok: true, value: edge.ping() };
      }),
      stats: this.#unary<StatsRequest, StatsResponse>(async () => ({
        ok: true,
        value: { stats: edge.stats(), members: [...(await edge.members())] },
      })),
      watchStats: this.#watchStats,
      purge: this.#guarded(this.#unary<PurgeRequest, PurgeResponse>((asked, by) => edge.purge(asked, by))),
      purges: this.#unary<PurgesRequest, PurgesResponse>((request) => edge.purges(request)),
      forget: this.#guarded(
        this.#unary<ForgetRequest, ForgetResponse>((asked, by) => edge.forget(asked, by)),
      ),
      explain: this.#unary<ExplainRequest, ExplainResponse>((request) => edge.explain(request)),
    });
    this.#health.addToServer(this.#server);
    // The descriptors that reflection serves come from the same file that the typed code was generated from.
    const ours = loadSync("edgecache/v1/edge.proto", { includeDirs: [PROTO_FOLDER], keepCase: true });
    const health = loadSync(healthProto, { keepCase: true });
    new ReflectionService(describedStrictly({ ...ours, ...health })).addToServer(this.#server);
  }

  /** Resolves with the bound port. Throws a Failure. */
  open(host: string, port: number): Promise<number> {
    const address = hostPort(host, port);
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(address, ServerCredentials.createInsecure(), (cause, bound) => {
        if (cause === null) resolve(bound);
        else reject(cannotListen(`${this.#edge.id} gRPC port`, address, withCode(cause)));
      });
    });
  }

  /** What grpc.health.v1 answers. */
  setServing(serving: boolean): void {
    for (const name of ["", EDGE_SERVICE]) this.#health.setStatus(name, serving ? "SERVING" : "NOT_SERVING");
  }

  /** Ends the streams, lets the calls in flight end for up to `patienceMs`, then cuts them. */
  async close(patienceMs: number): Promise<void> {
    this.#stopping.abort();
    const ended = new AbortController();
    // tryShutdown waits for ever for a stream that its client keeps open, such as a health watch.
    const cut = this.#clock.wait(patienceMs, ended.signal).then(
      () => this.#server.forceShutdown(),
      () => undefined,
    );
    await new Promise<void>((resolve) => {
      this.#server.tryShutdown(() => resolve());
    });
    ended.abort();
    await cut;
  }

  #unary<Request, Response>(
    answer: (request: Request, peer: string) => Promise<Understood<Response> | Refused>,
  ): handleUnaryCall<Understood<Request>, Response> {
    return (call, callback) => {
      const asked = call.request;
      const answered = asked.ok ? answer(asked.value, call.getPeer()) : Promise.resolve(asked);
      answered.then(
        (reply) => (reply.ok ? callback(null, reply.value) : callback(refusal(reply))),
        (thrown: unknown) => callback(this.#failure(thrown)),
      );
    };
  }

  /** For what changes state: who has not got the token learns nothing else, not even whether the call is right. */
  #guarded<Request, Response>(
    handle: handleUnaryCall<Request, Response>,
  ): handleUnaryCall<Request, Response> {
    return (call, callback) => {
      const refused = authorize(call.metadata, this.#token);
      if (refused === undefined) return handle(call, callback);
      this.#logRefused(call.getPath(), call.getPeer());
      return callback(refusal(refused));
    };
  }

  #logRefused(path: string, by: string): void {
    const now = this.#clock.monotonic();
    if (now - this.#refusedLineAt < REFUSED_LINE_EVERY_MS) return;
    this.#refusedLineAt = now;
    this.#log.warn({ path, by }, "call refused: it did not come with the token");
  }

  readonly #watchStats: handleServerStreamingCall<Understood<WatchStatsRequest>, WatchStatsResponse> = (
    call,
  ) => {
    const period = call.request.ok ? readPeriod(call.request.value) : call.request;
    if (!period.ok) {
      // grpc-js ends a stream with a status only so: destroy() would leave the caller without one.
      call.emit("error", refusal(period));
      return;
    }
    const left = new AbortController();
    call.on("cancelled", () => left.abort());
    call.on("close", () => left.abort());
    this.#report(call, period.value, AbortSignal.any([left.signal, this.#stopping.signal])).then(
      () => call.end(),
      (thrown: unknown) => call.emit("error", this.#failure(thrown)),
    );
  };

  async #report(
    call: ServerWritableStream<unknown, WatchStatsResponse>,
    periodMs: number,
    until: AbortSignal,
  ): Promise<void> {
    while (!until.aborted) {
      // A caller that does not read misses reports; they do not pile up for it.
      if (!call.writableNeedDrain) call.write({ stats: this.#edge.stats() });
      await this.#clock.wait(periodMs, until).catch((thrown: unknown) => {
        if (!until.aborted) throw thrown;
      });
    }
  }

  #failure(thrown: unknown): Partial<ServiceError> & Error {
    const details = describeError(thrown);
    this.#log.error({ cause: details }, "gRPC call failed");
    return Object.assign(new Error(details), { code: status.UNAVAILABLE, details });
  }
}

function readPeriod({ period }: WatchStatsRequest): Understood<number> {
  const ms = period === undefined ? DEFAULT_PERIOD_MS : period.seconds * 1_000 + period.nanos / 1e6;
  if (ms >= LEAST_PERIOD_MS && ms <= MOST_PERIOD_MS) return { ok: true, value: ms };
  const rule = `must be ${LEAST_PERIOD_MS / 1_000}s to ${MOST_PERIOD_MS / 1_000}s`;
  return notUnderstood("period", rule, `${ms / 1_000}s`);
}

function refusal(refused: NotUnderstood | Refused): Partial<ServiceError> & Error {
  const { problem: details } = refused;
  const code = "reason" in refused ? STATUS_OF[refused.reason] : status.INVALID_ARGUMENT;
  return Object.assign(new Error(details), { code, details });
}

/** grpc-js gives the reason for which it cannot listen as text only. */
function withCode(cause: Error): NodeJS.ErrnoException {
  const code = ["EADDRINUSE", "EACCES", "EADDRNOTAVAIL", "ENOTFOUND"].find((word) =>
    cause.message.includes(word),
  );
  return code === undefined ? cause : Object.assign(cause, { code });
}
