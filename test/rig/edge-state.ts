import { credentials } from "@grpc/grpc-js";
import { EdgeServiceClient, type EdgeStats } from "../../proto/gen/edgecache/v1/edge.ts";

/** Watches an edge's stats until they satisfy `wanted`, and returns them. */
export async function untilStats(control: string, wanted: (stats: EdgeStats) => boolean): Promise<EdgeStats> {
  const client = new EdgeServiceClient(control, credentials.createInsecure());
  const stream = client.watchStats({ period: { seconds: 0, nanos: 100_000_000 } });
  try {
    for await (const { stats } of stream) if (stats !== undefined && wanted(stats)) return stats;
  } finally {
    stream.cancel();
    client.close();
  }
  throw new Error(`the edge at ${control} ended its stats before they were as wanted`);
}
