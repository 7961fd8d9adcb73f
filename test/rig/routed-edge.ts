import { once } from "node:events";
import { createServer, type Server as HttpServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Server as GrpcServer, ServerCredentials, status } from "@grpc/grpc-js";
import { HealthImplementation, type ServingStatus } from "grpc-health-check";
import {
  type EdgeServiceServer,
  EdgeServiceService,
  type PingResponse,
} from "../../proto/gen/edgecache/v1/edge.ts";

/** The behaviour of a routed edge. Every part may be changed while it runs. */
export interface EdgeBehaviour {
  answer: RequestListener;
  /** Fields that replace those of its Ping reply. */
  ping: Partial<PingResponse>;
  /** Before each answer to Ping: how far away it is. */
  pingDelayMs: number;
  /** Pings get no answer. */
  silent: boolean;
  /** Pings are answered once it resolves. */
  held: Promise<void> | undefined;
  /** The first status of its gRPC health service; undefined for an edge without one. */
  health: ServingStatus | undefined;
}

/** The parts of an edge that a router uses: a real gRPC server for Ping, and a real HTTP server with set answers. */
export class RoutedEdge {
  readonly id: string;
  readonly does: EdgeBehaviour;
  pings = 0;
  /** Streams of WatchStats that are open. */
  watchers = 0;
  readonly #http: HttpServer;
  #grpc: GrpcServer;
  #health: HealthImplementation | undefined;
  #httpPort = 0;
  #grpcPort = 0;

  private constructor(id: string, does: Partial<EdgeBehaviour>) {
    this.id = id;
    this.does = {
      answer: (_request, response) => void response.end(id),
      ping: {},
      pingDelayMs: 0,
      silent: false,
      held: undefined,
      health: undefined,
      ...does,
    };
    this.#http = createServer((request, response) => this.does.answer(request, response));
    this.#grpc = this.#pingServer();
  }

  static async start(id: string, does: Partial<EdgeBehaviour> = {}): Promise<RoutedEdge> {
    const edge = new RoutedEdge(id, does);
    await edge.startHttp();
    edge.#grpcPort = await bind(edge.#grpc, "127.0.0.1:0");
    return edge;
  }

  get grpcAddress(): string {
    return `127.0.0.1:${this.#grpcPort}`;
  }

  get httpAddress(): string {
    return `127.0.0.1:${this.#httpPort}`;
  }

  /** On the port that it had before, if it had one. */
  async startHttp(): Promise<void> {
    this.#http.listen(this.#httpPort, "127.0.0.1");
    await once(this.#http, "listening");
    this.#httpPort = (this.#http.address() as AddressInfo).port;
  }

  /** New connections are refused, those that are there are reset. */
  async stopHttp(): Promise<void> {
    if (!this.#http.listening) return;
    const closed = once(this.#http, "close");
    this.#http.close();
    this.#http.closeAllConnections();
    await closed;
  }

  /** Ping is refused, as when the process has died. */
  stopGrpc(): void {
    this.#grpc.forceShutdown();
  }

  /** As a process that ends in order: resolves when no call is open any more. */
  async endGrpc(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#grpc.tryShutdown(() => resolve());
    });
  }

  /** On the port that it had before. */
  async startGrpc(): Promise<void> {
    this.#grpc = this.#pingServer();
    await bind(this.#grpc, this.grpcAddress);
  }

  /** Its gRPC health service says so from now on. */
  saysHealth(word: ServingStatus): void {
    this.#health?.setStatus("", word);
  }

  async stop(): Promise<void> {
    this.stopGrpc();
    await this.stopHttp();
  }

  #pingServer(): GrpcServer {
    const notHere = { code: status.UNIMPLEMENTED, details: "this edge only answers Ping" };
    const service: EdgeServiceServer = {
      ping: async (_call, done) => {
        this.pings += 1;
        if (this.does.silent) return;
        await this.does.held;
        if (this.does.pingDelayMs > 0) await delay(this.does.pingDelayMs);
        done(null, { ...this.#reply(), ...this.does.ping });
      },
      stats: (_call, done) => done(notHere),
      purge: (_call, done) => done(notHere),
      purges: (_call, done) => done(notHere),
      forget: (_call, done) => done(notHere),
      explain: (_call, done) => done(notHere),
      examine: (_call, done) => done(notHere),
      reload: (_call, done) => done(notHere),
      drain: (_call, done) => done(notHere),
      top: (_call, done) => done(notHere),
      hot: (_call, done) => done(notHere),
      watchRequests: (call) => void call.destroy(),
      watchStats: (call) => {
        this.watchers += 1;
        call.once("close", () => {
          this.watchers -= 1;
        });
      },
    };
    const server = new GrpcServer();
    server.addService(EdgeServiceService, service);
    this.#health = this.does.health && new HealthImplementation({ "": this.does.health });
    this.#health?.addToServer(server);
    return server;
  }

  #reply(): PingResponse {
    return {
      edge: this.id,
      bootId: `boot-of-${this.id}`,
      state: "serving",
      position: "1-0",
      leaseLeftMs: 2000,
      inFlight: 0,
      eventLoopDelayMs: 0,
      host: "127.0.0.1",
      httpPort: this.#httpPort,
      publicUrl: "",
      version: "1.0.0",
      config: "0123456789abcdef",
      originsUnreachable: 0,
    };
  }
}

function bind(server: GrpcServer, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}
