import type { Fields } from "../../http/message/fields.ts";
import { dateOf, initialAge } from "./age.ts";
import { type CachePolicy, cachePolicy } from "./cache-policy.ts";
import { codingsOf } from "./content-coding.ts";
import { type EntityTag, parseEntityTag } from "./entity-tag.ts";
import { briefSeconds } from "./error-status.ts";
import type { Selecting, TimedHead } from "./exchange.ts";
import { freshnessLifetime, type Lifetime } from "./freshness.ts";
import { type HeldPart, heldPart } from "./partial.ts";
import { clientFields } from "./storable.ts";

/** A response head with all that its fields say, parsed once when it is stored. A hit parses nothing. */
export interface ParsedHead extends TimedHead {
  readonly policy: CachePolicy;
  readonly lifetime: Lifetime;
  /** Its age in seconds when it arrived (RFC 9111 section 4.2.3). */
  readonly initialAge: number;
  /** When it was made, in wall-clock milliseconds. */
  readonly date: number;
  readonly entityTag: EntityTag | undefined;
  /** The part of a representation that it holds; undefined: it is not a usable 206. */
  readonly held: HeldPart | undefined;
  /** The content codings that a client must accept, unless Vary names Accept-Encoding. */
  readonly codings: readonly string[];
  /** The fields as a client gets them. */
  readonly clientFields: Fields;
}

/** The properties of a stored response that the rules read. */
export interface StoredHead extends ParsedHead {
  readonly selecting: Selecting;
  /** The method of the request that it answered. */
  readonly method: "GET" | "HEAD" | "POST" | "QUERY";
  /** Whether that request carried Authorization. */
  readonly authorized: boolean;
}

/** The head of an error: fresh for seconds. */
export function briefHead(head: ParsedHead): ParsedHead {
  const { seconds, source } = head.lifetime;
  return { ...head, lifetime: { seconds: briefSeconds(seconds), source } };
}

/** Parses a head whose fields may be stored as they are. `policy`: where it has been parsed already. */
export function parsedHead(
  { status, fields, requestTime, responseTime }: TimedHead,
  policy = cachePolicy(fields),
): ParsedHead {
  const head: TimedHead = { status, fields, requestTime, responseTime };
  return {
    ...head,
    policy,
    lifetime: freshnessLifetime(head, policy),
    initialAge: initialAge(head),
    date: dateOf(head),
    entityTag: parseEntityTag(fields.get("etag")),
    held: heldPart(head),
    codings: codingsOf(fields),
    clientFields: fields.has("surrogate-control") ? clientFields(fields) : fields,
  };
}
