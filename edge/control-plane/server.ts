import type { Duplex } from "node:stream";
import {
  type handleUnaryCall,
  logVerbosity,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type ServiceDefinition,
  type ServiceError,
  setLogVerbosity,
  status,
  type UntypedHandleCall,
} from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { Callers } from "../../process/control/callers.ts";
import type { OperatorAccess } from "../../process/control/operator-access.ts";
import { describeError } from "../../process/failure.ts";
import type { ControlPages } from "../../process/operator-port.ts";
import { parseTraceparent, TRACEPARENT, type TraceContext } from "../../process/tracing/trace-context.ts";
import {
  DrainRequest,
  EdgeServiceService,
  ExamineRequest,
  ExplainRequest,
  ForgetRequest,
  HotRequest,
  PingRequest,
  PurgesRequest,
  ReloadRequest,
  StatsRequest,
  type StatsResponse,
  TopRequest,
  WatchRequestsRequest,
  type WatchRequestsResponse,
  WatchStatsRequest,
  type WatchStatsResponse,
} from "../../proto/gen/edgecache/v1/edge.ts";
import type { CallRight } from "./authorize.ts";
import { CallGuard } from "./call-guard.ts";
import type { CallFault, CallResult } from "./call-result.ts";
import type { ControlPlaneParts, ReloadedControl } from "./control-plane-parts.ts";
import { CONTROL_PORT_LIMITS, ControlPort } from "./control-port.ts";
import { callReader, readPeriod, readPurgeBytes } from "./decode.ts";
import { drained } from "./drain-call.ts";
import { HotCall } from "./hot-call.ts";
import { httpControl } from "./http/http-control.ts";
import { reflection } from "./reflection.ts";
import { STATUS_OF } from "./refusal-status.ts";
import { reloaded } from "./reload-call.ts";
import { RequestStreams, readWanted } from "./request-streams.ts";
import { SECURE_SERVER_OPTIONS, SERVER_OPTIONS } from "./server-options.ts";
import { StatsStreams } from "./stats-streams.ts";
import { TlsGate } from "./tls-gate.ts";
import { topResponse } from "./top-response.ts";

// What goes wrong reaches us as errors; grpc-js would also write about it to stderr, between the lines of the log.
setLogVerbosity(logVerbosity.NONE);

const EDGE_SERVICE = "edgecache.v1.EdgeService";

/** One RPC: how its bytes are read, what a caller must be allowed to do, and how it is answered. */
interface Rpc {
  readonly definition: ServiceDefinition[string];
  readonly handle: UntypedHandleCall;
}

/** The streams of one kind that are open. */
interface Streams<Wanted, Response> {
  /** Why there may be no further one; undefined: there may. */
  readonly full: CallFault | undefined;
  send(call: ServerWritableStream<unknown, Response>, wanted: Wanted): Promise<void>;
}

/** The gRPC control port: EdgeService, health and reflection. */
export class ControlPlane {
  readonly #parts: ControlPlaneParts;
  readonly #streams: StatsStreams;
  readonly #requestStreams: RequestStreams;
  readonly #health = new HealthImplementation({ "": "NOT_SERVING", [EDGE_SERVICE]: "NOT_SERVING" });
  readonly #guard: CallGuard;
  readonly #server: Server;
  readonly #gate: TlsGate | undefined;
  readonly #port: ControlPort;
  #latencyMs: number;

  constructor(parts: ControlPlaneParts) {
    this.#parts = parts;
    this.#latencyMs = parts.simulateLatencyMs;
    const { tokens, access, limits = CONTROL_PORT_LIMITS } = parts;
    this.#streams = new StatsStreams({ ...parts, stats: () => parts.status.stats() });
    const answered = () => parts.status.stats().requests;
    this.#requestStreams = new RequestStreams({ ...parts, answered });
    this.#guard = new CallGuard({ tokens, callers: access?.callers }, parts);
    const interceptors = [this.#guard.openTo((fault) => this.#refusal(fault))];
    // Without certificates nothing is known of a caller before its call is read.
    this.#server = new Server(
      access === undefined ? SERVER_OPTIONS : { ...SECURE_SERVER_OPTIONS, interceptors },
    );
    this.#addEdgeService();
    this.#health.addToServer(this.#server);
    reflection().addToServer(this.#server);
    const sessions = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
    const admit = (socket: Duplex) => sessions.injectConnection(socket);
    this.#gate =
      access === undefined
        ? undefined
        : new TlsGate({ ...parts, ...access, letsInAnonymous: tokens.token !== undefined }, admit);
    this.#port = new ControlPort(parts, (socket) => (this.#gate?.take ?? admit)(socket), limits);
  }

  /** Resolves with the bound port. Throws a Failure. */
  async open(host: string, port: number): Promise<number> {
    return await this.#port.open(host, port, `${this.#parts.id} gRPC port`);
  }

  /**
   * Takes the certificates and the table of now. Connections of callers that may do less than before end, with what goes
   * on there.
   */
  reload({ callers: table = [], simulateLatency }: ReloadedControl): void {
    this.#latencyMs = simulateLatency;
    this.#parts.access?.identity.refresh();
    const before = this.#guard.callers;
    if (before === undefined) return;
    const callers = new Callers(table);
    this.#guard.setCallers(callers);
    this.#gate?.cut((names) => callers.hasTaken(names, before));
  }

  /** The operator port takes the same tokens, certificates and calls. */
  get operator(): { readonly access: OperatorAccess; readonly control: ControlPages } {
    const { tokens, access } = this.#parts;
    return {
      access: { tokens, identity: access?.identity, callers: () => this.#guard.callers },
      control: httpControl(this.#parts, this.#guard),
    };
  }

  /** What grpc.health.v1 answers. */
  setServing(serving: boolean): void {
    for (const name of ["", EDGE_SERVICE]) this.#health.setStatus(name, serving ? "SERVING" : "NOT_SERVING");
  }

  /** Ends the streams, lets the calls in flight end for up to `patienceMs`, then cuts them. */
  async close(patienceMs: number): Promise<void> {
    this.#streams.stop();
    this.#requestStreams.stop();
    const closed = this.#port.close();
    const ended = new AbortController();
    // A stream that its client keeps open, such as a health watch, would never end by itself.
    const cut = this.#parts.clock.wait(patienceMs, ended.signal).then(
      () => this.#port.cut(),
      () => undefined,
    );
    // It closes the sessions gracefully, and calls back before they have ended: they are not on a port of its own.
    this.#server.tryShutdown(() => undefined);
    await closed;
    ended.abort();
    await cut;
  }

  #addEdgeService(): void {
    const { purges, status: edge, explain, clock } = this.#parts;
    const hot = new HotCall(this.#parts);
    const of = EdgeServiceService;
    const rpcs: Readonly<Record<string, Rpc>> = {
      ping: this.#unary(of.ping, callReader("request", PingRequest.decode), "open", async () => {
        if (this.#latencyMs > 0) await clock.wait(this.#latencyMs);
        return { ok: true, value: edge.ping() };
      }),
      stats: this.#unary(of.stats, callReader("request", StatsRequest.decode), "read", async () => {
        const value: StatsResponse = { stats: edge.stats(), ...(await edge.members()) };
        return { ok: true, value };
      }),
      watchStats: {
        definition: {
          ...of.watchStats,
          requestDeserialize: callReader("request", WatchStatsRequest.decode),
        },
        handle: (call: ServerWritableStream<CallResult<WatchStatsRequest>, WatchStatsResponse>) =>
          this.#watch(call, readPeriod, this.#streams),
      },
      watchRequests: {
        definition: {
          ...of.watchRequests,
          requestDeserialize: callReader("url_prefix", WatchRequestsRequest.decode),
        },
        handle: (call: ServerWritableStream<CallResult<WatchRequestsRequest>, WatchRequestsResponse>) =>
          this.#watch(call, readWanted, this.#requestStreams),
      },
      top: this.#unary(of.top, callReader("request", TopRequest.decode), "read", async (asked) =>
        topResponse(asked, this.#parts),
      ),
      hot: this.#unary(of.hot, callReader("request", HotRequest.decode), "read", (asked) =>
        hot.answer(asked),
      ),
      purge: this.#unary(of.purge, readPurgeBytes, "purge", (asked, by, trace) =>
        purges.purge(asked, by, trace),
      ),
      purges: this.#unary(of.purges, callReader("request", PurgesRequest.decode), "read", (asked) =>
        purges.purges(asked),
      ),
      forget: this.#unary(of.forget, callReader("edge", ForgetRequest.decode), "forget", (asked, by) =>
        purges.forget(asked, by),
      ),
      explain: this.#unary(of.explain, callReader("fields", ExplainRequest.decode), "read", (asked) =>
        explain(asked),
      ),
      examine: this.#unary(of.examine, callReader("request", ExamineRequest.decode), "read", async () => ({
        ok: true,
        value: await edge.examine(),
      })),
      reload: this.#unary(of.reload, callReader("request", ReloadRequest.decode), "reload", async (_, by) =>
        reloaded(by, this.#parts),
      ),
      drain: this.#unary(
        of.drain,
        callReader("request", DrainRequest.decode),
        "drain",
        async ({ undo }, by) => drained(!undo, by, this.#parts),
      ),
    };
    const entries = Object.entries(rpcs);
    this.#server.addService(
      Object.fromEntries(entries.map(([name, { definition }]) => [name, definition])),
      Object.fromEntries(entries.map(([name, { handle }]) => [name, handle])),
    );
  }

  /** `read` gets the bytes of the call; what it cannot understand is answered, not dropped. */
  #unary<Request, Response>(
    definition: ServiceDefinition[string],
    read: (bytes: Uint8Array) => CallResult<Request>,
    right: CallRight,
    answer: (
      request: Request,
      peer: string,
      trace: TraceContext | undefined,
    ) => Promise<CallResult<Response>>,
  ): Rpc {
    const handle: handleUnaryCall<CallResult<Request>, Response> = (call, callback) => {
      // Without the right a caller learns nothing else, not even whether the call is well-formed.
      const asked = this.#guard.check(call, right) ?? call.request;
      const trace = parseTraceparent(call.metadata.get(TRACEPARENT).at(0)?.toString());
      const answered = asked.ok
        ? answer(asked.value, this.#guard.whoCalls(call), trace)
        : Promise.resolve(asked);
      answered.then(
        (reply) => (reply.ok ? callback(null, reply.value) : callback(this.#refusal(reply))),
        (thrown: unknown) => callback(this.#failure(thrown)),
      );
    };
    return { definition: { ...definition, requestDeserialize: read }, handle };
  }

  #watch<Request, Wanted, Response>(
    call: ServerWritableStream<CallResult<Request>, Response>,
    read: (request: Request) => CallResult<Wanted>,
    streams: Streams<Wanted, Response>,
  ): void {
    const wanted = this.#mayWatch(call, read, streams);
    if (!wanted.ok) {
      // grpc-js ends a stream with a status only so: destroy() would leave the caller without one.
      call.emit("error", this.#refusal(wanted));
      return;
    }
    streams.send(call, wanted.value).then(
      () => call.end(),
      (thrown: unknown) => call.emit("error", this.#failure(thrown)),
    );
  }

  #mayWatch<Request, Wanted, Response>(
    call: ServerWritableStream<CallResult<Request>, Response>,
    read: (request: Request) => CallResult<Wanted>,
    streams: Streams<Wanted, Response>,
  ): CallResult<Wanted> {
    const refused = this.#guard.check(call, "read");
    if (refused !== undefined) return refused;
    if (!call.request.ok) return call.request;
    return streams.full ?? read(call.request.value);
  }

  #refusal({ code, message: details }: CallFault): Partial<ServiceError> & Error {
    this.#parts.onRefused(code);
    return Object.assign(new Error(details), { code: STATUS_OF[code], details });
  }

  #failure(thrown: unknown): Partial<ServiceError> & Error {
    const details = describeError(thrown);
    this.#parts.log.error({ cause: details }, "gRPC call failed");
    return Object.assign(new Error(details), { code: status.UNAVAILABLE, details });
  }
}
