import { Failure } from "../../../process/failure.ts";
import { show } from "../../../process/settings/values.ts";
import { askNamed, type FleetAccess } from "../../fleet.ts";

// The edge looks at all that it stores, which takes seconds where that are millions.
const LIST_MS = 15_000;

/** The URLs that the edge with this id has stored and answers most, the most used first. Throws a Failure. */
export async function hotUrls(id: string, most: number, access: FleetAccess): Promise<readonly string[]> {
  const { pages } = await askNamed(id, access, {
    ask: (client) => client.hot(most, LIST_MS),
    unknown: (known) =>
      new Failure("bad-usage", "client", `--from: must be one of ${known.join(", ")}, got ${show(id)}`),
    // The fleet is asked once more, to warm the others: that tells it.
    warned: () => undefined,
  });
  // Variants of a response have one URL.
  return [...new Set(pages.map(({ url }) => url).filter((url) => url !== ""))];
}
