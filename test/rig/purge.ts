import { credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import {
  EdgeServiceClient,
  type PurgeRequest,
  type PurgeResponse,
  type PurgeTarget,
  type StatsResponse,
} from "../../proto/gen/edgecache/v1/edge.ts";

// A client that is new may find the connection of one that was closed a moment ago, and makes its own then.
const READY = new Metadata({ waitForReady: true });

type Target = NonNullable<PurgeTarget["target"]>;

/** Purges through an edge's control plane, as an operator does, and waits for the receipts. */
export async function purge(
  control: string,
  target: Target | readonly Target[],
  how: Partial<Pick<PurgeRequest, "soft" | "pace" | "rebound" | "dryRun">> = {},
): Promise<PurgeResponse> {
  const request: PurgeRequest = {
    purgeId: "",
    targets: [target].flat().map((each) => ({ target: each, site: "" })),
    soft: how.soft ?? false,
    wait: undefined,
    dryRun: how.dryRun ?? false,
    rebound: how.rebound,
    pace: how.pace ?? 0,
  };
  return call(control, (client, done) => client.purge(request, READY, done));
}

export async function stats(control: string): Promise<NonNullable<StatsResponse["stats"]>> {
  const response = await call<StatsResponse>(control, (client, done) => client.stats({}, READY, done));
  if (response.stats === undefined) throw new Error("the edge sent no stats");
  return response.stats;
}

type Done<Response> = (error: ServiceError | null, response: Response) => void;

function call<Response>(
  control: string,
  send: (client: EdgeServiceClient, done: Done<Response>) => void,
): Promise<Response> {
  const client = new EdgeServiceClient(control, credentials.createInsecure());
  return new Promise<Response>((resolve, reject) => {
    send(client, (error, response) => (error === null ? resolve(response) : reject(error)));
  }).finally(() => client.close());
}
