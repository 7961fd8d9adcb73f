import {
  type handleUnaryCall,
  type Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import {
  type DrainRequest,
  type DrainResponse,
  type EdgeServiceServer,
  EdgeServiceService,
  type EdgeStats,
  type ExamineResponse,
  type ExplainRequest,
  type ExplainResponse,
  type Finding,
  type ForgetRequest,
  type ForgetResponse,
  type Member,
  type PingResponse,
  type PurgeRequest,
  type PurgeResponse,
  type PurgesRequest,
  type PurgesResponse,
  type ReloadResponse,
} from "../../proto/gen/edgecache/v1/edge.ts";

/** The reply to a call: an answer, at once or later, a gRPC error, or none. */
export type Reply<T> =
  | { readonly kind: "answer"; readonly value: T }
  | { readonly kind: "error"; readonly code: status; readonly details: string }
  | { readonly kind: "held"; readonly until: Promise<unknown>; readonly value: T }
  | { readonly kind: "silence" };

export function answer<T>(value: T): Reply<T> {
  return { kind: "answer", value };
}

export function held<T>(until: Promise<unknown>, value: T): Reply<T> {
  return { kind: "held", until, value };
}

export function refusal(code: status, details: string): Reply<never> {
  return { kind: "error", code, details };
}

export const silence: Reply<never> = { kind: "silence" };

/** The answers of a scratch edge. Every part may be changed while it runs. */
export interface EdgeScript {
  ping: () => Reply<PingResponse>;
  stats: () => Reply<EdgeStats>;
  members: readonly Member[];
  membersOutdated: string;
  purge: (request: PurgeRequest) => Reply<PurgeResponse>;
  purges: (request: PurgesRequest) => Reply<PurgesResponse>;
  forget: (request: ForgetRequest) => Reply<ForgetResponse>;
  explain: (request: ExplainRequest) => Reply<ExplainResponse>;
  examine: () => Reply<ExamineResponse>;
  reload: () => Reply<ReloadResponse>;
  drain: (request: DrainRequest) => Reply<DrainResponse>;
}

/** A real gRPC server of EdgeService without a cache behind it. */
export interface ScratchEdge {
  readonly id: string;
  readonly address: string;
  readonly script: EdgeScript;
  /** Every PurgeRequest that arrived, in order. */
  readonly purges: readonly PurgeRequest[];
  /** The `authorization` of each of them. */
  readonly authorizations: readonly (string | undefined)[];
  readonly explained: readonly ExplainRequest[];
  /** Streams of WatchStats that are open now. */
  watchers(): number;
  /** Its row in a heartbeat table. */
  member(): Member;
  stop(): Promise<void>;
}

/** Listens on `address`, a free port of 127.0.0.1 unless given. Call `stop` in the test's end. */
export async function startScratchEdge(id: string, address = "127.0.0.1:0"): Promise<ScratchEdge> {
  const purges: PurgeRequest[] = [];
  const authorizations: (string | undefined)[] = [];
  const explained: ExplainRequest[] = [];
  const watchers = new Set<() => void>();
  const script: EdgeScript = {
    ping: () => answer(pingResponse(id)),
    stats: () => answer(edgeStats(id)),
    members: [],
    membersOutdated: "",
    purge: (request) => answer(appliedPurge(request, [id])),
    purges: () => answer({ edge: id, purges: [] }),
    forget: () => answer({}),
    examine: () => answer(examined(id)),
    reload: () => answer({ edge: id, config: "0123456789abcdef", needsRestart: [] }),
    drain: ({ undo }) => answer({ edge: id, state: undo ? "serving" : "draining" }),
    explain: () => refusal(status.NOT_FOUND, "nothing to explain"),
  };
  const service: EdgeServiceServer = {
    ping: unary(() => script.ping()),
    stats: unary(() => {
      const reply = script.stats();
      const { members, membersOutdated } = script;
      return reply.kind === "answer" || reply.kind === "held"
        ? answer({ stats: reply.value, members: [...members], membersOutdated })
        : reply;
    }),
    purge: unary((request, metadata) => {
      purges.push(request);
      authorizations.push(metadata.get("authorization")[0]?.toString());
      return script.purge(request);
    }),
    purges: unary((request) => script.purges(request)),
    forget: unary((request) => script.forget(request)),
    examine: unary(() => script.examine()),
    top: unary(() => refusal(status.UNIMPLEMENTED, "this edge counts nothing")),
    hot: unary(() => refusal(status.UNIMPLEMENTED, "this edge counts nothing")),
    watchRequests: (call) => void call.destroy(),
    reload: unary(() => script.reload()),
    drain: unary((request) => script.drain(request)),
    explain: unary((request) => {
      explained.push(request);
      return script.explain(request);
    }),
    watchStats: (call) => {
      const report = () => {
        const reply = script.stats();
        if (reply.kind === "answer") call.write({ stats: reply.value });
        else if (reply.kind === "error") call.destroy(Object.assign(new Error(reply.details), reply));
      };
      const { seconds = 1, nanos = 0 } = call.request.period ?? {};
      const timer = setInterval(report, seconds * 1000 + nanos / 1e6);
      const leave = () => {
        clearInterval(timer);
        watchers.delete(leave);
      };
      watchers.add(leave);
      call.on("cancelled", leave);
      report();
    },
  };
  const server = new Server();
  server.addService(EdgeServiceService, service);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const bound = `127.0.0.1:${port}`;
  return {
    id,
    address: bound,
    script,
    purges,
    authorizations,
    explained,
    watchers: () => watchers.size,
    member: () => ({
      edge: id,
      grpcAddress: bound,
      httpAddress: "127.0.0.1:8081",
      position: "1-4",
      heartbeatAgeMs: 12.5,
      bootId: `boot-of-${id}`,
      sites: "0123456789abcdef",
    }),
    stop: async () => {
      for (const leave of watchers) leave();
      server.forceShutdown();
    },
  };
}

function unary<Request, Response>(
  reply: (request: Request, metadata: Metadata) => Reply<Response>,
): handleUnaryCall<Request, Response> {
  return (call: ServerUnaryCall<Request, Response>, done: sendUnaryData<Response>) => {
    const said = reply(call.request, call.metadata);
    switch (said.kind) {
      case "answer":
        return done(null, said.value);
      case "error":
        return done({ code: said.code, details: said.details });
      case "held":
        return void said.until.then(() => done(null, said.value));
      case "silence":
        return undefined;
    }
  };
}

export function examined(edge: string, findings: readonly Finding[] = []): ExamineResponse {
  return {
    edge,
    version: "1.0.0",
    node: "26.13.1",
    wallMs: Date.now(),
    logServer: "Redis 7.2.0",
    findings: [...findings],
  };
}

export function pingResponse(edge: string, state = "serving"): PingResponse {
  return {
    edge,
    bootId: `boot-of-${edge}`,
    state,
    position: "1-4",
    leaseLeftMs: 1900,
    inFlight: 0,
    eventLoopDelayMs: 0.1,
    host: "127.0.0.1",
    httpPort: 8081,
    publicUrl: "",
    version: "1.0.0",
    config: "0123456789abcdef",
    originsUnreachable: 0,
  };
}

export function edgeStats(edge: string): EdgeStats {
  return {
    edge,
    state: "serving",
    position: "1-4",
    lagMs: 3.5,
    requests: 21,
    hits: 10,
    misses: 5,
    stale: 1,
    revalidated: 2,
    bypass: 2,
    errors: 1,
    objects: 5,
    bytes: 2048,
    fills: 5,
    collapsed: 3,
    purges: 4,
    uptimeMs: 200_000,
    bytesSent: 4096,
    hitBytes: 1024,
    waits: undefined,
    certificateDaysLeft: undefined,
    disk: undefined,
  };
}

export function appliedPurge(request: PurgeRequest, edges: readonly string[]): PurgeResponse {
  return {
    purgeId: request.purgeId,
    position: "1-5",
    outcome: "applied",
    edges: edges.map((edge) => ({ edge, state: "applied", ms: 1.25, objects: 2, bytes: 0, differs: false })),
    detail: "",
  };
}
