import { describeError } from "./failure.ts";
import { readSmallFile } from "./settings/small-file.ts";
import { readSigningKeys, type SigningKey } from "./url-signature.ts";

/** The keys in a file; or what is wrong with it, without any secret. */
export function signingKeysIn(path: string): readonly SigningKey[] | string {
  try {
    return readSigningKeys(readSmallFile(path));
  } catch (thrown) {
    return `it cannot be read (${describeError(thrown)})`;
  }
}
