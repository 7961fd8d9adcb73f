import { Failure } from "../../../process/failure.ts";
import { show } from "../../../process/settings/values.ts";
import type { EdgeClient } from "../../client.ts";
import { CALL_MS } from "../../deadline.ts";
import { askFleet, type FleetAccess } from "../../fleet.ts";

// The edge looks at all that it stores, which takes seconds where that are millions.
const LIST_MS = 15_000;

/** The URLs that the edge with this id has stored and answers most, the most used first. Throws a Failure. */
export async function hotUrls(
  id: string,
  most: number,
  access: FleetAccess,
  warned: (problem: string) => void,
): Promise<readonly string[]> {
  const ask = async (client: EdgeClient) => {
    const { edge } = await client.ping(CALL_MS);
    return { edge, urls: edge === id ? await hotOf(client, most) : [] };
  };
  const asked = await askFleet(access, ask, warned);
  const heard = asked.find(({ edge }) => edge.edge === id);
  if (heard === undefined) {
    const known = asked.map(({ edge }) => edge.edge).join(", ");
    throw new Failure("bad-usage", "client", `--from: must be one of ${known}, got ${show(id)}`);
  }
  if (heard.answer === undefined) throw heard.failure;
  return heard.answer.urls;
}

async function hotOf(client: EdgeClient, limit: number): Promise<readonly string[]> {
  const { pages } = await client.hot(limit, LIST_MS);
  // Variants of a response have one URL.
  return [...new Set(pages.map(({ url }) => url).filter((url) => url !== ""))];
}
