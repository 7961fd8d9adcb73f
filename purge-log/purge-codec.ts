import { z } from "zod";
import { describeError } from "../process/failure.ts";
import { LEAST_REBOUND_MS, MOST_PACE, MOST_REBOUND_MS, MOST_TARGETS, MOST_URL, type Purge } from "./purge.ts";
import type { LogEntry } from "./purge-log.ts";
import { MOST_BY } from "./taker.ts";

// A caller's id is shorter; an edge may add to it.
const MOST_ID = 256;
// A host name has at most 253 characters; a site's name is one or shorter.
const MOST_SITE = 253;
const MOST_DIGEST = 128;
/** Characters of one entry: four times the largest Purge call (64 KiB), to allow for JSON's quotes and field names. */
const MOST_ENTRY = 262_144;

const site = z.exactOptional(z.string().min(1).max(MOST_SITE));
const text = z.string().min(1).max(MOST_URL);

// Strict: a field that we do not know may narrow the purge or widen it, so the entry is not understood.
const PURGE: z.ZodType<Purge> = z
  .strictObject({
    purgeId: z.string().min(1).max(MOST_ID),
    targets: z
      .array(
        z.discriminatedUnion("kind", [
          z.strictObject({ kind: z.literal("url"), target: text, site }),
          z.strictObject({ kind: z.literal("prefix"), prefix: text, site }),
          z.strictObject({ kind: z.literal("tag"), tag: text, site }),
          z.strictObject({ kind: z.literal("everything"), site }),
        ]),
      )
      .min(1)
      .max(MOST_TARGETS),
    soft: z.boolean(),
    pace: z.exactOptional(z.int().min(1).max(MOST_PACE)),
    reboundMs: z.exactOptional(z.number().min(LEAST_REBOUND_MS).max(MOST_REBOUND_MS)),
    sites: z.exactOptional(z.string().min(1).max(MOST_DIGEST)),
    by: z.string().max(MOST_BY),
  })
  .refine(({ soft, pace }) => soft || pace === undefined, { path: ["pace"], message: "only with soft" });

/**
 * The format of a purge in the log. A purge that names none has this one, and edges name none: those of earlier versions
 * take every field that they do not know for a purge of everything. Another number is for a change that the strict
 * reading of fields does not show, such as another meaning of one. An edge takes every number that it does not know for
 * a purge of everything.
 */
const FORMAT = 1;

/** The names of the one field that an entry has. */
export const PURGE_FIELD = "purge";
const BARRIER_FIELD = "barrier";

/** `text` is the value of the entry's purge field. */
export type EncodedPurge =
  | { readonly kind: "encoded"; readonly text: string }
  | { readonly kind: "refused"; readonly reason: string };

// A decoder of UTF-8 puts this in the place of bytes that are not UTF-8.
const REPLACEMENT = "\ufffd";

/** Refuses a purge that decodeEntry would not understand. */
export function encodePurge(purge: Purge): EncodedPurge {
  const checked = PURGE.safeParse(purge);
  if (!checked.success) return { kind: "refused", reason: firstIssue(checked.error) };
  const json = JSON.stringify(checked.data).replaceAll(REPLACEMENT, "\\ufffd");
  return json.length > MOST_ENTRY
    ? {
        kind: "refused",
        reason: `a purge has at most ${MOST_ENTRY} characters of JSON, got ${json.length}`,
      }
    : { kind: "encoded", text: json };
}

/** `fields` is name, value, name, value … as Redis returns them. Never throws. */
export function decodeEntry(fields: readonly string[]): LogEntry["content"] {
  const [name, value] = fields;
  if (fields.length !== 2 || value === undefined) {
    return unreadable(`an entry has one field, got ${fields.length / 2}`);
  }
  switch (name) {
    case PURGE_FIELD:
      return decodePurge(value);
    case BARRIER_FIELD:
      return { kind: "barrier", reason: shortened(value) };
    default:
      return unreadable(`an entry's field is ${PURGE_FIELD} or ${BARRIER_FIELD}, got ${name}`);
  }
}

function decodePurge(json: string): LogEntry["content"] {
  if (json.length > MOST_ENTRY) {
    return unreadable(`a purge has at most ${MOST_ENTRY} characters of JSON, got ${json.length}`);
  }
  if (json.includes(REPLACEMENT)) return unreadable("a purge is UTF-8, got other bytes");
  try {
    const { format, fields } = formatted(JSON.parse(json));
    if (format !== FORMAT) {
      return unreadable(`this edge knows format ${FORMAT} of purges, got ${JSON.stringify(format)}`);
    }
    const checked = PURGE.safeParse(fields);
    return checked.success
      ? { kind: "purge", purge: checked.data }
      : unreadable(`not a purge: ${firstIssue(checked.error)}`);
  } catch (thrown) {
    return unreadable(`a purge is JSON: ${describeError(thrown)}`);
  }
}

function formatted(json: unknown): { readonly format: unknown; readonly fields: unknown } {
  if (typeof json !== "object" || json === null || !("format" in json))
    return { format: FORMAT, fields: json };
  const { format, ...fields } = json;
  return { format, fields };
}

function unreadable(reason: string): LogEntry["content"] {
  return { kind: "unreadable", reason: shortened(reason) };
}

/** Foreign text goes into one log line, so it is cut to a length fit for one. */
function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue === undefined ? error.message : `${issue.path.join(".")}: ${issue.message}`;
}
