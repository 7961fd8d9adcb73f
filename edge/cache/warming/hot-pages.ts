import { cacheKey } from "../../rules/cache-key.ts";
import { fieldsSelecting, markIn } from "../../rules/vary.ts";
import type { Store } from "../../store/store.ts";
import type { StoredResponse } from "../../store/stored-response.ts";
import { needsNoClient } from "./unasked-request.ts";

/** A response that is asked for, as far as it takes to fetch it again. */
export interface HotPage {
  readonly site: string;
  /** As in CacheRequest. */
  readonly base?: string | undefined;
  readonly target: string;
  /** Of the request, as far as they select it. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Of the rules of the site that have shaped it. */
  readonly mark?: string | undefined;
  /** How often it was asked for lately. */
  readonly uses: number;
}

/** What is asked for most of what is in memory and for everybody, the most asked first. */
export async function hotPages(
  { store }: { readonly store: Pick<Store, "coveredBy" | "useCount"> },
  most: number,
): Promise<readonly HotPage[]> {
  let hot: HotPage[] = [];
  for await (const stored of store.coveredBy([{ kind: "everything" }])) {
    if (!needsNoClient(stored) || stored.key !== cacheKey(stored) || stored.status === 206) continue;
    hot.push(pageOf(stored, store.useCount(stored.key)));
    if (hot.length >= 2 * most) hot = hottest(hot, most);
  }
  return hottest(hot, most);
}

/** The same page of several edges counts once. */
export function hottest(pages: readonly HotPage[], most: number): HotPage[] {
  const byRequest = new Map<string, HotPage>();
  for (const page of pages) {
    const { site, base, target, fields, mark } = page;
    const name = JSON.stringify([site, base, target, fields, mark]);
    const known = byRequest.get(name);
    if (known === undefined || known.uses < page.uses) byRequest.set(name, page);
  }
  return [...byRequest.values()].sort((a, b) => b.uses - a.uses).slice(0, most);
}

function pageOf({ site, base, target, selecting }: StoredResponse, uses: number): HotPage {
  const fields = [...fieldsSelecting(selecting)].map(([name, value]) => [name, value] as const);
  return { site, base, target, fields, mark: markIn(selecting), uses };
}
