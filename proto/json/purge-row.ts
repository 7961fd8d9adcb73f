import type { PurgeRecord, PurgeTarget } from "../gen/edgecache/v1/edge.ts";
import { roundedMs } from "./rounded-ms.ts";

/** One purge in the JSON document. */
export function purgeRow({
  purgeId,
  position,
  time,
  by,
  soft,
  pace,
  targets,
  targetCount,
  edges,
}: PurgeRecord) {
  return {
    purgeId,
    position,
    time: time?.toISOString() ?? null,
    by,
    soft,
    pace: pace === 0 ? null : pace,
    targets: targets.map(targetRow),
    targetCount,
    edges: edges.map(({ edge, state, ms, objects }) => ({ edge, state, ms: roundedMs(ms), objects })),
  };
}

/** `{"url":"/a"}`, with `"site"` if the target has one. */
export function targetRow({ target, site }: PurgeTarget): Readonly<Record<string, string | boolean>> {
  const within = site === "" ? {} : { site };
  switch (target?.$case) {
    case undefined:
      return within;
    case "url":
      return { url: target.url, ...within };
    case "prefix":
      return { prefix: target.prefix, ...within };
    case "tag":
      return { tag: target.tag, ...within };
    case "everything":
      return { everything: true, ...within };
  }
}
