import { z } from "zod";
import { Failure } from "../../process/failure.ts";
import { duration, show } from "../../process/settings/values.ts";
import type { PurgeRequest, PurgeTarget } from "../../proto/gen/edgecache/v1/edge.ts";
import { MOST_TARGETS } from "../../purge-log/purge.ts";

const texts = z.array(z.string());

/** The members that POST /purge of an edge's operator port has too. */
const purgeBody = z.strictObject({
  urls: texts.default([]),
  prefixes: texts.default([]),
  tags: texts.default([]),
  all: z.boolean().default(false),
  sites: texts.min(1).default([""]),
  soft: z.boolean().default(false),
  pace: z.int().min(1).max(0xffff_ffff).optional(),
  wait: z.string().optional(),
  rebound: z.string().optional(),
  dryRun: z.boolean().default(false),
  purgeId: z.string().min(1).optional(),
});

// Here only the form of a duration is checked; an edge checks the rest. An hour is more than any of them may be.
const anyDuration = duration(0, 3_600_000);

/** `newId`: of a purge without one, so that asking a second edge purges once. Throws Failure("bad-usage", "client"). */
export function readPurgeBody(body: unknown, newId: () => string): PurgeRequest {
  const checked = purgeBody.safeParse(body);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    const field = issue === undefined || issue.path.length === 0 ? "body" : z.core.toDotPath(issue.path);
    throw refused(`${field}: ${issue?.message ?? "must be a purge"}`);
  }
  const { urls, prefixes, tags, all, sites, soft, pace = 0, wait, rebound, dryRun, purgeId } = checked.data;
  const kinds: PurgeTarget["target"][] = [
    ...urls.map((url) => ({ $case: "url" as const, url })),
    ...prefixes.map((prefix) => ({ $case: "prefix" as const, prefix })),
    ...tags.map((tag) => ({ $case: "tag" as const, tag })),
  ];
  if (all && kinds.length > 0)
    throw refused(`all: must be the only target, because it purges everything, got ${kinds.length} more`);
  if (all) kinds.push({ $case: "everything", everything: true });
  if (kinds.length === 0) throw refused("body: must name urls, prefixes or tags, or have all, got nothing");
  const count = kinds.length * sites.length;
  if (count > MOST_TARGETS) throw refused(`body: must name at most ${MOST_TARGETS} targets, got ${count}`);
  const targets = sites.flatMap((site) => kinds.map((target) => ({ target, site })));
  return {
    purgeId: purgeId ?? newId(),
    targets,
    soft,
    pace,
    dryRun,
    wait: readDuration("wait", wait),
    rebound: readDuration("rebound", rebound),
  };
}

function readDuration(field: string, text: string | undefined): PurgeRequest["wait"] {
  if (text === undefined) return undefined;
  const ms = anyDuration.parse(text);
  if (ms === undefined)
    throw refused(`${field}: must be a duration, such as 500ms, 5s or 1m, got ${show(text)}`);
  return { seconds: Math.floor(ms / 1_000), nanos: (ms % 1_000) * 1e6 };
}

function refused(message: string): Failure {
  return new Failure("bad-usage", "client", message);
}
