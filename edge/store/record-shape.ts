import type { Position } from "../../purge-log/position.ts";
import type { CachePolicy } from "../rules/cache-policy.ts";
import type { DeltaSeconds, ResponseDirectives, Scope } from "../rules/directives.ts";
import type { Lifetime } from "../rules/freshness.ts";
import type { SentFields } from "../rules/sent-fields.ts";
import type { StoredResponse } from "./stored-response.ts";

/** What many stored responses have in common, beside their fields. */
export type Shape = Pick<StoredResponse, "site" | "method" | "authorized" | "sent" | "codings" | "policy"> &
  Pick<Lifetime, "source"> &
  Pick<Position, "epoch">;

type WrittenScope = readonly string[] | "all" | null;
type WrittenSeconds = DeltaSeconds | null;

/** As JSON, without names. */
type Written = readonly [
  site: string,
  method: StoredResponse["method"],
  authorized: boolean,
  sent: SentFields,
  lifetimeSource: string,
  codings: readonly string[],
  epoch: number,
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
  const { site, method, authorized, sent, codings, lifetime, policy, mark } = stored;
  const { source, directives } = policy;
  const written: Written = [
    site,
    method,
    authorized,
    sent,
    lifetime.source,
    codings,
    mark.position.epoch,
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

/** Reads what `shapeText` has written. */
export function shapeOf(text: string): Shape {
  const written: Written = JSON.parse(text);
  const [site, method, authorized, sent, lifetimeSource, codings, epoch, source] = written;
  const policy = { source, directives: directivesOf(written) };
  return { site, method, authorized, sent, source: lifetimeSource, codings, epoch, policy };
}

function directivesOf(written: Written): ResponseDirectives {
  const [, , , , , , , , maxAge, sMaxage, staleWhileRevalidate, staleIfError, noCache, only, bits] = written;
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
