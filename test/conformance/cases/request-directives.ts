import { type Case, conformanceCase, type FieldLine, FRESH, PAUSE, type Source } from "../case.ts";

const HOUR: FieldLine = ["Cache-Control", "max-age=3600"];

/** Requests need not be obeyed; the edge obeys them. */
export const requestDirectives: readonly Case[] = [
  asked("ccreq-ma0", "goes to the origin for max-age=0", "5.2.1.1", FRESH, "max-age=0", "origin", PAUSE),
  asked(
    "ccreq-ma1",
    "goes to the origin for a max-age below the age",
    "5.2.1.1",
    FRESH,
    "max-age=1",
    "origin",
    PAUSE,
  ),
  asked(
    "ccreq-magreaterage",
    "counts Age against the max-age of a request",
    "5.2.1.1",
    [HOUR, ["Age", "1800"]],
    "max-age=600",
    "origin",
  ),
  asked(
    "ccreq-max-stale",
    "reuses a stale response within max-stale",
    "5.2.1.2",
    [["Cache-Control", "max-age=1"]],
    "max-stale=1000",
    "cache",
    PAUSE,
  ),
  asked(
    "ccreq-max-stale-age",
    "reuses a response that came stale within max-stale",
    "5.2.1.2",
    [
      ["Cache-Control", "max-age=1500"],
      ["Age", "2000"],
    ],
    "max-stale=1000",
    "cache",
  ),
  asked(
    "ccreq-min-fresh",
    "goes to the origin when less than min-fresh is left",
    "5.2.1.3",
    [["Cache-Control", "max-age=1500"]],
    "min-fresh=2000",
    "origin",
  ),
  asked(
    "ccreq-min-fresh-age",
    "counts Age against min-fresh",
    "5.2.1.3",
    [
      ["Cache-Control", "max-age=1500"],
      ["Age", "1000"],
    ],
    "min-fresh=1000",
    "origin",
  ),
  asked("ccreq-no-cache", "goes to the origin for no-cache", "5.2.1.4", [HOUR], "no-cache", "origin"),
  validated("ccreq-no-cache-lm", "Last-Modified", "If-Modified-Since", "Thu, 01 Jan 2015 00:00:00 GMT"),
  validated("ccreq-no-cache-etag", "ETag", "If-None-Match", '"abc"'),
  asked(
    "ccreq-no-store",
    "does not answer a request with no-store from the cache",
    "5.2.1.5",
    [HOUR],
    "no-store",
    "origin",
  ),
  conformanceCase(
    "check",
    "ccreq-oic",
    "answers only-if-cached with 504 when nothing is stored",
    "9111 5.2.1.7",
    [
      {
        request: { fields: [["Cache-Control", "only-if-cached"]] },
        expect: { status: 504, body: "any", absent: ["Reply-Number"] },
      },
    ],
  ),
];

function asked(
  id: string,
  title: string,
  section: string,
  fields: readonly FieldLine[],
  directive: string,
  from: Source,
  pause = 0,
): Case {
  return conformanceCase("check", id, title, `9111 ${section}`, [
    { reply: { fields }, pause },
    { request: { fields: [["Cache-Control", directive]] }, expect: { from } },
  ]);
}

function validated(id: string, validator: string, condition: string, value: string): Case {
  return conformanceCase("check", id, `validates for no-cache by ${validator}`, "9111 5.2.1.4", [
    { reply: { fields: [HOUR, [validator, value], ["Date", 0]] } },
    {
      request: { fields: [["Cache-Control", "no-cache"]] },
      reply: { notModifiedIf: [condition, value] },
      expect: { from: "validation", status: 200 },
    },
  ]);
}
