import {
  BECOMES_STALE,
  type Case,
  conformanceCase,
  type FieldLine,
  FRESH,
  type Kind,
  PAUSE,
  type Value,
} from "../case.ts";

const SINCE: Value = { sinceStart: -3000 };
const MODIFIED: FieldLine = ["Last-Modified", -3000];

export const ifModifiedSince: readonly Case[] = [
  fresh("conditional-lm-fresh", "answers 304 for the Last-Modified that is stored", [MODIFIED], SINCE),
  fresh("conditional-lm-fresh-earlier", "answers 304 for a date after the Last-Modified", [MODIFIED], {
    sinceStart: -2000,
  }),
  fresh(
    "conditional-lm-fresh-no-lm",
    "answers 304 for a date before its Date when it has no Last-Modified",
    [],
    SINCE,
  ),
  fresh("conditional-lm-fresh-rfc850", "reads an If-Modified-Since in the form of RFC 850", [MODIFIED], {
    sinceStart: -3000,
    rfc850: true,
  }),
  conformanceCase(
    "optimal",
    "conditional-lm-stale",
    "answers 304 once the origin has confirmed a stale response",
    "9111 4.3.3",
    [
      { reply: { fields: [...BECOMES_STALE, MODIFIED] }, pause: PAUSE },
      {
        request: { fields: [["If-Modified-Since", SINCE]] },
        reply: { notModifiedIf: ["If-Modified-Since", SINCE] },
        expect: { from: "validation", status: 304 },
      },
    ],
  ),
  conformanceCase(
    "ours",
    "if-modified-since-modified",
    "answers 200 for a date before the Last-Modified",
    "9110 13.1.3",
    [
      { reply: { fields: [...FRESH, MODIFIED] }, pause: PAUSE },
      {
        request: { fields: [["If-Modified-Since", { sinceStart: -3001 }]] },
        expect: { from: "cache", status: 200 },
      },
    ],
  ),
  fresh(
    "if-modified-since-date-for-lm",
    "takes its Date for a Last-Modified that it lacks",
    [],
    { sinceStart: 1 },
    "ours",
  ),
];

function fresh(
  id: string,
  title: string,
  fields: readonly FieldLine[],
  since: Value,
  kind: Kind = "optimal",
): Case {
  return conformanceCase(kind, id, title, "9111 4.3.2", [
    { reply: { fields: [...FRESH, ...fields] }, pause: PAUSE },
    { request: { fields: [["If-Modified-Since", since]] }, expect: { from: "cache", status: 304 } },
  ]);
}
