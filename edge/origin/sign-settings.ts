import { z } from "zod";
import { fileValue } from "../../process/settings/file-values.ts";
import { setting } from "../../process/settings/program.ts";
import { duration, listOf, text, type ValueType } from "../../process/settings/values.ts";
import { NOTHING_SIGNED, SignedUrls, type SignSettings } from "../rules/site/signed-urls.ts";
import { pathPatternType } from "./site/rule-values.ts";

const DAY_MS = 86_400_000;
const NONE = NOTHING_SIGNED.written;

const parameter: ValueType<string> = {
  ...text("the name of a parameter: 1 to 32 letters, digits, hyphens and underscores", /^[\w-]{1,32}$/),
  name: "name",
};

const types = {
  signKeys: { ...text("the path of a file with signing keys"), name: "path" },
  signPaths: listOf(pathPatternType),
  signParameter: parameter,
  signExpires: duration(1_000, 365 * DAY_MS),
};

/** Signed URLs, as flags, for the site of --origin. */
export const signSettings = {
  signKeys: setting({
    type: types.signKeys,
    help: "File with the keys of signed URLs: a line each, an id and a secret. A token may be made with any of them. It is read again with the settings.",
  }),
  signPaths: setting({
    type: types.signPaths,
    default: [...NONE.paths],
    help: "Patterns of paths that are served only to URLs with a token, such as /private/**. npx edgecache sign makes one. Others get 403.",
  }),
  signParameter: setting({
    type: types.signParameter,
    default: NONE.parameter,
    help: "The parameter of the URL with the token. It is neither in the key nor sent to the origin.",
  }),
  signExpires: setting({
    type: types.signExpires,
    default: NONE.longest,
    help: "The longest time from now until when a token may be good.",
  }),
};

/** The values of these flags. */
export interface SignValues {
  readonly signKeys: string | undefined;
  readonly signPaths: readonly string[];
  readonly signParameter: string;
  readonly signExpires: number;
}

export function signedAmong(values: SignValues): SignedUrls {
  const { signKeys: keys, signPaths: paths, signParameter, signExpires } = values;
  return signedUrls({ keys, paths, parameter: signParameter, longest: signExpires });
}

/** The same as keys of a site in the configuration file. */
export const signKeysOfFile = {
  "sign-keys": fileValue(types.signKeys).optional(),
  "sign-paths": fileValue(types.signPaths).default([...NONE.paths]),
  "sign-parameter": fileValue(types.signParameter).default(NONE.parameter),
  "sign-expires": fileValue(types.signExpires).default(NONE.longest),
};

const keys = z.object(signKeysOfFile);

export function signedOf(values: z.infer<typeof keys>): SignedUrls {
  return signedUrls({
    keys: values["sign-keys"],
    paths: values["sign-paths"],
    parameter: values["sign-parameter"],
    longest: values["sign-expires"],
  });
}

/** The keys are read when the site is opened. */
export function signedUrls(written: SignSettings): SignedUrls {
  return written.paths.length === 0 && written.keys === undefined ? NOTHING_SIGNED : new SignedUrls(written);
}
