import { Metadata } from "@grpc/grpc-js";
import type { Clock } from "../../process/clock.ts";
import { channelTo } from "../../process/control/channel.ts";
import type { ControlIdentity } from "../../process/control/control-identity.ts";
import type { Tokens } from "../../process/control/tokens.ts";
import { EdgeServiceClient, type HotResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import type { HotPage } from "../cache/warming/hot-pages.ts";

// The other edge may have a million responses to look through.
const PATIENCE_MS = 10_000;

interface AskingParts {
  /** undefined: edges are called without TLS. */
  readonly identity: ControlIdentity | undefined;
  readonly tokens: Tokens;
  readonly clock: Pick<Clock, "wall">;
}

/** What is asked for most at another edge. Rejects when it does not say. */
export async function askHot(
  grpcAddress: string,
  limit: number,
  { identity, tokens, clock }: AskingParts,
): Promise<readonly HotPage[]> {
  const { credentials, options } = channelTo(grpcAddress, identity);
  const client = new EdgeServiceClient(grpcAddress, credentials, { ...options, "grpc.enable_http_proxy": 0 });
  const metadata = new Metadata();
  const proof = (tokens.readToken ?? tokens.token)?.authorization;
  if (proof !== undefined) metadata.set("authorization", proof);
  try {
    const { pages } = await new Promise<HotResponse>((resolve, reject) => {
      const deadline = clock.wall() + PATIENCE_MS;
      client.hot({ limit }, metadata, { deadline }, (error, answer) => {
        if (error === null) resolve(answer);
        else reject(error);
      });
    });
    return pages.map(({ fields, ...page }) => ({
      ...page,
      fields: fields.map(({ name, value }) => [name, value] as const),
    }));
  } finally {
    client.close();
  }
}
