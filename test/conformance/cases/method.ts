import { type Case, conformanceCase, type FieldLine, PAUSE } from "../case.ts";

const EXPIRES: readonly FieldLine[] = [
  ["Expires", 30 * 24 * 60 * 60],
  ["Date", 0],
];
const POST = { method: "POST", body: "12345", fields: [["Content-Type", "text/plain"]] } as const;

export const method: readonly Case[] = [
  conformanceCase(
    "optimal",
    "method-POST",
    "reuses for a GET the response of a POST whose Content-Location is its own target",
    "9110 9.3.3",
    [
      { request: POST, reply: { fields: [...EXPIRES, ["Content-Location", "{path}"]] }, pause: PAUSE },
      { expect: { from: "cache" } },
    ],
  ),
  conformanceCase(
    "ours",
    "method-post-elsewhere",
    "does not reuse for a GET the response of a POST whose Content-Location is another",
    "9110 9.3.3",
    [
      { request: POST, reply: { fields: [...EXPIRES, ["Content-Location", "{path}/other"]] }, pause: PAUSE },
      { expect: { from: "origin" } },
    ],
  ),
  conformanceCase("ours", "method-post-twice", "sends each POST to the origin", "9111 4", [
    { request: POST, reply: { fields: [...EXPIRES, ["Content-Location", "{path}"]] }, pause: PAUSE },
    { request: POST, expect: { from: "origin" } },
  ]),
  conformanceCase(
    "ours",
    "method-head-from-get",
    "answers a HEAD with the stored response of a GET",
    "9111 4",
    [
      { reply: { fields: EXPIRES }, pause: PAUSE },
      { request: { method: "HEAD" }, expect: { from: "cache" } },
    ],
  ),
  conformanceCase(
    "ours",
    "method-get-from-head",
    "does not answer a GET with the response of a HEAD",
    "9111 4",
    [
      { request: { method: "HEAD" }, reply: { fields: EXPIRES }, pause: PAUSE },
      { expect: { from: "origin" } },
    ],
  ),
];
