import type { CachePolicy } from "../rules/cache-policy.ts";
import type { DeltaSeconds, ResponseDirectives, Scope } from "../rules/directives.ts";
import type { Lifetime } from "../rules/freshness.ts";
import type { SearchVariance } from "../rules/no-vary-search.ts";
import type { SentFields } from "../rules/sent-fields.ts";
import type { StoredResponse } from "./stored-response.ts";

/** What many stored responses have in common, beside their fields. */
export type Shape = Pick<
  StoredResponse,
  "site" | "base" | "method" | "authorized" | "sent" | "codings" | "policy" | "selecting" | "variance"
> &
  Pick<Lifetime, "source">;

type WrittenScope = readonly string[] | "all" | null;
type WrittenSeconds = DeltaSeconds | null;

/** As JSON, without names, because it stands in every record. */
type Written = readonly [
  site: string,
  base: string | null,
  method: StoredResponse["method"],
  authorized: boolean,
  sent: SentFields,
  lifetimeSource: string,
  codings: readonly string[],
  selecting: readonly (readonly [string, string | null])[],
  variance: readonly [onlyThese: boolean, ordered: boolean, keys: readonly string[]] | null,
  policySource: CachePolicy["source"],
  maxAge: WrittenSeconds,
  sMaxage: WrittenSeconds,
  staleWhileRevalidate: WrittenSeconds,
  staleIfError: WrittenSeconds,
  noCache: WrittenScope,
  personal: WrittenScope,
  /** A bit for each of FLAGS. */
  flags: number,
];

const FLAGS = [
  "noStore",
  "mustRevalidate",
  "proxyRevalidate",
  "mustUnderstand",
  "public",
  "immutable",
] as const;

export function shapeText(stored: StoredResponse): string {
  const { site, base, method, authorized, sent, codings, lifetime, policy, selecting, variance } = stored;
  const { source, directives } = policy;
  const written: Written = [
    site,
    base ?? null,
    method,
    authorized,
    sent,
    lifetime.source,
    codings,
    Array.from(selecting, ([name, value]) => [name, value ?? null]),
    variance === undefined ? null : [variance.onlyThese, variance.ordered, [...variance.keys]],
    source,
    directives.maxAge ?? null,
    directives.sMaxage ?? null,
    directives.staleWhileRevalidate ?? null,
    directives.staleIfError ?? null,
    writtenScope(directives.noCache),
    writtenScope(directives.private),
    FLAGS.reduce((bits, name, at) => bits | (directives[name] ? 1 << at : 0), 0),
  ];
  return JSON.stringify(written);
}

function writtenScope(scope: Scope | undefined): WrittenScope {
  return scope === undefined ? null : scope === "all" ? scope : [...scope];
}

// Origins give a few kinds of responses. A text that is not among those seen lately is parsed again.
const MOST_SHAPES = 4_096;

/** Reads what `shapeText` has written. Equal texts mostly give the same object. */
export class Shapes {
  readonly #lately = new Map<string, Shape>();

  of(text: string): Shape {
    const known = this.#lately.get(text);
    if (known !== undefined) return known;
    if (this.#lately.size >= MOST_SHAPES) this.#lately.clear();
    const shape = shapeOf(JSON.parse(text));
    this.#lately.set(text, shape);
    return shape;
  }
}

function shapeOf(written: Written): Shape {
  const [site, base, method, authorized, sent, lifetimeSource, codings, selecting, variance, source] =
    written;
  return {
    site,
    ...(base === null ? {} : { base }),
    method,
    authorized,
    sent,
    source: lifetimeSource,
    codings,
    selecting: new Map(selecting.map(([name, value]) => [name, value ?? undefined])),
    variance: variance === null ? undefined : varianceOf(variance),
    policy: { source, directives: directivesOf(written) },
  };
}

function varianceOf([onlyThese, ordered, keys]: NonNullable<Written[8]>): SearchVariance {
  return { onlyThese, keys: new Set(keys), ordered };
}

function directivesOf(written: Written): ResponseDirectives {
  const [, , , , , , , , , , maxAge, sMaxage, staleWhileRevalidate, staleIfError, noCache, only, bits] =
    written;
  const has = (at: number): boolean => (bits & (1 << at)) !== 0;
  return {
    maxAge: maxAge ?? undefined,
    sMaxage: sMaxage ?? undefined,
    staleWhileRevalidate: staleWhileRevalidate ?? undefined,
    staleIfError: staleIfError ?? undefined,
    noCache: scopeOf(noCache),
    private: scopeOf(only),
    noStore: has(0),
    mustRevalidate: has(1),
    proxyRevalidate: has(2),
    mustUnderstand: has(3),
    public: has(4),
    immutable: has(5),
  };
}

function scopeOf(written: WrittenScope): Scope | undefined {
  return written === null ? undefined : written === "all" ? written : new Set(written);
}
