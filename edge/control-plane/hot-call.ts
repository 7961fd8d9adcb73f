import type { Clock } from "../../process/clock.ts";
import type {
  HotPage as HotPageMessage,
  HotRequest,
  HotResponse,
} from "../../proto/gen/edgecache/v1/edge.ts";
import { type HotPage, hotPages } from "../cache/warming/hot-pages.ts";
import type { Store } from "../store/store.ts";
import { type CallResult, invalidArgument } from "./call-result.ts";

const DEFAULT_LIMIT = 1_000;
const MOST_PAGES = 5_000;
// The callers take a MiB.
const MOST_CHARACTERS = 512 * 1024;
// All that is stored is looked through for it: a second for a million responses.
const REMEMBERED_MS = 10_000;

interface HotParts {
  readonly id: string;
  readonly store: Pick<Store, "coveredBy" | "useCount">;
  readonly clock: Pick<Clock, "monotonic">;
  /** The site that answers a Host. */
  readonly siteOf: (authority: string) => string | undefined;
}

/** Answers Hot. The answer of one moment is that of the next ones too. */
export class HotCall {
  readonly #edge: HotParts;
  #latest: { readonly at: number; readonly pages: Promise<readonly HotPage[]> } | undefined;

  constructor(edge: HotParts) {
    this.#edge = edge;
  }

  async answer({ limit }: HotRequest): Promise<CallResult<HotResponse>> {
    if (limit > MOST_PAGES)
      return invalidArgument("limit", `must be 1 to ${MOST_PAGES}, or 0 for ${DEFAULT_LIMIT}`, String(limit));
    const { id, clock, store, siteOf } = this.#edge;
    const now = clock.monotonic();
    if (this.#latest === undefined || now - this.#latest.at >= REMEMBERED_MS)
      this.#latest = { at: now, pages: hotPages({ store }, MOST_PAGES) };
    const pages = (await this.#latest.pages).slice(0, limit === 0 ? DEFAULT_LIMIT : limit);
    return { ok: true, value: { edge: id, pages: fitting(pages, siteOf) } };
  }
}

function fitting(pages: readonly HotPage[], siteOf: HotParts["siteOf"]): HotPageMessage[] {
  const messages: HotPageMessage[] = [];
  let characters = 0;
  for (const { fields, ...page } of pages) {
    const { site, base = "", target, mark = "" } = page;
    characters += site.length + base.length + target.length + mark.length + fields.flat().join("").length;
    if (characters > MOST_CHARACTERS) break;
    const url = urlOf(page, siteOf);
    messages.push({ ...page, url, fields: fields.map(([name, value]) => ({ name, value })) });
  }
  return messages;
}

function urlOf(
  { site, base = "", target }: Pick<HotPage, "site" | "base" | "target">,
  siteOf: HotParts["siteOf"],
): string {
  const [, authority = ""] = /^https?:\/\/([^/?]+)/.exec(base) ?? [];
  return siteOf(authority) === site ? `${base}${target}` : "";
}
