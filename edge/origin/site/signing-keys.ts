import { Failure } from "../../../process/failure.ts";
import type { Log } from "../../../process/log.ts";
import { isReadableByAll } from "../../../process/settings/small-file.ts";
import { show } from "../../../process/settings/values.ts";
import { signingKeysIn } from "../../../process/signing-key-file.ts";
import { KEY_FILE_RULE } from "../../../process/url-signature.ts";
import { SignedUrls } from "../../rules/site/signed-urls.ts";
import { tokenCheck } from "./token-check.ts";

/** The same with the keys of its file, as it is now. Throws a Failure when URLs would need a token that nobody can make. */
export function withKeys(signed: SignedUrls, site: string, log: Log): SignedUrls {
  const { keys: path, paths } = signed.written;
  if (paths.length === 0 && path === undefined) return signed;
  if (path === undefined || paths.length === 0) {
    const got = path === undefined ? "sign-paths" : "sign-keys";
    throw refused(`sign-keys, sign-paths of site "${site}": must be given together, got only ${got}`);
  }
  const keys = signingKeysIn(path);
  if (typeof keys === "string")
    throw refused(`sign-keys of site "${site}": must be a file of ${KEY_FILE_RULE}; ${keys}: ${show(path)}`);
  if (isReadableByAll(path))
    log.warn(
      { site, path },
      "sign-keys: every user of this machine can read the file; chmod 600 prevents it",
    );
  return new SignedUrls(signed.written, tokenCheck(keys, signed.written));
}

function refused(message: string): Failure {
  return new Failure("bad-config", "config", message);
}
