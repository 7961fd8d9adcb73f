import type { Log } from "./log.ts";

/** A Node version as three numbers, compared from the left. */
type Version = readonly [major: number, minor: number, patch: number];

// The first release without the remote defects named below. Node's security releases of 2026-10-21 and 2026-11-11.
const OLDEST_SAFE: Version = [26, 13, 1];
// Use after free and retained streams in HTTP/2, a remote crash and memory disclosure in TLS.
const DEFECTS = "CVE-2026-123866, CVE-2026-123863, CVE-2026-126051, CVE-2026-123864";

/** One line about the known defects of a Node version such as `26.12.1`; undefined when it has none. */
export function runtimeWarning(version: string): string | undefined {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number.parseFloat);
  if (!isOlder([major, minor, patch], OLDEST_SAFE)) return undefined;
  return (
    `This Node (v${version}) has known remotely exploitable defects in HTTP/2 and TLS, ` +
    `which the gRPC port uses: ${DEFECTS}; use ${OLDEST_SAFE.join(".")} or later`
  );
}

/** Logs one line at the start of a program that runs on an unsafe Node. */
export function warnOfUnsafeRuntime(log: Log): void {
  const warning = runtimeWarning(process.versions.node);
  if (warning !== undefined) log.warn(warning);
}

function isOlder(version: Version, than: Version): boolean {
  const differs = version.findIndex((number, index) => number !== than[index]);
  return differs !== -1 && (version[differs] ?? 0) < (than[differs] ?? 0);
}
