import type { SiteRule } from "../../../rules/site/site-rule.ts";
import { DAY } from "./spans.ts";

// A playlist of a live stream changes with each segment, and segments are 2 to 6 seconds long.
const PLAYLIST = { ttlIfMissing: 2, staleIfError: 10 };

/** Films, pictures, sound and large files, each the same for everybody. */
export const media: readonly SiteRule[] = [
  { name: "everybody", match: {}, cookies: "drop", key: { query: { ignore: ["tracking"] } } },
  { name: "playlists", match: { path: ["/**/*.m3u8", "/**/*.mpd"] }, ...PLAYLIST },
  {
    name: "playlist-types",
    match: {
      type: [
        "application/vnd.apple.mpegurl",
        "application/x-mpegurl",
        "audio/mpegurl",
        "audio/x-mpegurl",
        "application/dash+xml",
      ],
    },
    ...PLAYLIST,
  },
  {
    name: "media",
    match: { type: ["video/*", "audio/*", "image/*", "font/*", "text/vtt"] },
    ttlIfMissing: 30 * DAY,
    staleIfError: 30 * DAY,
  },
  {
    name: "downloads",
    match: {
      type: [
        "application/octet-stream",
        "application/zip",
        "application/gzip",
        "application/x-tar",
        "application/pdf",
        "application/vnd.*",
      ],
    },
    ttlIfMissing: DAY,
    staleIfError: 7 * DAY,
  },
  // A player asks for a segment before it is there.
  { name: "errors", match: {}, negativeTtl: { 404: 1 } },
];
