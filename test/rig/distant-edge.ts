import type { EdgeProcess } from "./edge-process.ts";
import { FaultProxy } from "./fault-proxy.ts";

/** An edge as it is met over a link of its own, whose length may change at any time. */
export class DistantEdge {
  readonly id: string;
  readonly #grpc: FaultProxy;
  readonly #http: FaultProxy;

  private constructor(id: string, grpc: FaultProxy, http: FaultProxy) {
    this.id = id;
    this.#grpc = grpc;
    this.#http = http;
  }

  static async start({ id, grpcPort, httpPort }: EdgeProcess): Promise<DistantEdge> {
    return new DistantEdge(id, await FaultProxy.start(grpcPort), await FaultProxy.start(httpPort));
  }

  get grpcAddress(): string {
    return `127.0.0.1:${this.#grpc.port}`;
  }

  get httpAddress(): string {
    return `127.0.0.1:${this.#http.port}`;
  }

  /** How much longer each round trip takes, on both of its ports. */
  set distanceMs(ms: number) {
    for (const link of [this.#grpc, this.#http]) link.inflict({ kind: "delay", ms });
  }

  async stop(): Promise<void> {
    await Promise.all([this.#grpc.close(), this.#http.close()]);
  }
}
