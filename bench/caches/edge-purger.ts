import { credentials, Metadata } from "@grpc/grpc-js";
import { EdgeServiceClient, PurgeRequest, type PurgeResponse } from "../../proto/gen/edgecache/v1/edge.ts";

/** Purges through the gRPC port of our edge, with receipts. */
export class EdgePurger {
  readonly #client: EdgeServiceClient;

  constructor(grpcPort: number) {
    this.#client = new EdgeServiceClient(`127.0.0.1:${grpcPort}`, credentials.createInsecure());
  }

  async purge(path: string): Promise<void> {
    const request: PurgeRequest = {
      ...PurgeRequest.decode(new Uint8Array()),
      targets: [{ target: { $case: "url", url: path }, site: "" }],
    };
    const { outcome } = await new Promise<PurgeResponse>((resolve, reject) => {
      this.#client.purge(request, new Metadata({ waitForReady: true }), (error, response) =>
        error === null ? resolve(response) : reject(error),
      );
    });
    if (outcome !== "applied") throw new Error(`the purge of ${path} was ${outcome}`);
  }

  close(): void {
    this.#client.close();
  }
}
