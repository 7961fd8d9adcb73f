import type { CompiledRule } from "./compiled-rule.ts";
import type { RuleBook } from "./rule-book.ts";
import type { MatchedRequest } from "./rule-match.ts";
import type { CompressAction, OriginTimeouts, SliceSize } from "./site-rule.ts";

/** The rules whose part about the request has matched, and what they say of it. */
export interface MatchedRules {
  /** In order. */
  readonly rules: readonly CompiledRule[];
  /** The labels of those among them that act on the request. */
  readonly labels: readonly string[];
  /** Of those among them that match what is not in the key. A stored response has the same mark, or is not for the request. */
  readonly mark: string | undefined;
  /** Request fields, in lower case, that are in the key by a rule: as if each response had them in its Vary. */
  readonly varies: readonly string[];
  /** Request fields, in lower case, that the origin gets beside the usual ones. */
  readonly forwards: readonly string[];
  /** The edge's own credentials, in place of the client's. Their answers are no client's own. */
  readonly authorization: string | undefined;
  /** The name of the origin that is asked; undefined: the usual one. */
  readonly origin: string | undefined;
  readonly timeouts: OriginTimeouts | undefined;
  /** What they say of compression; undefined: the site's own setting counts. */
  readonly compress: CompressAction | undefined;
  /** Bytes of the slices of its body; undefined: the site's own setting counts. */
  readonly slice: SliceSize | undefined;
  /** Whether the previous version of a response is a dictionary for it. */
  readonly byPrevious: boolean;
  /** Whether the request passes the cache by. */
  readonly bypasses: boolean;
  /** Whether its answer may be shared, so that rules about the key hold for it. */
  readonly isKeyed: boolean;
  /** Whether a POST only reads, so that it is cached with its content in the key. */
  readonly cachesPost: boolean;
}

export const NONE_MATCHED: MatchedRules = {
  rules: [],
  labels: [],
  mark: undefined,
  varies: [],
  forwards: [],
  authorization: undefined,
  origin: undefined,
  timeouts: undefined,
  compress: undefined,
  slice: undefined,
  byPrevious: false,
  bypasses: false,
  isKeyed: true,
  cachesPost: false,
};

/** RFC 9110 section 9.3.2 and RFC 10008: HEAD and QUERY are cached as GET is. */
const KEYED_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "QUERY"]);

/** For a request with this method. */
export function matchedRules(rules: readonly CompiledRule[], method: string): MatchedRules {
  const bypasses = rules.find(({ rule }) => rule.bypass !== undefined)?.rule.bypass === true;
  // What passes the cache by has no key, so it goes to the origin with all that the client sent.
  const cachesPost = !bypasses && method === "POST" && rules.some(({ rule }) => rule.cachePost === true);
  const isKeyed = !bypasses && (KEYED_METHODS.has(method) || cachesPost);
  const varies = isKeyed ? variesOf(rules) : [];
  const sent = rules.flatMap(({ rule }) => Object.keys(rule.requestHeaders?.set ?? {}));
  const forwards = [...varies, ...sent.map((name) => name.toLowerCase())];
  const authorization = rules.flatMap(({ rule }) => authorizationIn(rule.requestHeaders?.set))[0];
  const origin = rules.find(({ rule }) => rule.origin !== undefined)?.rule.origin;
  const timeouts = rules.find(({ rule }) => rule.timeouts !== undefined)?.rule.timeouts;
  const onRequest = rules.filter(({ actsOnRequest }) => actsOnRequest);
  const compress = onRequest.find(({ rule }) => rule.compress !== undefined)?.rule.compress;
  const slice = rules.find(({ rule }) => rule.slice !== undefined)?.rule.slice;
  const asks = {
    forwards,
    authorization,
    origin,
    timeouts,
    compress,
    slice,
    byPrevious: isByPrevious(rules),
  };
  const labels = onRequest.map(({ label }) => label);
  return { rules, labels, mark: markOf(rules), varies, ...asks, bypasses, isKeyed, cachesPost };
}

/**
 * Not where a rule gives the request another path: a client finds its dictionaries by the paths that it asks for.
 */
export function isByPrevious(rules: readonly CompiledRule[]): boolean {
  if (!rules.some(({ rule }) => rule.dictionary === "previous")) return false;
  const rewrite = rules.find(({ rule }) => rule.rewrite !== undefined)?.rule.rewrite;
  return rewrite === undefined || rewrite === "{path}";
}

function authorizationIn(set: Readonly<Record<string, string>> = {}): readonly string[] {
  return Object.entries(set).flatMap(([name, value]) => (isAuthorization(name) ? value : []));
}

/** It goes to the origin only: the edge must not take it for a credential of the client. */
export function isAuthorization(name: string): boolean {
  return name.toLowerCase() === "authorization";
}

function markOf(rules: readonly CompiledRule[]): string | undefined {
  const marks = rules.flatMap(({ mark }) => mark ?? []);
  return marks.length === 0 ? undefined : marks.join(" ");
}

function variesOf(rules: readonly CompiledRule[]): readonly string[] {
  const names = new Set<string>();
  for (const { rule } of rules) {
    for (const name of rule.key?.headers ?? []) names.add(name.toLowerCase());
    if (rule.key?.cookies !== undefined) names.add("cookie");
    if (rule.key?.device === true) names.add("user-agent");
    if (rule.key?.language !== undefined) names.add("accept-language");
    if (rule.key?.accept !== undefined) names.add("accept");
  }
  return [...names];
}

/**
 * The rules for a request that the edge makes itself, to refresh a stored response: those of its target, and those that
 * the mark of the stored response names.
 */
export function rulesAgain(book: RuleBook, request: MatchedRequest, mark: string | undefined): MatchedRules {
  if (book.rules.length === 0) return NONE_MATCHED;
  const marks = new Set(mark?.split(" "));
  const rules = book.rules.filter((rule) =>
    rule.mark === undefined ? rule.match.matchesRequest(request) : marks.has(rule.mark),
  );
  return matchedRules(rules, request.method);
}
