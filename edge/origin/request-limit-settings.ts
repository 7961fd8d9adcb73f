import { z } from "zod";
import { fileValue } from "../../process/settings/file-values.ts";
import { setting } from "../../process/settings/program.ts";
import { bytes, type ValueType } from "../../process/settings/values.ts";
import { MOST_OF_HEAD, type RequestLimits, WIDEST_LIMITS } from "../rules/request-limits.ts";

// Below these no browser could ask for a page.
const LEAST_URL = 64;
const LEAST_FIELDS = 512;

const size = bytes(0, 2 ** 40);

const bodySize: ValueType<number> = {
  ...size,
  rule: `off, or ${size.rule}`,
  parse: (value) => (value === "off" ? WIDEST_LIMITS.body : size.parse(value)),
  format: (value) => (value === WIDEST_LIMITS.body ? "off" : size.format(value)),
};

const types = {
  bodyLimit: bodySize,
  urlLimit: bytes(LEAST_URL, MOST_OF_HEAD),
  fieldsLimit: bytes(LEAST_FIELDS, MOST_OF_HEAD),
};

/** How large requests may be, as flags, for the site of --origin. */
export const requestLimitSettings = {
  bodyLimit: setting({
    type: types.bodyLimit,
    default: WIDEST_LIMITS.body,
    help: "The largest content of a request. A larger one gets 413: at once where its length is known, else when it has come so far; then its request to the origin is broken off. off: no limit.",
  }),
  urlLimit: setting({
    type: types.urlLimit,
    default: WIDEST_LIMITS.url,
    help: "The longest path with query. A longer one gets 414.",
  }),
  fieldsLimit: setting({
    type: types.fieldsLimit,
    default: WIDEST_LIMITS.fields,
    help: "The largest field section of a request. A larger one gets 431.",
  }),
};

/** The values of these flags. */
export interface RequestLimitValues {
  readonly bodyLimit: number;
  readonly urlLimit: number;
  readonly fieldsLimit: number;
}

export function requestLimitsAmong({ bodyLimit, urlLimit, fieldsLimit }: RequestLimitValues): RequestLimits {
  return { body: bodyLimit, url: urlLimit, fields: fieldsLimit };
}

/** The same as keys of a site in the configuration file. */
export const requestLimitKeys = {
  "body-limit": fileValue(types.bodyLimit).default(WIDEST_LIMITS.body),
  "url-limit": fileValue(types.urlLimit).default(WIDEST_LIMITS.url),
  "fields-limit": fileValue(types.fieldsLimit).default(WIDEST_LIMITS.fields),
};

const keys = z.object(requestLimitKeys);

export function requestLimitsOf(values: z.infer<typeof keys>): RequestLimits {
  return { body: values["body-limit"], url: values["url-limit"], fields: values["fields-limit"] };
}
