import { type Client, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { service } from "grpc-health-check";

/** The status from an edge's gRPC health service; undefined without a status or a service. */
export type HealthWord = "serving" | "not-serving" | undefined;

// The edge reports the same status for "" and for its services. Every gRPC server knows "".
const WHOLE_SERVER = "";

/**
 * grpc.health.v1.Health/Watch on an edge's channel: it reports a change at once, before the next Ping.
 * The stream has no deadline, because it lasts as long as the channel. The channel's keepalive detects a dead peer.
 */
export class HealthWatch {
  readonly #told: (word: HealthWord) => void;
  readonly #stop: () => void;
  #word: HealthWord;
  /** Why the watch has ended: the edge has no such service, or another reason, after which a new watch may work. */
  #ended: "not-offered" | "broken" | undefined;

  /** Calls `told` when the status has changed. */
  constructor(client: Client, told: (word: HealthWord) => void) {
    this.#told = told;
    const watch = service.Watch;
    if (watch === undefined) throw new Error("grpc.health.v1.Health has a method Watch");
    const stream = client.makeServerStreamRequest(
      watch.path,
      watch.requestSerialize,
      watch.responseDeserialize,
      { service: WHOLE_SERVER },
      new Metadata(),
    );
    stream.on("data", (reply: object) => this.#hear(wordOf(reply)));
    stream.on("error", (error: ServiceError) => this.#end(error.code === status.UNIMPLEMENTED));
    stream.on("end", () => this.#end(false));
    this.#stop = () => stream.cancel();
  }

  get word(): HealthWord {
    return this.#word;
  }

  get ended(): "not-offered" | "broken" | undefined {
    return this.#ended;
  }

  stop(): void {
    this.#ended ??= "broken";
    this.#stop();
  }

  #hear(word: HealthWord): void {
    if (this.#ended !== undefined || word === this.#word) return;
    this.#word = word;
    this.#told(word);
  }

  #end(isNotOffered: boolean): void {
    this.#ended ??= isNotOffered ? "not-offered" : "broken";
  }
}

/** grpc.health.v1 HealthCheckResponse.ServingStatus; for an unknown status the Pings decide. */
function wordOf(reply: object): HealthWord {
  if (!("status" in reply)) return undefined;
  if (reply.status === "SERVING") return "serving";
  return reply.status === "NOT_SERVING" ? "not-serving" : undefined;
}
