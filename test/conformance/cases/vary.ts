import {
  type Case,
  conformanceCase,
  type Exchange,
  type FieldLine,
  type Kind,
  type Source,
} from "../case.ts";

const FOO: FieldLine = ["Foo", "1"];
const BAR: FieldLine = ["Bar", "abc"];
const BAZ: FieldLine = ["Baz", "789"];
const LANGUAGES: readonly FieldLine[] = [["Accept-Language", "en, de"]];
const RULE = "9111 4.1";

export const vary: readonly Case[] = [
  pair("optimal", "vary-match", "reuses a response for the same Foo", "Foo", [FOO], [FOO], "cache"),
  pair(
    "required",
    "vary-no-match",
    "does not reuse a response for another Foo",
    "Foo",
    [FOO],
    [["Foo", "2"]],
    "origin",
  ),
  pair(
    "required",
    "vary-omit-stored",
    "does not reuse for a Foo what was asked for without one",
    "Foo",
    [],
    [FOO],
    "origin",
  ),
  pair(
    "required",
    "vary-omit",
    "does not reuse without a Foo what was asked for with one",
    "Foo",
    [FOO],
    [],
    "origin",
  ),
  conformanceCase("optimal", "vary-invalidate", "keeps two variants", RULE, [
    varying("Foo", [FOO], "for 1"),
    { ...varying("Foo", [["Foo", "2"]], "for 2"), expect: { from: "origin" } },
    { request: { fields: [FOO] }, expect: { from: "cache", body: "for 1" } },
  ]),
  pair(
    "optimal",
    "vary-cache-key",
    "reuses a response whatever the fields that Vary does not name",
    "Foo",
    [FOO, ["Other", "2"]],
    [FOO, ["Other", "3"]],
    "cache",
  ),
  pair(
    "optimal",
    "vary-2-match",
    "reuses a response for the same two fields",
    "Foo, Bar",
    [FOO, BAR],
    [FOO, BAR],
    "cache",
  ),
  pair(
    "required",
    "vary-2-no-match",
    "does not reuse a response when one of two fields differs",
    "Foo, Bar",
    [FOO, BAR],
    [["Foo", "2"], BAR],
    "origin",
  ),
  pair(
    "required",
    "vary-2-match-omit",
    "does not reuse a response when both of two fields are absent",
    "Foo, Bar",
    [FOO, BAR],
    [],
    "origin",
  ),
  pair(
    "optimal",
    "vary-3-match",
    "reuses a response for the same three fields",
    "Foo, Bar, Baz",
    [FOO, BAR, BAZ],
    [FOO, BAR, BAZ],
    "cache",
  ),
  pair(
    "required",
    "vary-3-no-match",
    "does not reuse a response when one of three fields differs",
    "Foo, Bar, Baz",
    [FOO, BAR, BAZ],
    [["Foo", "2"], BAR, BAZ],
    "origin",
  ),
  pair(
    "required",
    "vary-3-order",
    "does not reuse a response when one of three fields differs, whatever their order",
    "Foo, Bar, Baz",
    [FOO, BAR, BAZ],
    [FOO, BAZ, ["Bar", "abcde"]],
    "origin",
  ),
  pair(
    "optimal",
    "vary-3-omit",
    "reuses a response when one of three fields is absent both times",
    "Foo, Bar, Baz",
    [FOO, BAZ],
    [FOO, BAZ],
    "cache",
  ),
  pair(
    "required",
    "vary-star",
    "never reuses a response with Vary: *",
    "*",
    [FOO, BAZ],
    [FOO, BAZ],
    "origin",
  ),
  pair(
    "optimal",
    "vary-normalise-combine",
    "takes two lines of a field for one list",
    "Foo",
    [["Foo", "1, 2"]],
    [FOO, ["Foo", "2"]],
    "cache",
  ),
  pair(
    "optimal",
    "vary-normalise-space",
    "does not mind white space around the commas of a list",
    "Foo",
    [["Foo", "1,2"]],
    [["Foo", " 1, 2 "]],
    "cache",
  ),
  language("vary-normalise-lang-order", "the order of languages", "de, en"),
  language("vary-normalise-lang-case", "the case of languages", "eN, De"),
  language("vary-normalise-lang-space", "white space between languages", " en ,   de"),
  conformanceCase(
    "optimal",
    "vary-normalise-lang-select",
    "reuses the language that a client likes best",
    RULE,
    [
      stored("Accept-Language", LANGUAGES, [["Content-Language", "de"]]),
      {
        request: { fields: [["Accept-Language", "fr;q=0.5, de;q=1.0"]] },
        expect: { from: "cache", fields: [["Content-Language", "de"]] },
      },
    ],
  ),
  conformanceCase(
    "ours",
    "vary-language-not-liked-best",
    "does not reuse a language that a client likes less than another",
    RULE,
    [
      stored("Accept-Language", LANGUAGES, [["Content-Language", "de"]]),
      { request: { fields: [["Accept-Language", "fr, de;q=0.5"]] }, expect: { from: "origin" } },
    ],
  ),
];

function stored(names: string, request: readonly FieldLine[], more: readonly FieldLine[] = []): Exchange {
  const fields: readonly FieldLine[] = [
    ["Cache-Control", "max-age=5000"],
    ["Last-Modified", -3000],
    ["Date", 0],
    ["Vary", names],
    ...more,
  ];
  return { request: { fields: request }, reply: { fields } };
}

function varying(names: string, request: readonly FieldLine[], body: string): Exchange {
  const { reply } = stored(names, request);
  return { request: { fields: request }, reply: reply === "disconnect" ? {} : { ...reply, body } };
}

function pair(
  kind: Kind,
  id: string,
  title: string,
  names: string,
  first: readonly FieldLine[],
  second: readonly FieldLine[],
  from: Source,
): Case {
  return conformanceCase(kind, id, title, RULE, [
    stored(names, first),
    { request: { fields: second }, expect: { from } },
  ]);
}

function language(id: string, what: string, second: string): Case {
  const title = `does not mind ${what} in Accept-Language`;
  return pair("optimal", id, title, "Accept-Language", LANGUAGES, [["Accept-Language", second]], "cache");
}
