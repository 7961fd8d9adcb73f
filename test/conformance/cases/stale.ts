import {
  BECOMES_STALE,
  type Case,
  conformanceCase,
  type Exchange,
  type FieldLine,
  PAUSE,
  STALE,
} from "../case.ts";

const TAGGED: FieldLine = ["ETag", '"abc"'];

export const stale: readonly Case[] = [
  conformanceCase("check", "stale-close", "serves a stale response when the origin is gone", "9111 4.2.4", [
    stored(BECOMES_STALE),
    disconnected(),
  ]),
  conformanceCase(
    "check",
    "stale-503",
    "passes a 503 on rather than serve what nothing allows to be stale",
    "9111 4.2.4",
    [stored(BECOMES_STALE), { reply: { status: 503 }, expect: { from: "origin" } }],
  ),
  conformanceCase(
    "optimal",
    "stale-while-revalidate",
    "serves a stale response within stale-while-revalidate, and refreshes it behind",
    "5861 3",
    [
      stored([["Cache-Control", "max-age=1, stale-while-revalidate=3600"], TAGGED]),
      { expect: { from: "cache", alsoAsked: true } },
    ],
  ),
  conformanceCase(
    "required",
    "stale-while-revalidate-window",
    "does not serve a stale response after stale-while-revalidate",
    "5861 3",
    [
      stored([["Cache-Control", "max-age=1, stale-while-revalidate=4"], TAGGED]),
      {
        reply: {
          fields: [
            ["Cache-Control", "no-cache"],
            ["ETag", '"def"'],
          ],
        },
        expect: { from: "cache", alsoAsked: true },
        pause: PAUSE,
      },
      { expect: { from: "origin" } },
    ],
  ),
  conformanceCase(
    "ours",
    "stale-while-revalidate-refreshed",
    "serves the refreshed response to the next request",
    "5861 3",
    [
      stored([["Cache-Control", "max-age=1, stale-while-revalidate=3600"], TAGGED]),
      {
        reply: {
          fields: [
            ["Cache-Control", "max-age=60"],
            ["A", "2"],
          ],
        },
        expect: { from: "cache", alsoAsked: true, absent: ["A"] },
      },
      { expect: { from: "cache", fields: [["A", "2"]] } },
    ],
  ),
  conformanceCase(
    "check",
    "stale-sie-close",
    "serves a stale response within stale-if-error when the origin is gone",
    "5861 4",
    [stored([["Cache-Control", "max-age=2, stale-if-error=60"]]), disconnected()],
  ),
  conformanceCase(
    "check",
    "stale-sie-503",
    "serves a stale response within stale-if-error instead of a 503",
    "5861 4",
    [
      stored([["Cache-Control", "max-age=2, stale-if-error=60"]]),
      { reply: { status: 503 }, expect: { from: "cache", status: 200, alsoAsked: true } },
    ],
  ),
  forbidden("stale-close-must-revalidate", "must-revalidate", "9111 5.2.2.2"),
  forbidden("stale-close-proxy-revalidate", "proxy-revalidate", "9111 5.2.2.8"),
  forbidden("stale-close-no-cache", "no-cache", "9111 5.2.2.4"),
  forbidden("stale-close-s-maxage=2", "s-maxage=2", "9111 5.2.2.10"),
  conformanceCase(
    "check",
    "stale-warning-stored",
    "sends no Warning with a response that came stale",
    "9111 5.5",
    [stored(STALE), disconnected()],
  ),
  conformanceCase(
    "check",
    "stale-warning-become",
    "sends no Warning with a response that became stale",
    "9111 5.5",
    [stored(BECOMES_STALE), disconnected()],
  ),
];

function stored(fields: readonly FieldLine[]): Exchange {
  return { reply: { fields }, pause: PAUSE };
}

/** The origin was asked and gave nothing; the cache answers. */
function disconnected(): Exchange {
  return { reply: "disconnect", expect: { from: "cache", alsoAsked: true, absent: ["Warning"] } };
}

function forbidden(id: string, directive: string, rule: string): Case {
  return conformanceCase("required", id, `never serves a stale response with ${directive}`, rule, [
    stored([["Cache-Control", `max-age=2, ${directive}`]]),
    { reply: "disconnect", expect: { status: "any", absent: ["Reply-Number"] } },
  ]);
}
