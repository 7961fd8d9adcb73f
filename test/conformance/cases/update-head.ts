import { BECOMES_STALE, type Case, conformanceCase, type Exchange, type FieldLine, PAUSE } from "../case.ts";

const RULE = "9111 4.3.5";
const STORED: Exchange = { reply: { fields: BECOMES_STALE }, pause: PAUSE };
const NEWER: readonly FieldLine[] = [
  ["Template-A", "2"],
  ["Cache-Control", "max-age=1000"],
];

export const updateHead: readonly Case[] = [
  conformanceCase("check", "head-writethrough", "sends a HEAD on when what is stored is stale", RULE, [
    STORED,
    { request: { method: "HEAD" }, expect: { sentMethod: "HEAD" } },
  ]),
  conformanceCase("check", "head-200-retain", "answers a HEAD with the origin's fields alone", RULE, [
    STORED,
    { request: { method: "HEAD" }, expect: { sentMethod: "HEAD", absent: ["Template-A"] } },
  ]),
  conformanceCase("check", "head-200-freshness-update", "takes a new lifetime from the 200 of a HEAD", RULE, [
    STORED,
    {
      request: { method: "HEAD" },
      reply: { fields: [["Cache-Control", "max-age=1000"]] },
      expect: { sentMethod: "HEAD" },
    },
    { expect: { from: "cache" } },
  ]),
  conformanceCase("check", "head-200-update", "takes new fields from the 200 of a HEAD", RULE, [
    STORED,
    { request: { method: "HEAD" }, reply: { fields: NEWER }, expect: { sentMethod: "HEAD" } },
    { expect: { from: "cache", fields: [["Template-A", "2"]] } },
  ]),
  conformanceCase("check", "head-410-update", "does not reuse what a 410 of a HEAD says is gone", RULE, [
    STORED,
    { request: { method: "HEAD" }, reply: { status: 410, fields: NEWER }, expect: { sentMethod: "HEAD" } },
    { expect: { from: "origin" } },
  ]),
  conformanceCase(
    "ours",
    "head-200-other-length",
    "does not reuse what a HEAD shows to have another length",
    RULE,
    [
      STORED,
      {
        request: { method: "HEAD" },
        reply: {
          fields: [
            ["Cache-Control", "max-age=1000"],
            ["Content-Length", "7"],
          ],
        },
        expect: { sentMethod: "HEAD" },
      },
      { expect: { from: "origin" } },
    ],
  ),
  conformanceCase(
    "ours",
    "head-200-other-etag",
    "does not reuse what a HEAD shows to have another ETag",
    RULE,
    [
      { reply: { fields: [...BECOMES_STALE, ["ETag", '"1"']] }, pause: PAUSE },
      {
        request: { method: "HEAD" },
        reply: {
          fields: [
            ["Cache-Control", "max-age=1000"],
            ["ETag", '"2"'],
          ],
        },
        expect: { sentMethod: "HEAD" },
      },
      { expect: { from: "origin" } },
    ],
  ),
];
