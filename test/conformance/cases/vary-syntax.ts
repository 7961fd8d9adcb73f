import { type Case, conformanceCase, type FieldLine } from "../case.ts";

const REQUEST: readonly FieldLine[] = [
  ["Foo", "1"],
  ["Baz", "789"],
];

export const varySyntax: readonly Case[] = [
  star("star", "*", "*"),
  star("star-star", "*, *", "*, *"),
  star("star-star-lines", "* on two lines", "*", "*"),
  star("empty-star", ", *", ", *"),
  star("empty-star-lines", "* behind an empty line", "", "*"),
  star("star-foo", "*, Foo", "*, Foo"),
  star("foo-star", "Foo, *", "Foo, *"),
];

function star(id: string, what: string, ...values: readonly string[]): Case {
  const fields: readonly FieldLine[] = [
    ["Cache-Control", "max-age=5000"],
    ["Last-Modified", -3000],
    ["Date", 0],
    ...values.map((value) => ["Vary", value, "may-change"] as const),
  ];
  return conformanceCase(
    "required",
    `vary-syntax-${id}`,
    `never reuses a response with Vary: ${what}`,
    "9111 4.1",
    [
      { request: { fields: REQUEST }, reply: { fields } },
      { request: { fields: REQUEST }, expect: { from: "origin" } },
    ],
  );
}
