import type { NotStored } from "./not-stored.ts";
import type { BypassDetail, PassedDetail, ValidationDetail } from "./verdict-detail.ts";

/** The one thing that would make a hit of such a request. undefined: nothing would, or nothing should. */
export type Mend =
  /** A rule for the URL, as YAML. `provided`: when it is right. */
  | { readonly rule: string; readonly provided?: string; readonly isEarlier?: true }
  /** A setting of the site, as YAML. */
  | { readonly setting: string }
  /** The name of a setting of the site or of the edge, whose value is too small. */
  | { readonly larger: string }
  /** A field that the origin should send. */
  | { readonly field: string }
  | undefined;

/** For text that says when a rule is right. */
const FOR_ALL = "all clients may share the response";

const IGNORE_CLIENTS: Mend = { setting: "client-cache-control: ignore" };
const MORE_MEMORY: Mend = { larger: "memory" };
const SHARED_ANYHOW: Mend = { rule: "ttl: { override: 10m }", provided: FOR_ALL };

/** For the response that was not stored. */
export function notStoredMend(reason: NotStored, { status, vary }: NotStoredResponse): Mend {
  const ofError = status >= 400 && status <= 599;
  const briefly: Mend = { rule: `negative-ttl: { ${status}: 10s }` };
  switch (reason) {
    case "request-no-store":
      return IGNORE_CLIENTS;
    case "no-store":
    case "private":
      return ofError ? undefined : SHARED_ANYHOW;
    case "authorization":
      return { field: "Cache-Control: public" };
    case "not-cacheable":
      return ofError ? briefly : { rule: "ttl-if-missing: 10m" };
    case "error-status":
      return ofError ? briefly : undefined;
    case "set-cookie":
      return { rule: "set-cookie: strip", provided: "no client needs the cookie" };
    case "cookie":
      return { rule: "cookies: drop", provided: "the response does not depend on them" };
    case "rule":
      return { rule: "no-store: false", isEarlier: true };
    case "vary":
      return varyMend(vary);
    case "length-unknown":
      return { field: "Content-Length" };
    case "too-large":
      return MORE_MEMORY;
    case "post":
      return { field: "Cache-Control: max-age=60" };
    case "method":
    case "request-content":
    case "status":
    case "must-understand":
    case "partial":
    case "slice":
    case "request-fields":
    case "tags":
    case "purge-log-unknown":
    case "event-stream":
    case "incomplete":
    case "origin-error":
    case "overtaken":
    case "superseded":
      return undefined;
  }
}

interface NotStoredResponse {
  readonly status: number;
  readonly vary: string;
}

/** The fields of requests that rules can bring into a few normal forms. */
const NORMAL_FORMS: readonly (readonly [field: string, mend: Mend])[] = [
  ["user-agent", { rule: "key: { device: true }" }],
  ["accept-language", { rule: "key: { language: [en, de] }" }],
  ["accept-encoding", { rule: "compress: true" }],
  ["accept", { rule: "key: { accept: [avif, webp] }" }],
  ["cookie", { rule: "cookies: drop", provided: "the response does not depend on them" }],
];

/** `vary`: of the response. The field that splits a URL most comes first. */
export function varyMend(vary: string): Mend {
  const names = vary.toLowerCase().split(/[\s,]+/);
  const known = NORMAL_FORMS.find(([field]) => names.includes(field));
  if (known !== undefined) return known[1];
  const unvaried = "response-headers: { remove: [Vary] }";
  return vary === ""
    ? undefined
    : { rule: unvaried, provided: "the response does not depend on those fields" };
}

/** For the stored response that had to be validated. */
export function validationMend(detail: ValidationDetail, isWish: boolean): Mend {
  switch (detail) {
    case "past-freshness":
    case "soft-purged":
      return { rule: "stale-while-revalidate: 10m" };
    case "no-cache":
      return isWish ? IGNORE_CLIENTS : SHARED_ANYHOW;
    case "max-age":
    case "min-fresh":
      return IGNORE_CLIENTS;
    case "purged":
    case "lapsed":
      return undefined;
  }
}

/** For the request that passed the cache by. */
export function bypassMend(detail: BypassDetail | PassedDetail): Mend {
  switch (detail) {
    case "no-store":
    case "if-match":
    case "if-unmodified-since":
      return IGNORE_CLIENTS;
    case "memory-short":
      return MORE_MEMORY;
    case "rule-bypass":
      return { rule: "bypass: false", isEarlier: true };
    case "content":
    case "content-too-large":
    case "content-range":
    case "incremental":
      return undefined;
  }
}

/** For people. `pattern`: of the path of a rule; undefined: it cannot be told. */
export function shownMend(mend: Mend, pattern: string | undefined): string {
  if (mend === undefined) return "";
  if ("setting" in mend) return `${mend.setting}, a setting of the site`;
  if ("larger" in mend) return `a larger ${mend.larger}`;
  if ("field" in mend) return `${mend.field}, sent by the origin`;
  const { rule, provided, isEarlier } = mend;
  const where = `in ${isEarlier === true ? "an earlier rule" : "a rule"}${pattern === undefined ? "" : ` for ${pattern}`}`;
  return `${rule}, ${where}${provided === undefined ? "" : `, if ${provided}`}`;
}
