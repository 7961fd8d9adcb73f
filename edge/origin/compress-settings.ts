import { z } from "zod";
import { isToken } from "../../http/message/token.ts";
import { fileValue } from "../../process/settings/file-values.ts";
import { setting } from "../../process/settings/program.ts";
import { bytes, choice, listOf, type ValueType } from "../../process/settings/values.ts";
import {
  type CompressRules,
  type ContentCoding,
  contentCodings,
  NO_COMPRESSION,
} from "../rules/compression.ts";

const several = listOf(choice(...contentCodings));

/** None: `off`. */
export const codings: ValueType<readonly ContentCoding[]> = {
  name: "coding,…",
  rule: `off, or a list of ${contentCodings.join(", ")}, each at most once, separated by commas`,
  fileForm: "list",
  parse: (value) => {
    if (value === "off") return [];
    const named = several.parse(value);
    return named === undefined || new Set(named).size < named.length ? undefined : named;
  },
  format: (value) => (value.length === 0 ? "off" : several.format(value)),
};

const mediaType: ValueType<string> = {
  name: "type",
  rule: "a media type such as text/html, a group such as text/*, or a suffix such as +json",
  parse: (value) => {
    const lower = value.toLowerCase();
    const [type = "", subtype, ...more] = lower.split("/");
    const isSuffix = lower.startsWith("+") && isToken(lower);
    return isSuffix || (more.length === 0 && isToken(type) && subtype !== undefined && isToken(subtype))
      ? lower
      : undefined;
  },
  format: (value) => value,
};

const types = {
  compress: codings,
  compressTypes: listOf(mediaType),
  // A body of a byte has no use for it, and one of a MiB that is sent as it is takes a second on a slow line.
  compressMinSize: bytes(1, 2 ** 20),
};

/** What the edge compresses, as flags, for the site of --origin. */
export const compressSettings = {
  compress: setting({
    type: types.compress,
    default: NO_COMPRESSION.codings,
    help: "Content codings in which the edge offers stored responses, the preferred one first. It makes each once, behind the first answer that could have used it, and asks the origin for responses without a coding. off: clients get what the origin sends.",
  }),
  compressTypes: setting({
    type: types.compressTypes,
    default: NO_COMPRESSION.types,
    help: "Media types that --compress applies to.",
  }),
  compressMinSize: setting({
    type: types.compressMinSize,
    default: NO_COMPRESSION.minSize,
    help: "The smallest body that --compress applies to.",
  }),
};

/** The values of these flags. */
export interface CompressValues {
  readonly compress: CompressRules["codings"];
  readonly compressTypes: CompressRules["types"];
  readonly compressMinSize: CompressRules["minSize"];
}

export function compressAmong(values: CompressValues): CompressRules {
  return { codings: values.compress, types: values.compressTypes, minSize: values.compressMinSize };
}

/** The same as keys of a site in the configuration file. */
export const compressKeys = {
  compress: fileValue(types.compress).default(NO_COMPRESSION.codings),
  "compress-types": fileValue(types.compressTypes).default(NO_COMPRESSION.types),
  "compress-min-size": fileValue(types.compressMinSize).default(NO_COMPRESSION.minSize),
};

const keys = z.object(compressKeys);

export function compressOf(values: z.infer<typeof keys>): CompressRules {
  return {
    codings: values.compress,
    types: values["compress-types"],
    minSize: values["compress-min-size"],
  };
}
