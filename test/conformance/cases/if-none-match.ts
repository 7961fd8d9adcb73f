import {
  BECOMES_STALE,
  type Case,
  conformanceCase,
  type Exchange,
  type FieldLine,
  FRESH,
  type Kind,
  PAUSE,
} from "../case.ts";

const STRONG = '"abcdef"';
const VARIES: readonly FieldLine[] = [
  ["ETag", STRONG],
  ["Date", 0],
  ["Vary", "Abc"],
];

export const ifNoneMatch: readonly Case[] = [
  matching(
    "optimal",
    "conditional-etag-strong-respond",
    "answers 304 for a strong tag that is the stored one",
    STRONG,
    STRONG,
  ),
  conformanceCase("required", "conditional-304-etag", "sends the ETag with its 304", "9110 15.4.5", [
    stored([["ETag", STRONG]]),
    { ...asking(STRONG), expect: { from: "cache", status: 304, fields: [["ETag", STRONG]] } },
  ]),
  conformanceCase(
    "required",
    "conditional-etag-precedence",
    "takes If-None-Match before If-Modified-Since",
    "9110 13.2.2",
    [
      stored([
        ["Last-Modified", -5000],
        ["ETag", STRONG],
      ]),
      {
        request: {
          fields: [
            ["If-None-Match", STRONG],
            ["If-Modified-Since", { sinceStart: -6000 }],
          ],
        },
        expect: { from: "cache", status: 304 },
      },
    ],
  ),
  conformanceCase(
    "ours",
    "if-none-match-mismatch-precedence",
    "answers 200 for another tag although it was not modified since",
    "9110 13.2.2",
    [
      stored([
        ["Last-Modified", -5000],
        ["ETag", STRONG],
      ]),
      {
        request: {
          fields: [
            ["If-None-Match", '"other"'],
            ["If-Modified-Since", { sinceStart: -1 }],
          ],
        },
        expect: { from: "cache", status: 200 },
      },
    ],
  ),
  matching(
    "check",
    "conditional-etag-strong-respond-obs-text",
    "answers 304 for a tag with letters beyond ASCII",
    '"abcdefü"',
    '"abcdefü"',
  ),
  matching(
    "optimal",
    "conditional-etag-weak-respond",
    "answers 304 for a weak tag that is the stored one",
    'W/"abcdef"',
    'W/"abcdef"',
  ),
  malformed("quoted-respond-unquoted", "the stored tag without its quotes", STRONG, "abcdef"),
  malformed("unquoted-respond-unquoted", "a stored tag without quotes", "abcdef", "abcdef"),
  malformed("unquoted-respond-quoted", "a stored tag with quotes that it lacks", "abcdef", STRONG),
  malformed("weak-respond-lowercase", "a weak tag with a small w", 'w/"abcdef"', 'w/"abcdef"'),
  malformed("weak-respond-backslash", "a weak tag with a backslash", 'W\\"abcdef"', 'W\\"abcdef"'),
  malformed("weak-respond-omit-slash", "a weak tag without its slash", 'W"abcdef"', 'W"abcdef"'),
  matching(
    "optimal",
    "conditional-etag-strong-respond-multiple-first",
    "answers 304 when the first of several tags matches",
    STRONG,
    '"abcdef", "1234", "5678"',
  ),
  matching(
    "optimal",
    "conditional-etag-strong-respond-multiple-second",
    "answers 304 when one between others matches",
    STRONG,
    '"1234", "abcdef", "5678"',
  ),
  matching(
    "optimal",
    "conditional-etag-strong-respond-multiple-last",
    "answers 304 when the last of several tags matches",
    STRONG,
    '"1234", "5678", "abcdef"',
  ),
  conformanceCase(
    "required",
    "conditional-etag-vary-headers",
    "sends the fields that Vary names in its own conditional request",
    "9111 4.3.1",
    [
      { request: { fields: [["Abc", "123"]] }, reply: { fields: [["Expires", 1], ...VARIES] }, pause: PAUSE },
      {
        request: { fields: [["Abc", "123"]] },
        reply: { notModifiedIf: ["If-None-Match", STRONG] },
        expect: { from: "validation", sent: [["Abc", "123"]] },
      },
    ],
  ),
  conformanceCase(
    "check",
    "conditional-etag-vary-headers-mismatch",
    "offers no tag of a variant that is not selected",
    "9111 4.3.1",
    [
      {
        request: { fields: [["Abc", "123"]] },
        reply: { fields: [["Expires", 10000], ...VARIES] },
        pause: PAUSE,
      },
      {
        request: { fields: [["Abc", "456"]] },
        expect: { from: "origin", notSent: ["If-None-Match"] },
      },
    ],
  ),
  generated("conditional-etag-strong-generate", "validates a stale response by its strong tag", STRONG),
  generated(
    "conditional-etag-weak-generate-weak",
    "validates a stale response by its weak tag",
    'W/"abcdef"',
  ),
  conformanceCase(
    "check",
    "conditional-etag-strong-generate-unquoted",
    "does not validate by an unquoted tag",
    "9110 8.8.3",
    [
      { reply: { fields: [...BECOMES_STALE, ["ETag", "abcdef"]] }, pause: PAUSE },
      { expect: { from: "origin", notSent: ["If-None-Match"] } },
    ],
  ),
  kept(
    "conditional-etag-forward",
    "keeps If-None-Match to itself when it asks for what it can store",
    STRONG,
  ),
  kept("conditional-etag-forward-unquoted", "keeps an unquoted If-None-Match to itself too", "abcdef"),
];

function stored(fields: readonly FieldLine[]): Exchange {
  return { reply: { fields: [...FRESH, ...fields] }, pause: PAUSE };
}

function asking(tags: string): Exchange {
  return { request: { fields: [["If-None-Match", tags]] } };
}

function matching(kind: Kind, id: string, title: string, tag: string, tags: string): Case {
  return conformanceCase(kind, id, title, "9111 4.3.2", [
    stored([["ETag", tag]]),
    { ...asking(tags), expect: { from: "cache", status: 304 } },
  ]);
}

function generated(id: string, title: string, tag: string): Case {
  return conformanceCase("optimal", id, title, "9111 4.3.1", [
    { reply: { fields: [...BECOMES_STALE, ["ETag", tag]] }, pause: PAUSE },
    {
      reply: { notModifiedIf: ["If-None-Match", tag] },
      expect: { from: "validation", sent: [["If-None-Match", tag]] },
    },
  ]);
}

/** RFC 9110 section 8.8.3: what is not of the form of an entity tag is none, and matches nothing. */
function malformed(id: string, what: string, tag: string, tags: string): Case {
  return conformanceCase("check", `conditional-etag-${id}`, `answers 200 for ${what}`, "9110 8.8.3", [
    stored([["ETag", tag]]),
    { ...asking(tags), expect: { from: "cache", status: 200 } },
  ]);
}

function kept(id: string, title: string, tags: string): Case {
  return conformanceCase("check", id, title, "9111 4.3.1", [
    { ...asking(tags), expect: { from: "origin", notSent: ["If-None-Match"] } },
  ]);
}
