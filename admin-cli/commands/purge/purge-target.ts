import { Failure } from "../../../process/failure.ts";
import { show } from "../../../process/settings/values.ts";
import type { PurgeTarget } from "../../../proto/gen/edgecache/v1/edge.ts";

/** The targets of a purge on the command line. */
export interface NamedTargets {
  readonly urls: readonly string[];
  readonly prefixes: readonly string[];
  readonly tags: readonly string[];
  readonly all: boolean;
  readonly site: string | undefined;
}

// One call per thousand. For more, a prefix or a tag is better.
const MAX_TARGETS = 1_000_000;

/** The targets of one purge, in the order url, prefix, tag. Throws Failure("bad-usage"): field, rule, value. */
export function purgeTargets(named: NamedTargets): PurgeTarget[] {
  const site = named.site === undefined ? "" : checkedSite(named.site);
  const targets: PurgeTarget["target"][] = [
    ...named.urls.map((url) => ({ $case: "url" as const, url: checkedUrl(url) })),
    ...named.prefixes.map((prefix) => ({ $case: "prefix" as const, prefix: checkedPrefix(prefix) })),
    ...named.tags.map((tag) => ({ $case: "tag" as const, tag: checkedTag(tag) })),
  ];
  if (named.all) {
    if (targets.length > 0) {
      throw badTarget(
        "--all",
        "must be the only target, because it purges everything",
        `${targets.length} more`,
      );
    }
    return [{ target: { $case: "everything", everything: true }, site }];
  }
  if (targets.length === 0) {
    throw badTarget("purge", "must name a URL, a path, --prefix, --tag or --all", "nothing");
  }
  if (targets.length > MAX_TARGETS) {
    throw badTarget("purge", `must name at most ${MAX_TARGETS} targets`, String(targets.length));
  }
  return targets.map((target) => ({ target, site }));
}

/** A path with optional query, or an http(s) URL, exactly as given. Throws Failure("bad-usage"). */
export function checkedUrl(url: string): string {
  checkCharacters("url", url);
  if (url.startsWith("/")) return url;
  // Checked before `new URL`, which repairs missing slashes silently.
  const authority = /^https?:\/\/([^/?]+)/i.exec(url)?.[1];
  if (authority === undefined || !URL.canParse(url)) {
    throw badTarget("url", 'must be a path beginning with "/" or an http(s) URL', show(url));
  }
  // RFC 9110 section 4.2.4: credentials in an http(s) URL are deprecated, and no cache key has them.
  if (authority.includes("@")) throw badTarget("url", "must not hold credentials", show(url));
  return url;
}

/** Throws Failure("bad-usage"). */
export function checkedPrefix(prefix: string): string {
  checkCharacters("prefix", prefix);
  if (!prefix.startsWith("/")) throw badTarget("prefix", 'must begin with "/"', show(prefix));
  return prefix;
}

/** RFC 9875 section 2 allows blanks inside a cache group, so they are allowed here. Throws Failure("bad-usage"). */
export function checkedTag(tag: string): string {
  if (/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(tag)) return tag;
  throw badTarget("tag", "must be printable ASCII without blanks at its ends", show(tag));
}

function checkedSite(site: string): string {
  if (/^[\x21-\x7e]+$/.test(site)) return site;
  throw badTarget("site", "must be printable ASCII without blanks", show(site));
}

/** RFC 3986 section 2: a cache key has only the characters of a URL. */
function checkCharacters(field: string, text: string): void {
  if (text === "") throw badTarget(field, "must not be empty", show(text));
  if (/\p{Cc}/u.test(text)) throw badTarget(field, "must not hold control characters", show(text));
  if (/\s/.test(text)) throw badTarget(field, "must not hold blanks (write %20)", show(text));
  if (text.includes("\\")) throw badTarget(field, "must not hold a backslash (write %5C)", show(text));
  if (text.includes("#")) throw badTarget(field, "must not hold a fragment", show(text));
  if (/[^\x21-\x7e]/.test(text)) {
    throw badTarget(field, "must be ASCII, with other characters percent-encoded", show(text));
  }
}

function badTarget(field: string, rule: string, value: string): Failure {
  return new Failure("bad-usage", "client", `${field}: ${rule}, got ${value}`);
}
