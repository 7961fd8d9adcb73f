import { Failure } from "../../../process/failure.ts";
import type { PurgeReceipt, PurgeRequest, PurgeResponse } from "../../../proto/gen/edgecache/v1/edge.ts";
import type { EdgeClient } from "../../client.ts";
import { askFleet, type FleetAccess } from "../../fleet.ts";

// An edge may have to look through its whole store.
const COUNT_MS = 10_000;

/** The responses that one edge would purge; undefined when it is unreachable. */
export interface Forecast {
  readonly edge: string;
  readonly receipt: PurgeReceipt | undefined;
}

/**
 * Asks every edge what the requests would purge there, because each edge stores other responses. Throws a Failure
 * when no edge answers, or when one refuses.
 */
export async function dryRun(
  access: FleetAccess,
  requests: readonly PurgeRequest[],
): Promise<readonly Forecast[]> {
  let refusal: Failure | undefined;
  const count = async (client: EdgeClient) => {
    try {
      return await countAll(client, requests);
    } catch (thrown) {
      // A refusal comes from an edge that was reached. Any other failure counts as unreachable.
      if (thrown instanceof Failure && thrown.code === "refused") refusal ??= thrown;
      throw thrown;
    }
  };
  const asked = await askFleet(access, count);
  if (refusal !== undefined) throw refusal;
  return asked.map(({ edge, answer }) => ({ edge: edge.edge, receipt: answer }));
}

/** A response that several requests cover is counted once for each. */
async function countAll(client: EdgeClient, requests: readonly PurgeRequest[]): Promise<PurgeReceipt> {
  let sum: PurgeReceipt | undefined;
  for (const request of requests) {
    const [receipt] = (await client.purge({ ...request, dryRun: true }, COUNT_MS)).edges;
    if (receipt === undefined) continue;
    const { objects = 0, bytes = 0 } = sum ?? {};
    sum = { ...receipt, objects: objects + receipt.objects, bytes: bytes + receipt.bytes };
  }
  if (sum !== undefined) return sum;
  throw new Failure("call-failed", "edge", `${client.address} answered a dry run without a receipt`);
}

/** A dry run is `pending` without a position, by edge.proto: nothing was purged. */
export function dryRunAnswer(purgeId: string, forecasts: readonly Forecast[]): PurgeResponse {
  const edges = forecasts.map(
    ({ edge, receipt }): PurgeReceipt =>
      receipt ?? { edge, state: "unreachable", ms: 0, objects: 0, bytes: 0, differs: false },
  );
  return { purgeId, position: "", outcome: "pending", edges, detail: "" };
}
