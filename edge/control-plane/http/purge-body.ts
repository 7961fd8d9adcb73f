import { z } from "zod";
import { duration } from "../../../process/settings/values.ts";
import type { PurgeRequest, PurgeTarget } from "../../../proto/gen/edgecache/v1/edge.ts";
import { MOST_TARGETS } from "../../../purge-log/purge.ts";
import { type CallFault, type CallResult, invalidArgument } from "../call-result.ts";

/** The members of the body of POST /purge: the options of `admin-cli purge`. */
export const purgeBody = z.strictObject({
  urls: z.array(z.string()).optional().describe("Paths, or full URLs whose host selects the site."),
  prefixes: z.array(z.string()).optional().describe("Every response whose path and query begin so."),
  tags: z.array(z.string()).optional().describe("Every response with this tag."),
  all: z.boolean().optional().describe("true: everything. It allows no other target."),
  sites: z
    .array(z.string())
    .optional()
    .describe("The sites to purge in. Default: the site of the host of a URL, else every site."),
  soft: z.boolean().optional().describe("Mark responses stale instead of removing them."),
  pace: z.int().optional().describe("With soft: each edge refetches up to so many a second, 1 to 1000."),
  wait: z.string().optional().describe("How long to wait for receipts: 0 to 60s (5s)."),
  rebound: z.string().optional().describe("Purge the same again after this time, 100ms to 300s."),
  dryRun: z.boolean().optional().describe("Count what this edge would purge, and purge nothing."),
  purgeId: z
    .string()
    .optional()
    .describe("1 to 64 characters of A-Z a-z 0-9 . _ -, as Idempotency-Key has it. An id is purged once."),
});

export type PurgeBody = z.infer<typeof purgeBody>;

const MEMBERS = Object.keys(purgeBody.shape).join(", ");

/** A purge by HTTP as gRPC would ask for it. */
export interface HttpPurge {
  readonly request: PurgeRequest;
  /** What the body calls the target at each index, such as `urls[0]`. */
  readonly targetNames: readonly string[];
}

// What the edge checks by itself: here only the form of a duration is. An hour is more than any of them may be.
const anyDuration = duration(0, 3_600_000);

/** `key`: the field Idempotency-Key. */
export function readPurgeBody(body: unknown, key: string | undefined): CallResult<HttpPurge> {
  const checked = purgeBody.safeParse(body, { reportInput: true });
  if (!checked.success) return bodyFault(checked.error.issues[0]);
  const purgeId = purgeIdOf(key, checked.data.purgeId);
  if (!purgeId.ok) return purgeId;
  const wait = readDuration("wait", checked.data.wait);
  if (!wait.ok) return wait;
  const rebound = readDuration("rebound", checked.data.rebound);
  if (!rebound.ok) return rebound;
  const named = targetsOf(checked.data);
  if (!named.ok) return named;
  const { soft = false, dryRun = false, pace } = checked.data;
  if (pace !== undefined && pace < 1) return invalidArgument("pace", "must be 1 or more", String(pace));
  const request: PurgeRequest = {
    purgeId: purgeId.value,
    targets: named.value.map(({ target }) => target),
    soft,
    dryRun,
    wait: wait.value,
    rebound: rebound.value,
    pace: pace ?? 0,
  };
  return { ok: true, value: { request, targetNames: named.value.map(({ name }) => name) } };
}

/** The same fault, in the words of the body. */
export function inWordsOfBody(fault: CallFault, targetNames: readonly string[]): CallFault {
  const message = fault.message
    .replace(/^targets\[(\d+)\](?:\.(\w+))?/, (whole, index: string, member?: string) =>
      member === "site" ? "sites" : (targetNames[Number(index)] ?? whole),
    )
    .replace(/^purge_id/, "Idempotency-Key");
  return { ...fault, message };
}

function bodyFault(issue: z.core.$ZodIssue | undefined): CallFault {
  if (issue?.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    return invalidArgument(key, `must be one of ${MEMBERS}`, key);
  }
  const field = issue === undefined || issue.path.length === 0 ? "body" : z.core.toDotPath(issue.path);
  const expected = issue?.code === "invalid_type" ? issue.expected : "object";
  const got = issue?.input;
  return invalidArgument(
    field,
    `must be ${NOUNS[expected] ?? expected}`,
    typeof got === "string" ? got : (JSON.stringify(got) ?? "nothing"),
  );
}

const NOUNS: Readonly<Record<string, string>> = {
  array: "a list of strings",
  string: "a string",
  boolean: "true or false",
  int: "a whole number",
  number: "a whole number",
  object: "an object",
};

// draft-ietf-httpapi-idempotency-key-header: a string of RFC 8941 section 3.3.3. Many clients leave out the quotes.
const QUOTED = /^"([^"\\]*)"$/;

function purgeIdOf(key: string | undefined, member: string | undefined): CallResult<string> {
  const given = key === undefined ? undefined : (QUOTED.exec(key)?.[1] ?? key);
  if (given === "" || member === "") return invalidArgument("Idempotency-Key", "must not be empty", "");
  if (given !== undefined && member !== undefined && given !== member) {
    return invalidArgument("purgeId", `must equal Idempotency-Key, which is ${given}`, member);
  }
  return { ok: true, value: given ?? member ?? "" };
}

function readDuration(field: string, text: string | undefined): CallResult<PurgeRequest["wait"]> {
  if (text === undefined) return { ok: true, value: undefined };
  const ms = anyDuration.parse(text);
  if (ms === undefined) return invalidArgument(field, "must be a duration, such as 500ms, 5s or 1m", text);
  return { ok: true, value: { seconds: Math.floor(ms / 1_000), nanos: (ms % 1_000) * 1e6 } };
}

interface NamedTarget {
  readonly target: PurgeTarget;
  readonly name: string;
}

/** In the order url, prefix, tag; each of them once for each site. */
function targetsOf({
  urls = [],
  prefixes = [],
  tags = [],
  all = false,
  sites = [""],
}: PurgeBody): CallResult<readonly NamedTarget[]> {
  const count = urls.length + prefixes.length + tags.length;
  if (sites.length === 0) return invalidArgument("sites", "must name a site, or be left out", "[]");
  if (all && count > 0) {
    return invalidArgument("all", "must be the only target, because it purges everything", `${count} more`);
  }
  if (!all && count === 0) {
    return invalidArgument("body", "must name urls, prefixes or tags, or have all", "nothing");
  }
  const asked = Math.max(count, 1) * sites.length;
  if (asked > MOST_TARGETS) {
    return invalidArgument(
      "body",
      `must name at most ${MOST_TARGETS} targets, once for each site`,
      String(asked),
    );
  }
  const kinds: { readonly target: PurgeTarget["target"]; readonly name: string }[] = [
    ...urls.map((url, i) => ({ target: { $case: "url" as const, url }, name: `urls[${i}]` })),
    ...prefixes.map((prefix, i) => ({
      target: { $case: "prefix" as const, prefix },
      name: `prefixes[${i}]`,
    })),
    ...tags.map((tag, i) => ({ target: { $case: "tag" as const, tag }, name: `tags[${i}]` })),
    ...(all ? [{ target: { $case: "everything" as const, everything: true }, name: "all" }] : []),
  ];
  return {
    ok: true,
    value: sites.flatMap((site) => kinds.map(({ target, name }) => ({ target: { target, site }, name }))),
  };
}
