/** A rule of a site as its owner wrote it: plain data, which can be sent to another thread. */
export interface SiteRule extends RequestActions, ResponseActions {
  readonly name?: string | undefined;
  readonly match: RuleMatch;
}

/**
 * All of these names, each with the patterns of its value, of which one must fit; without patterns it must be there. Or a
 * list of names, of which one must be there.
 */
export type NamedValues = Readonly<Record<string, readonly string[]>> | readonly string[];

/** All that is given must hold. Of a list, one member must. */
export interface RuleMatch {
  readonly path?: readonly string[] | undefined;
  readonly host?: readonly string[] | undefined;
  readonly method?: readonly string[] | undefined;
  readonly query?: NamedValues | undefined;
  readonly header?: NamedValues | undefined;
  readonly cookie?: NamedValues | undefined;
  /** Of the response: `404`, `5xx`. */
  readonly status?: readonly string[] | undefined;
  /** Of the response: its media type. */
  readonly type?: readonly string[] | undefined;
}

/** Which cookies of a request the origin gets. */
export type CookiePolicy = "keep" | "drop" | readonly string[];

/** Whether the edge compresses: not at all, as the site does it, or in these codings. */
export type CompressAction = boolean | readonly ("zstd" | "br" | "gzip")[];

/** How fields are changed. Names are as written. */
export interface FieldChanges {
  readonly set?: Readonly<Record<string, string>> | undefined;
  readonly add?: Readonly<Record<string, string>> | undefined;
  readonly remove?: readonly string[] | undefined;
}

/** Which parameters of the query the origin and the key have. */
export interface QueryPolicy {
  /** Patterns of names. */
  readonly ignore?: readonly string[] | undefined;
  /** Patterns of names: the others are ignored. */
  readonly keep?: readonly string[] | undefined;
  readonly sort?: boolean | undefined;
}

/** What the key has beside the URL. The origin gets the normal form that is in the key, and nothing else of it. */
export interface KeyParts {
  readonly query?: "none" | QueryPolicy | undefined;
  readonly headers?: readonly string[] | undefined;
  readonly cookies?: readonly string[] | undefined;
  readonly device?: boolean | undefined;
  readonly language?: readonly string[] | undefined;
  readonly accept?: readonly string[] | undefined;
}

/** `to` is a template (target-template.ts). */
export interface Redirect {
  readonly to: string;
  readonly status: number;
}

export interface FixedAnswer {
  readonly status: number;
  readonly body: string;
  readonly type: string;
}

/** How long the origin may take, in milliseconds, where it is not as usual. */
export interface OriginTimeouts {
  /** Until a connection that is opened for the request is there, by TLS too; at most 5 s. */
  readonly connectMs?: number | undefined;
  /** Until the fields of the response are there; the time for a connection counts. */
  readonly firstByteMs?: number | undefined;
  /** Between two pieces of the body that a reader waits for. */
  readonly betweenBytesMs?: number | undefined;
}

/** Bytes of each slice of a body. */
export type SliceSize = number | "off";

/** A bucket of `burst` requests, which fills by `rate` a second. */
export interface RateLimit {
  readonly rate: number;
  readonly burst: number;
  readonly per: "client" | "key";
}

/** What becomes of a request, before its key is made. */
export interface RequestActions {
  /** Answered with 403: everybody, or the clients of these networks. */
  readonly deny?: true | readonly string[] | undefined;
  /** Answered with 403: everybody but the clients of these networks. */
  readonly allow?: readonly string[] | undefined;
  readonly limit?: RateLimit | undefined;
  readonly redirect?: Redirect | undefined;
  readonly respond?: FixedAnswer | undefined;
  /** `false`: not, whatever a later rule says. */
  readonly bypass?: boolean | undefined;
  /** A POST only reads: its answer is stored where it is explicitly fresh, with the request's content in the key. */
  readonly cachePost?: boolean | undefined;
  readonly rewrite?: string | undefined;
  readonly key?: KeyParts | undefined;
  readonly cookies?: CookiePolicy | undefined;
  /** The name of another origin of the site. */
  readonly origin?: string | undefined;
  readonly timeouts?: OriginTimeouts | undefined;
  /** Bodies are fetched and kept in slices of so many bytes. */
  readonly slice?: SliceSize | undefined;
  /** What the edge compresses by itself. `false` also where the rule matches a response. */
  readonly compress?: CompressAction | undefined;
  /** The version of a response that it replaces is a dictionary for it (RFC 9842). */
  readonly dictionary?: "previous" | undefined;
  /** Of all methods. A field that is added to what the client sent would not be in the key. */
  readonly requestHeaders?: Omit<FieldChanges, "add"> | undefined;
}

/** A lifetime in seconds; `override` also where the response says that it must not be shared. */
export interface RuleTtl {
  readonly seconds: number;
  readonly override: boolean;
}

/** What becomes of a response. Times are in seconds. */
export interface ResponseActions {
  /** `false`: stored as usual, whatever a later rule says. */
  readonly noStore?: boolean | undefined;
  readonly ttl?: RuleTtl | undefined;
  readonly ttlIfMissing?: number | undefined;
  readonly negativeTtl?: Readonly<Record<string, number>> | undefined;
  readonly browserTtl?: number | undefined;
  readonly staleWhileRevalidate?: number | undefined;
  /** Where the response does not say how long it is fresh. */
  readonly staleWhileRevalidateIfMissing?: number | undefined;
  readonly staleIfError?: number | undefined;
  readonly setCookie?: "refuse" | "strip" | "obey" | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly responseHeaders?: FieldChanges | undefined;
}
