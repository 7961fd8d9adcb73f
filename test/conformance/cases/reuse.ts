import { type Case, conformanceCase, type Exchange, type FieldLine, FRESH, PAUSE } from "../case.ts";

const MONTH = 30 * 24 * 60 * 60;
const EXPIRES: readonly FieldLine[] = [
  ["Expires", MONTH],
  ["Date", 0],
];
const CACHED: Exchange = { expect: { from: "cache" } };

export const reuse: readonly Case[] = [
  conformanceCase("required", "other-age-gen", "says how old a reused response is", "9111 5.1", [
    stored(FRESH),
    { expect: { from: "cache", above: ["Age", 2] } },
  ]),
  conformanceCase(
    "check",
    "other-age-delay",
    "sends no Age with what it has just fetched, however long that took",
    "9111 4.2.3",
    [
      {
        reply: {
          fields: [
            ["Cache-Control", "max-age=3600"],
            ["Date", 0],
          ],
          delay: 5,
        },
        expect: { absent: ["Age"] },
      },
    ],
  ),
  conformanceCase(
    "required",
    "other-age-update-expires",
    "adds its own time to the Age of a response with Expires",
    "9111 4.2.3",
    [stored([...EXPIRES, ["Age", "30"]]), { expect: { from: "cache", above: ["Age", 32] } }],
  ),
  conformanceCase(
    "required",
    "other-age-update-max-age",
    "adds its own time to the Age of a response with max-age",
    "9111 4.2.3",
    [stored([...FRESH, ["Age", "30"]]), { expect: { from: "cache", above: ["Age", 32] } }],
  ),
  conformanceCase("required", "other-date-update", "leaves Date as the origin made it", "9110 6.6.1", [
    stored(FRESH),
    { expect: { from: "cache", fields: [["Date", { sinceStart: 0 }]] } },
  ]),
  conformanceCase(
    "required",
    "other-date-update-expires",
    "leaves Date as the origin made it beside an Expires",
    "9110 6.6.1",
    [stored(EXPIRES), { expect: { from: "cache", fields: [["Date", { sinceStart: 0 }]] } }],
  ),
  conformanceCase(
    "check",
    "other-date-update-expires-update",
    "leaves Expires as the origin made it",
    "9111 5.3",
    [stored(EXPIRES), { expect: { from: "cache", fields: [["Expires", { sinceStart: MONTH }]] } }],
  ),
  conformanceCase("required", "query-args-different", "keeps apart what differs in the query", "9111 2", [
    { request: { target: "?test=1" }, reply: { fields: FRESH }, pause: PAUSE },
    { request: { target: "?test=2" }, expect: { from: "origin" } },
  ]),
  conformanceCase("optimal", "query-args-same", "reuses a response to a request with a query", "9111 2", [
    { request: { target: "?test=1" }, reply: { fields: FRESH }, pause: PAUSE },
    { request: { target: "?test=1" }, expect: { from: "cache" } },
  ]),
  conformanceCase(
    "check",
    "other-heuristic-content-disposition-attachment",
    "reuses an attachment by its Last-Modified",
    "9111 4.2.2",
    [
      {
        reply: {
          fields: [
            ["Last-Modified", -100_000],
            ["Date", 0],
            ["Content-Disposition", "attachment; filename=example.txt"],
          ],
        },
      },
      CACHED,
    ],
  ),
  conformanceCase(
    "check",
    "other-fresh-content-disposition-attachment",
    "reuses a fresh attachment",
    "9111 4.2",
    [stored([...FRESH, ["Content-Disposition", "attachment; filename=example.txt"]]), CACHED],
  ),
  conformanceCase("optimal", "other-set-cookie", "reuses a fresh response with Set-Cookie", "9111 7.3", [
    stored([...FRESH, ["Set-Cookie", "a=b"]]),
    CACHED,
  ]),
  conformanceCase(
    "optimal",
    "other-cookie",
    "reuses a fresh response for a request with Cookie",
    "9111 7.3",
    [stored(FRESH), { request: { fields: [["Cookie", "a=b"]] }, ...CACHED }],
  ),
];

function stored(fields: readonly FieldLine[]): Exchange {
  return { reply: { fields }, pause: PAUSE };
}
