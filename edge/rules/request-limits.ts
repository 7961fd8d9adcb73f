import type { Fields } from "../../http/message/fields.ts";

/** How large the requests of a site may be, in bytes. */
export interface RequestLimits {
  /** Of the content. Infinity: as large as the origin takes. */
  readonly body: number;
  /** Of the target: path and query. */
  readonly url: number;
  /** Of the field section. */
  readonly fields: number;
}

/** What http/message takes of a target and of a field section: a site may take less. */
export const MOST_OF_HEAD = 8 * 1024;

/** What HTTP itself sets here, and no more. */
export const WIDEST_LIMITS: RequestLimits = {
  body: Number.POSITIVE_INFINITY,
  url: MOST_OF_HEAD,
  fields: MOST_OF_HEAD,
};

/** The limit that a request breaks by its head, in the words of Cache-Status. */
export type BrokenLimit = "target-too-long" | "fields-too-large" | "body-too-large";

/** undefined: none. Content of unknown length is measured while it comes. */
export function brokenLimit(
  { target, fields }: { readonly target: string; readonly fields: Fields },
  limits: RequestLimits,
): BrokenLimit | undefined {
  if (target.length > limits.url) return "target-too-long";
  if (isTooLarge(fields.raw, limits)) return "fields-too-large";
  return Number(fields.get("content-length") ?? 0) > limits.body ? "body-too-large" : undefined;
}

/** Whether a field section, given as names and values, is larger than the limit. */
export function isTooLarge(raw: readonly string[], limits: RequestLimits): boolean {
  // The reader of heads has refused more already.
  if (limits.fields >= MOST_OF_HEAD) return false;
  let bytes = 0;
  // A colon, a space and the line end, or what HTTP/2 has in their place.
  for (const text of raw) bytes += text.length + 2;
  return bytes > limits.fields;
}
