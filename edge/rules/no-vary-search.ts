import { type BareItem, type InnerList, type Item, isInnerList, parseDictionary } from "structured-headers";
import type { Fields } from "../../http/message/fields.ts";

/**
 * The parts of a query that a response varies on (draft-ietf-httpbis-no-vary-search, "URL search variance").
 */
export interface SearchVariance {
  /** true: only the parameters in `keys` matter. false: all others matter. */
  readonly onlyThese: boolean;
  /** Decoded names. */
  readonly keys: ReadonlySet<string>;
  /** Whether the order of the names matters. */
  readonly ordered: boolean;
}

/** undefined: the response varies on its whole query, byte for byte, also when its field cannot be read. */
export function searchVariance(fields: Fields): SearchVariance | undefined {
  const value = fields.get("no-vary-search");
  if (value === undefined) return undefined;
  try {
    return parsed(parseDictionary(value));
  } catch {
    return undefined;
  }
}

/** Whether two targets (path and query) are the same to a response with this variance ("Comparing"). */
export function equivalentTargets(a: string, b: string, variance: SearchVariance | undefined): boolean {
  if (a === b) return true;
  if (variance === undefined) return false;
  const [left, right] = [split(a), split(b)];
  if (left.path !== right.path) return false;
  const normal = normalQuery(left.query, variance);
  return normal !== undefined && normal === normalQuery(right.query, variance);
}

/** Parsing takes time for each character, and every request for a path may have to be compared. */
const LONGEST_QUERY = 1_024;

/**
 * The parameters of a query that matter, decoded, as one text: equal only for equivalent queries. undefined: the query
 * is equivalent to itself alone. It is too long, or has a ";", at which some origins split parameters and others do not:
 * in `?utm=x;callback=evil` the ignored parameter may hide one that matters.
 */
export function normalQuery(query: string, variance: SearchVariance): string | undefined {
  return query.length > LONGEST_QUERY || query.includes(";") ? undefined : significant(query, variance);
}

function parsed(members: ReadonlyMap<string, Item | InnerList>): SearchVariance | undefined {
  const keyOrder = plainValue(members.get("key-order") ?? [false, new Map()]);
  const params = plainValue(members.get("params") ?? [false, new Map()]);
  const except = members.get("except");
  if (typeof keyOrder !== "boolean") return undefined;
  const ordered = !keyOrder;
  if (params === true) {
    const keys = except === undefined ? new Set<string>() : keysOf(plainValue(except));
    return keys && { onlyThese: true, keys, ordered };
  }
  if (except !== undefined) return undefined;
  const keys = params === false ? new Set<string>() : keysOf(params);
  // This is the default: nothing is ignored and the order matters, so that not even `?a` and `?a=` are the same.
  if (keys === undefined || (keys.size === 0 && ordered)) return undefined;
  return { onlyThese: false, keys, ordered };
}

function plainValue(member: Item | InnerList): BareItem | readonly BareItem[] {
  return isInnerList(member) ? member[0].map(([item]) => item) : member[0];
}

/** undefined: it is not a list of strings. */
function keysOf(value: BareItem | readonly BareItem[]): ReadonlySet<string> | undefined {
  if (!Array.isArray(value)) return undefined;
  const keys = new Set<string>();
  for (const item of value) {
    if (typeof item !== "string") return undefined;
    keys.add(decodedKey(item));
  }
  return keys;
}

/** "Parse a key": decoded like a name in a form-encoded query, except that "&" and "=" are part of the name. */
function decodedKey(text: string): string {
  const escaped = text.replace(/[&=]/g, (char) => encodeURIComponent(char));
  return [...new URLSearchParams(`&${escaped}=`).keys()][0] ?? "";
}

/** A target as its path and its query, without the "?". */
export function split(target: string): { path: string; query: string } {
  const at = target.indexOf("?");
  return at === -1 ? { path: target, query: "" } : { path: target.slice(0, at), query: target.slice(at + 1) };
}

/** The parameters that matter, decoded, as one text. Two texts are equal only for the same parameters. */
function significant(query: string, variance: SearchVariance): string {
  const pairs = [...new URLSearchParams(`&${query}`)];
  const kept = pairs.filter(([key]) => variance.keys.has(key) === variance.onlyThese);
  // A stable sort: parameters of one name keep their order among themselves.
  if (!variance.ordered) kept.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return JSON.stringify(kept);
}
