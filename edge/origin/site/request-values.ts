import { z } from "zod";
import { isForgeable } from "../../../http/message/forgeable-fields.ts";
import { network } from "../../../http/server/trusted-proxies.ts";
import { fileMap, fileValue } from "../../../process/settings/file-values.ts";
import { choice, duration, text, wholeNumber } from "../../../process/settings/values.ts";
import { contentCodings } from "../../rules/compression.ts";
import type { CompressAction, OriginTimeouts, RateLimit } from "../../rules/site/site-rule.ts";
import { codings } from "../compress-settings.ts";
import {
  changeableField,
  cookieNameType,
  fieldText,
  namePattern,
  oneOrMore,
  yes,
  yesOrNo,
} from "./rule-values.ts";

/** A network as clients are told apart: RFC 6177 gives each a /64. */
const clientNetwork = fileValue(network).refine(
  (value) => !value.includes(":") || Number(/\/(\d+)$/.exec(value)?.[1] ?? 128) <= 64,
  { error: "must be IPv4, or an IPv6 network of /64 or larger: a client has a whole /64" },
);

const networks = oneOrMore(clientNetwork);

export const deny = z.union([yes, networks], {
  error: "must be true, or the networks that are denied: IPv4, or IPv6 of /64 or larger",
});
export const allow = networks;

const HOUR_MS = 3_600_000;
const time = fileValue(duration(1, HOUR_MS)).optional();
// The pool gives a connection up after 5 s.
const connectTime = fileValue(duration(1, 5_000)).optional();

export const timeouts = fileMap(
  { connect: connectTime, "first-byte": time, "between-bytes": time },
  "must be a map of connect, first-byte and between-bytes",
).transform(
  (given): OriginTimeouts => ({
    connectMs: given.connect,
    firstByteMs: given["first-byte"],
    betweenBytesMs: given["between-bytes"],
  }),
);

const SECONDS_OF: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };
// More than an edge serves, and less than one a day.
const MOST_A_SECOND = 1_000_000;

/** Requests a second. */
const rate = fileValue<number>({
  name: "rate",
  rule: "a number of requests with its time, such as 10/s, 100/m or 1000/h",
  parse: (value) => {
    const [, count, unit = ""] = /^(\d{1,7})\/(s|m|h)$/.exec(value) ?? [];
    const perSecond = Number(count) / (SECONDS_OF[unit] ?? 1);
    return perSecond > 0 && perSecond <= MOST_A_SECOND ? perSecond : undefined;
  },
  format: (value) => `${value}/s`,
});

export const limit = fileMap(
  {
    rate,
    burst: fileValue(wholeNumber(1, MOST_A_SECOND)).optional(),
    per: fileValue(choice("client", "key")).default("client"),
  },
  "must be a map of rate, burst and per",
).transform((given): RateLimit => ({ ...given, burst: given.burst ?? Math.max(1, Math.ceil(given.rate)) }));

// A template is a target, whose escapes must be right. What stands for a host must end before the path.
const PATH_TEMPLATE = /^(?:\{path\}|\/)(?:[!$&-;=@-Z\]^_a-z|~[]|%[0-9a-f]{2}|\{(?:path|rest)\})*$/i;
const URL_TEMPLATE =
  /^(?:https?:\/\/(?:\{host\}|[a-z0-9.:[\]-]+)(?:\{path\}|\/(?:[!$&-;=?@-Z\]^_a-z|~[]|%[0-9a-f]{2}|\{(?:path|rest)\})*)?|\{path\}|\/(?:[!$&-;=?@-Z\]^_a-z|~[]|%[0-9a-f]{2}|\{(?:path|rest)\})*)$/i;
const LONGEST_TEMPLATE = 1_024;

function template(rule: string, shape: RegExp) {
  const type = text(rule, shape);
  return fileValue({
    ...type,
    parse: (value) => (value.length <= LONGEST_TEMPLATE ? type.parse(value) : undefined),
  });
}

export const rewrite = template(
  "a path such as /new/{rest}, without a query, in which {path} and {rest} are those of the request",
  PATH_TEMPLATE,
);

const to = template(
  "a URL or a path such as https://www.example.org{path} or /new/{rest}, in which {host}, {path} and {rest} are those of the request",
  URL_TEMPLATE,
);

// RFC 9110 section 15.4.
const redirectStatus = fileValue<301 | 302 | 303 | 307 | 308>({
  name: "status",
  rule: "one of 301, 302, 303, 307, 308",
  fileForm: "number",
  parse: (value) => ([301, 302, 303, 307, 308] as const).find((status) => String(status) === value),
  format: String,
});

// 302: what a mistake in the file has done, browsers forget.
const USUAL_REDIRECT = 302;

export const redirect = z.union(
  [
    to.transform((given) => ({ to: given, status: USUAL_REDIRECT })),
    z.strictObject({ to, status: redirectStatus.default(USUAL_REDIRECT) }),
  ],
  { error: "must be a URL or a path, or a map of to and status (301, 302, 303, 307 or 308)" },
);

// A maintenance page. What is larger is a file, which a directory serves.
const LONGEST_BODY = 16_384;

export const respond = fileMap(
  {
    status: fileValue(wholeNumber(200, 599)).default(200),
    body: z
      .string({ error: "must be text" })
      .refine((body) => body.length <= LONGEST_BODY, { error: `must be at most ${LONGEST_BODY} characters` })
      .default(""),
    type: fieldText.default("text/plain; charset=utf-8"),
  },
  "must be a map of status, body and type",
);

const queryPolicy = fileMap(
  {
    ignore: oneOrMore(namePattern).optional(),
    keep: oneOrMore(namePattern).optional(),
    sort: yes.optional(),
  },
  "must be none, or a map of ignore, keep and sort",
).refine(({ ignore, keep }) => ignore === undefined || keep === undefined, {
  error: "must not have both ignore and keep",
});

const query = z.union([z.literal("none"), queryPolicy], {
  error: "must be none, or a map of either ignore or keep, and sort",
});

// Each name makes more variants.
const MOST_NAMES = 8;
const few = { error: `must have at most ${MOST_NAMES} names` };

/** Fields that have a word of their own, that mean something to a cache, or that only a proxy sends. */
const NOT_IN_KEY = new Set(["accept-encoding", "authorization", "cache-control", "pragma", "user-agent"]);
const keyField = changeableField.refine(
  (name) => !NOT_IN_KEY.has(name.toLowerCase()) && !isForgeable(name.toLowerCase()),
  {
    error:
      "must be a field that clients send, and none that has a word of its own or means something to caches",
  },
);

const cookieName = fileValue(cookieNameType);
const language = fileValue(
  text("a language such as de or pt-BR", /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,3}$/),
);

export const key = fileMap(
  {
    query: query.optional(),
    headers: oneOrMore(keyField)
      .refine((names) => names.length <= MOST_NAMES, few)
      .optional(),
    cookies: oneOrMore(cookieName)
      .refine((names) => names.length <= MOST_NAMES, few)
      .optional(),
    device: yes.optional(),
    language: oneOrMore(language)
      .refine((names) => names.length <= 2 * MOST_NAMES, few)
      .optional(),
    accept: oneOrMore(fileValue(choice("avif", "webp", "jxl"))).optional(),
  },
  "must be a map of query, headers, cookies, device, language and accept",
).refine((given) => Object.values(given).some((value) => value !== undefined), {
  error: "must have one of query, headers, cookies, device, language and accept",
});

export const cookies = z.union([z.enum(["keep", "drop"]), oneOrMore(cookieName)], {
  error: "must be keep, drop, or the names of the cookies that the origin gets",
});

export const compress = z.union(
  [yesOrNo, fileValue(codings).transform((given): CompressAction => (given.length === 0 ? false : given))],
  { error: `must be true, false, or a list of ${contentCodings.join(", ")}, each at most once` },
);

export const requestHeaders = fileMap(
  {
    set: z
      .record(changeableField, fieldText, { error: "must be a map of fields and their values" })
      .optional(),
    remove: oneOrMore(changeableField).optional(),
  },
  "must be a map of set and remove",
);
