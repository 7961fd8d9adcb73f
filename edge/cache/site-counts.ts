import { originErrorCodes } from "../origin/origin-error.ts";
import { type NotStored, notStoredReasons } from "../rules/not-stored.ts";
import { edgeSiteCounters } from "./metric-rows.ts";
import { type CacheOutcome, OUTCOME_KINDS } from "./outcome.ts";

// As many as a file of settings may have: each site takes 650 bytes of address space in every thread.
export const MOST_SITES = 1_000;

// A site has some 80 series, of which most never count anything. With all of them, a scrape of a hundred sites has a
// megabyte. With more sites only those are told that have counted.
const MOST_TOLD_WHOLE = 100;

// No site has these names: the name of a site begins with a letter or a digit.
/** Further sites. */
export const OTHER_SITES = "_other";
/** Requests that no site answers. */
const NO_SITE = "_none";

type Kind = CacheOutcome["kind"];
export type SiteCounterName = (typeof edgeSiteCounters)[number]["name"];

const STATUS_CLASSES = ["1xx", "2xx", "3xx", "4xx", "5xx"] as const;

/** What splits each of them, beside the site. Labels have spaces between. */
const WORDS: Record<SiteCounterName, readonly string[]> = {
  responses: OUTCOME_KINDS.flatMap((kind) => STATUS_CLASSES.map((status) => `${kind} ${status}`)),
  responseBytes: OUTCOME_KINDS,
  // An overtaken fill has a counter of its own.
  notStored: notStoredReasons.filter((reason) => reason !== "overtaken"),
  originErrors: originErrorCodes,
};

/** The cell of each count among those of its site. */
const CELL_OF: ReadonlyMap<string, number> = new Map(
  edgeSiteCounters
    .flatMap(({ name }) => WORDS[name].map((words) => `${name} ${words}`))
    .map((series, cell) => [series, cell]),
);

/** The first of the five for this outcome. */
const RESPONSES = cellsOfKinds((kind) => cellOf(`responses ${kind} 1xx`));
const BYTES = cellsOfKinds((kind) => cellOf(`responseBytes ${kind}`));

/** The outcomes whose content was stored before. */
const STORED: ReadonlySet<string> = new Set<Kind>(["hit", "stale", "revalidated"]);

// Their places. Those of the sites follow.
const NONE = 0;
const OTHERS = 1;

/** The cells of all sites. */
export const SITES_CELLS = (MOST_SITES + 2) * CELL_OF.size;

function cellOf(series: string): number {
  const cell = CELL_OF.get(series);
  if (cell === undefined) throw new Error(`there is no counter ${series}`);
  return cell;
}

export function cellsOfKinds(cellOfKind: (kind: Kind) => number): Readonly<Record<Kind, number>> {
  return Object.fromEntries(OUTCOME_KINDS.map((kind) => [kind, cellOfKind(kind)])) as Record<Kind, number>;
}

/** One series of a counter. `words`: its labels beside the site. */
export interface SiteCount {
  readonly site: string;
  readonly words: readonly string[];
  readonly count: number;
}

/** Counts of each site. */
export class SiteCounts {
  readonly #own: Float64Array;
  readonly #all: readonly Float64Array[];
  readonly #at: number;
  readonly #places = new Map<string, number>();

  /** `own`: the cells that this thread counts in, from `at` on. `all`: those of every thread. */
  constructor(own: Float64Array, all: readonly Float64Array[], at: number) {
    this.#own = own;
    this.#all = all;
    this.#at = at;
  }

  /** From now on these have series of their own, as long as there is room. One that goes keeps its place. */
  name(sites: readonly string[]): void {
    for (const site of sites) {
      if (this.#places.size === MOST_SITES) return;
      if (!this.#places.has(site)) this.#places.set(site, this.#places.size + 2);
    }
  }

  /** In the order in which they were named: another thread that names them so has the same places. */
  get named(): readonly string[] {
    return [...this.#places.keys()];
  }

  /** `site`: undefined when none answers. */
  answered(site: string | undefined, kind: Kind, status: number): void {
    // RFC 9110 section 15: a status has three digits, and other ones than these five have no class.
    if (status >= 100 && status < 600) this.#add(site, RESPONSES[kind] + Math.trunc(status / 100) - 1, 1);
  }

  gave(site: string | undefined, kind: Kind, bytes: number): void {
    this.#add(site, BYTES[kind], bytes);
  }

  notStored(site: string, reason: Exclude<NotStored, "overtaken">): void {
    this.#add(site, cellOf(`notStored ${reason}`), 1);
  }

  originError(site: string, code: (typeof originErrorCodes)[number]): void {
    this.#add(site, cellOf(`originErrors ${code}`), 1);
  }

  /** Of all sites together, by the labels beside the site. */
  sums(name: SiteCounterName): readonly (readonly [words: string, count: number])[] {
    return WORDS[name].map((words) => {
      const places = Array.from({ length: this.#places.size + 2 }, (_, place) => place);
      const counts = places.map((place) => this.#count(place, cellOf(`${name} ${words}`)));
      return [words, counts.reduce((sum, count) => sum + count, 0)];
    });
  }

  /** Bytes of content that clients were given, and those of stored responses among them. */
  get bytes(): { readonly sent: number; readonly ofHits: number } {
    const sums = this.sums("responseBytes");
    const of = (isMeant: (kind: string) => boolean) =>
      sums.reduce((total, [kind, count]) => total + (isMeant(kind) ? count : 0), 0);
    return { sent: of(() => true), ofHits: of((kind) => STORED.has(kind)) };
  }

  /** The series of a counter. Those that have counted nothing are among them, as long as there are few sites. */
  *series(name: SiteCounterName): Generator<SiteCount> {
    const isWhole = this.#places.size <= MOST_TOLD_WHOLE;
    const sites = [[NO_SITE, NONE], [OTHER_SITES, OTHERS], ...this.#places] as const;
    for (const [site, place] of sites)
      for (const words of WORDS[name]) {
        const count = this.#count(place, cellOf(`${name} ${words}`));
        if (count > 0 || (isWhole && place > OTHERS)) yield { site, words: words.split(" "), count };
      }
  }

  #add(site: string | undefined, cell: number, count: number): void {
    const place = site === undefined ? NONE : (this.#places.get(site) ?? OTHERS);
    const at = this.#at + place * CELL_OF.size + cell;
    this.#own[at] = (this.#own[at] ?? 0) + count;
  }

  #count(place: number, cell: number): number {
    const at = this.#at + place * CELL_OF.size + cell;
    return this.#all.reduce((sum, cells) => sum + (cells[at] ?? 0), 0);
  }
}
