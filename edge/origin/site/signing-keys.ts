import { Failure } from "../../../process/failure.ts";
import type { Finding } from "../../../process/finding.ts";
import type { Log } from "../../../process/log.ts";
import { isReadableByAll } from "../../../process/settings/small-file.ts";
import { show } from "../../../process/settings/values.ts";
import { signingKeysIn } from "../../../process/signing-key-file.ts";
import { KEY_FILE_RULE } from "../../../process/url-signature.ts";
import { SignedUrls } from "../../rules/site/signed-urls.ts";
import type { SiteRules } from "../../rules/site-rules.ts";
import { tokenCheck } from "./token-check.ts";

const EXPOSED = "every user of this machine can read the file; chmod 600 prevents it";

/** Whether others than the edge may read the keys. */
function isExposed({ written: { keys } }: SignedUrls): boolean {
  return keys !== undefined && isReadableByAll(keys);
}

/** What is unwise about the files of keys, by site. */
export function keyFindings(rules: ReadonlyMap<string, Pick<SiteRules, "signed">>): readonly Finding[] {
  const exposed = [...rules].filter(([, { signed }]) => isExposed(signed));
  return exposed.map(([site]) => ({
    severity: "warning",
    about: `sign-keys of site "${site}"`,
    text: EXPOSED,
  }));
}

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
  if (isExposed(signed)) log.warn({ site, path }, `sign-keys: ${EXPOSED}`);
  return new SignedUrls(signed.written, tokenCheck(keys, signed.written));
}

function refused(message: string): Failure {
  return new Failure("bad-config", "config", message);
}
