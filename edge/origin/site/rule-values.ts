import { z } from "zod";
import { fileValue } from "../../../process/settings/file-values.ts";
import { duration, text, type ValueType } from "../../../process/settings/values.ts";
import type { NamedValues } from "../../rules/site/site-rule.ts";

// Longer than the patterns that people write, and short enough to be tried for each request.
const LONGEST_PATTERN = 256;
const MOST_STARS = 16;
// A list of one condition is as long as a screen.
const MOST_MEMBERS = 50;

/** One value, or a list of them. */
export function oneOrMore<T>(each: z.ZodType<T>): z.ZodType<readonly T[]> {
  const list = z
    .array(each)
    .min(1, { error: "must have at least one value" })
    .max(MOST_MEMBERS, { error: `must have at most ${MOST_MEMBERS} values` });
  return z.preprocess((value) => (Array.isArray(value) ? value : [value]), list);
}

function isPattern(value: string): boolean {
  return value !== "" && value.length <= LONGEST_PATTERN && value.split("*").length <= MOST_STARS + 1;
}

const PATTERN_RULE = `1 to ${LONGEST_PATTERN} characters with at most ${MOST_STARS} of "*"`;

function pattern(rule: string, shape: RegExp): ValueType<string> {
  const type = text(`${rule}: ${PATTERN_RULE}`, shape);
  return { ...type, parse: (value) => (isPattern(value) ? type.parse(value) : undefined) };
}

const PATH_RULE =
  'a path such as /a/*.css or /a/**, beginning with "/", without "?", with "**" as whole segments';
const somePath = pattern(PATH_RULE, /^\/[^\s?#\\]*$/);

export const pathPatternType: ValueType<string> = {
  ...somePath,
  parse: (value) => (value.split("/").every(isSegment) ? somePath.parse(value) : undefined),
};

export const pathPattern = fileValue(pathPatternType);

function isSegment(segment: string): boolean {
  return segment === "**" || !segment.includes("**");
}

export const hostPattern = fileValue(pattern("a host name such as *.example.org", /^[A-Za-z0-9.*_:[\]-]+$/));
const valuePattern = fileValue(pattern('a text, in which "*" is any text', /^[^\p{Cc}]+$/u));
export const namePattern = fileValue(pattern("the name of a parameter, such as utm_*", /^[^\s&=;]+$/));
export const typePattern = fileValue(
  pattern(
    "a media type such as text/html or image/*",
    /^[A-Za-z0-9*][A-Za-z0-9!#$&^_.+*-]*\/[A-Za-z0-9*][A-Za-z0-9!#$&^_.+*-]*$/,
  ),
);
export const cookieNameType = text("the name of a cookie", /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/);
export const methodName = fileValue(text("a method in capital letters, such as GET", /^[A-Z]{1,32}$/));
export const statusPattern = fileValue<string>({
  ...text("a status from 200 to 599, or a class of them such as 5xx", /^(?:[2-5]\d\d|[2-5][xX][xX])$/),
  fileForm: "number",
});

const someName = z
  .string({ error: "must be a name" })
  .refine((name) => name !== "" && name.length <= 100, { error: "must be a name of 1 to 100 characters" });

const allNames = z.record(
  someName,
  z.union([z.literal(true).transform((): readonly string[] => []), oneOrMore(valuePattern)], {
    error: "must be true, a text, or a list of texts",
  }),
);

const oneOfNames = oneOrMore(someName);

/** Names with patterns of their values: `{name: value}`; or a name alone, or a list of names, of which one must be there. */
export const namedValues = z.unknown().transform((value, context): NamedValues => {
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
  const checked = (isMap ? allNames : oneOfNames).safeParse(value, { reportInput: true });
  if (checked.success) return checked.data;
  for (const { path, input, message, ...issue } of checked.error.issues) {
    const ofKey = issue.code === "invalid_key" ? issue.issues[0]?.message : undefined;
    context.issues.push({ code: "custom", message: ofKey ?? message, path: [...path], input });
  }
  return z.NEVER;
});

const YEAR_MS = 365 * 86_400_000;

const span = duration(0, YEAR_MS);

/** Seconds. */
export const seconds = fileValue<number>({
  ...span,
  rule: "0, or a duration of whole seconds from 1s to 365d, such as 30s, 10m, 1h or 30d",
  parse: (value) => {
    const days = /^(\d{1,3})d$/.exec(value)?.[1];
    const ms = span.parse(days === undefined ? value : `${Number(days) * 24}h`);
    return ms === undefined || ms % 1_000 !== 0 ? undefined : ms / 1_000;
  },
});

/** Fields by which HTTP itself works, or that the edge sets: a rule that changed them would break the message. */
const FRAMING =
  /^(?:age|cache-status|cdn-loop|connection|content-encoding|content-length|content-range|date|host|keep-alive|proxy-.*|range|set-cookie|te|trailer|transfer-encoding|upgrade|via|x-cache|x-forwarded-.*|edgecache-after|edgecache-mark|edgecache-peer|edgecache-token|if-.*|expect|cookie)$/i;

export const changeableField = fileValue(
  text(
    "the name of a field, and none by which HTTP itself works, such as Content-Length, Cookie or Via",
    /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/,
  ),
).refine((name) => !FRAMING.test(name), {
  error:
    "must be the name of a field, and none by which HTTP itself works, such as Content-Length, Cookie or Via",
});

// The longest in use are content security policies.
export const fieldText = fileValue(
  text("a field value of at most 4096 visible ASCII characters and spaces", /^(?! )[\x20-\x7e]*[\x21-\x7e]$/),
);

export const tag = fileValue(
  text("1 to 256 printable ASCII characters without a comma or a space", /^[\x21-\x2b\x2d-\x7e]{1,256}$/),
);
export const ruleName = fileValue(
  text(
    "a name of 1 to 63 letters, digits, dots, hyphens and underscores",
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
  ),
);
export const yes = z.literal(true, { error: "must be true, or left out" });
export const yesOrNo = z.boolean({ error: "must be true or false" });
