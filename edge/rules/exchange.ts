import type { Fields } from "../../http/message/fields.ts";
import type { Scheme } from "../../http/message/scheme.ts";
import type { Form } from "./compression.ts";
import type { OfferedDictionary } from "./dictionary.ts";
import type { Moment } from "./moment.ts";
import type { MatchedRules } from "./site/matched-rules.ts";

/** The content of a request that is part of its key: the cache answers it as it answers a GET. */
export interface KeyedContent {
  /** The method, and a digest of the content and of the fields that say how to read it: `QUERY/uNE…`. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** One of the equal pieces of a body, counted from 0. The last one may be shorter. */
export interface Slice {
  readonly size: number;
  readonly number: number;
}

/** The properties of a request that the rules read. */
export interface CacheRequest {
  readonly method: string;
  /** Path with optional query, beginning with "/", byte for byte as received. */
  readonly target: string;
  readonly site: string;
  /** Scheme and host of the URI, as the origin is told of them; absent when it is not, as a directory. */
  readonly base?: string;
  readonly fields: Fields;
  /** Its content, where that is in the key. */
  readonly content?: KeyedContent | undefined;
  /** The slice of a large body that it asks for, which is in the key. */
  readonly slice?: Slice | undefined;
  /** How the request came. The origin gets it in X-Forwarded-Proto, -Host and -For; what the client wrote there does not count. */
  readonly scheme?: Scheme;
  readonly authority?: string;
  readonly addresses?: string | undefined;
  /** The rules of the site that the request has matched; absent before they were asked. */
  readonly matched?: MatchedRules;
  /** Where the edge compresses: it asks the origin for identity, and each client gets the form that it prefers. */
  readonly negotiation?: Negotiation;
}

/** What a client accepts, where the edge itself codes what it sends. */
export interface Negotiation {
  /** As the client sent it. */
  readonly acceptEncoding: string | undefined;
  /** The best first. */
  readonly forms: readonly Form[];
  /** Whether previous versions are dictionaries, so that the one a client offers is not in the key. */
  readonly byPrevious?: boolean;
  readonly dictionary?: OfferedDictionary | undefined;
}

/** The request fields that Vary names, in lower case, with their normalised values. undefined: the field was absent. */
export type Selecting = ReadonlyMap<string, string | undefined>;

/** The properties of a response that the rules read: its status and its fields. */
export interface ResponseHead {
  readonly status: number;
  readonly fields: Fields;
}

/** A response head with the times of its exchange. */
export interface TimedHead extends ResponseHead {
  /** When the request was sent. */
  readonly requestTime: Moment;
  /** When the response fields arrived. */
  readonly responseTime: Moment;
}
