import type { PurgeRequest, PurgeTarget as WireTarget } from "../../proto/gen/edgecache/v1/edge.ts";
import {
  LEAST_REBOUND_MS,
  MOST_PACE,
  MOST_PURGE_ID,
  MOST_REBOUND_MS,
  MOST_TAG,
  MOST_TARGETS,
  type PurgeTarget,
} from "../../purge-log/purge.ts";
import type { Sites } from "../origin/sites.ts";
import { type CallResult, invalidArgument } from "./call-result.ts";
import { durationMs } from "./decode.ts";
import { isPrefix, PREFIX_RULE, parseUrl, URL_RULE } from "./purge-url.ts";

/** A purge call, understood. */
export interface PurgeCall {
  /** Empty when the caller left it to the edge. */
  readonly purgeId: string;
  readonly targets: readonly PurgeTarget[];
  readonly soft: boolean;
  readonly waitMs: number;
  readonly dryRun: boolean;
  /** When to purge the same once more, in milliseconds from its acceptance; undefined for never. */
  readonly reboundMs: number | undefined;
  /** Of a soft purge: requests a second at which each edge asks again for what is covered; undefined for none. */
  readonly pace: number | undefined;
}

const DEFAULT_WAIT_MS = 5_000;
const MOST_WAIT_MS = 60_000;

const PURGE_ID = /^[A-Za-z0-9._-]+$/;
// What a response can be tagged with. U+FFFD, which is also what bytes that are not UTF-8 become, is none of it.
const TAG = /^[\x20-\x7e]+$/;

export function readPurgeRequest(request: PurgeRequest, sites: Sites): CallResult<PurgeCall> {
  const { purgeId } = request;
  if (purgeId !== "" && (purgeId.length > MOST_PURGE_ID || !PURGE_ID.test(purgeId))) {
    const rule = `must be 1 to ${MOST_PURGE_ID} characters of A-Z a-z 0-9 . _ -`;
    return invalidArgument("purge_id", rule, purgeId);
  }
  const count = request.targets.length;
  if (count < 1 || count > MOST_TARGETS) {
    return invalidArgument("targets", `must be 1 to ${MOST_TARGETS}`, String(count));
  }
  const wait = readWait(request.wait);
  if (!wait.ok) return wait;
  const rebound = readRebound(request.rebound);
  if (!rebound.ok) return rebound;
  const pace = readPace(request);
  if (!pace.ok) return pace;
  const targets: PurgeTarget[] = [];
  for (const [index, wire] of request.targets.entries()) {
    const target = readTarget(wire, `targets[${index}]`, sites);
    if (!target.ok) return target;
    targets.push(target.value);
  }
  const { soft, dryRun } = request;
  return {
    ok: true,
    value: { purgeId, targets, soft, waitMs: wait.value, dryRun, reboundMs: rebound.value, pace: pace.value },
  };
}

function readWait(wait: PurgeRequest["wait"]): CallResult<number> {
  const ms = wait === undefined ? DEFAULT_WAIT_MS : durationMs(wait);
  return ms >= 0 && ms <= MOST_WAIT_MS
    ? { ok: true, value: ms }
    : invalidArgument("wait", `must be 0s to ${MOST_WAIT_MS / 1_000}s`, `${ms / 1_000}s`);
}

function readRebound(rebound: PurgeRequest["rebound"]): CallResult<number | undefined> {
  if (rebound === undefined) return { ok: true, value: undefined };
  const ms = durationMs(rebound);
  return ms >= LEAST_REBOUND_MS && ms <= MOST_REBOUND_MS
    ? { ok: true, value: ms }
    : invalidArgument(
        "rebound",
        `must be ${LEAST_REBOUND_MS / 1_000}s to ${MOST_REBOUND_MS / 1_000}s`,
        `${ms / 1_000}s`,
      );
}

function readPace({ pace, soft }: PurgeRequest): CallResult<number | undefined> {
  if (pace === 0) return { ok: true, value: undefined };
  if (pace > MOST_PACE) {
    return invalidArgument(
      "pace",
      `must be 1 to ${MOST_PACE} requests a second, or 0 for none`,
      String(pace),
    );
  }
  return soft
    ? { ok: true, value: pace }
    : invalidArgument("pace", "must be used with soft: a hard purge leaves nothing to refetch", String(pace));
}

function readTarget(wire: WireTarget, field: string, sites: Sites): CallResult<PurgeTarget> {
  if (wire.site !== "" && !sites.names.includes(wire.site)) {
    return invalidArgument(`${field}.site`, `must be one of ${sites.names.join(", ")}`, wire.site);
  }
  const site = wire.site === "" ? {} : { site: wire.site };
  const { target } = wire;
  switch (target?.$case) {
    case undefined:
      return invalidArgument(field, "must name exactly one of url, prefix, tag, everything", "none");
    case "url":
      return readUrl(target.url, `${field}.url`, wire.site, sites);
    case "prefix":
      return isPrefix(target.prefix)
        ? { ok: true, value: { kind: "prefix", prefix: target.prefix, ...site } }
        : invalidArgument(`${field}.prefix`, PREFIX_RULE, target.prefix);
    case "tag":
      return target.tag.length <= MOST_TAG && TAG.test(target.tag)
        ? { ok: true, value: { kind: "tag", tag: target.tag, ...site } }
        : invalidArgument(`${field}.tag`, `must be 1 to ${MOST_TAG} printable ASCII characters`, target.tag);
    case "everything":
      return target.everything
        ? { ok: true, value: { kind: "everything", ...site } }
        : invalidArgument(`${field}.everything`, "must be true", "false");
  }
}

function readUrl(text: string, field: string, site: string, sites: Sites): CallResult<PurgeTarget> {
  const url = parseUrl(text);
  if (url === undefined) return invalidArgument(field, URL_RULE, text);
  const { authority, target } = url;
  if (authority === undefined) {
    return { ok: true, value: { kind: "url", target, ...(site === "" ? {} : { site }) } };
  }
  const selected = sites.of(authority);
  if (selected === undefined) return invalidArgument(field, "must have a host of a configured site", text);
  if (site !== "" && site !== selected) {
    return invalidArgument(field, `must have a host of the site ${site}, which is named beside it`, text);
  }
  return { ok: true, value: { kind: "url", target, site: selected } };
}
