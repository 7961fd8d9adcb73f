import {
  type Case,
  conformanceCase,
  type FieldLine,
  type Kind,
  notReused,
  PAUSE,
  type Row,
  reused,
} from "../case.ts";

export const targeted: readonly Case[] = [
  ...reused([
    row("optimal", "cdn-max-age", "reuses a response with a positive max-age", cdn("max-age=3600")),
    row(
      "optimal",
      "cdn-max-age-max",
      "reuses a response with the max-age 2147483648",
      cdn("max-age=2147483648"),
    ),
    row(
      "optimal",
      "cdn-max-age-max-plus",
      "reuses a response with a max-age far beyond 32 bits",
      cdn("max-age=99999999999"),
    ),
    row(
      "optimal",
      "cdn-max-age-extension",
      "takes max-age beside a directive that it does not know",
      cdn("foobar, max-age=3600"),
    ),
    row(
      "optimal",
      "cdn-max-age-expires",
      "takes max-age although Expires is past",
      cdn("max-age=3600"),
      ["Expires", -10000],
      ["Date", 0],
    ),
    row(
      "optimal",
      "cdn-max-age-cc-max-age-invalid-expires",
      "takes max-age although Expires is no date",
      cdn("max-age=3600"),
      ["Expires", "0", "may-change"],
      ["Date", 0],
    ),
    row(
      "optimal",
      "cdn-max-age-short-cc-max-age",
      "prefers a long max-age to a short one of Cache-Control",
      ["Cache-Control", "max-age=1"],
      cdn("max-age=3600"),
    ),
    row(
      "required",
      "cdn-fresh-cc-nostore",
      "stores a fresh response although Cache-Control says no-store",
      ["Cache-Control", "no-store"],
      cdn("max-age=10000"),
    ),
    row(
      "ours",
      "edgecache-long-cdn-short",
      "prefers a long max-age of its own field to a short one for every CDN",
      cdn("max-age=1"),
      ["EdgeCache-Cache-Control", "max-age=3600", "may-change"],
    ),
    row(
      "ours",
      "edgecache-invalid",
      "takes CDN-Cache-Control when its own field is no Dictionary",
      ["EdgeCache-Cache-Control", "no-store, &&&&&", "may-change"],
      cdn("max-age=3600"),
    ),
    row("ours", "cdn-empty", "takes Cache-Control when CDN-Cache-Control is empty", cdn(""), [
      "Cache-Control",
      "max-age=3600",
    ]),
  ]),
  ...notReused([
    row(
      "ours",
      "edgecache-short-cdn-long",
      "prefers a short max-age of its own field to a long one for every CDN",
      cdn("max-age=3600"),
      ["EdgeCache-Cache-Control", "max-age=1", "may-change"],
    ),
    row(
      "required",
      "cdn-max-age-age",
      "does not reuse a response whose Age is beyond max-age",
      ["Date", 0],
      cdn("max-age=3600"),
      ["Age", "7200"],
    ),
    row(
      "check",
      "cdn-max-age-space-before-equals",
      "drops the field for a space before an equals sign",
      ["Cache-Control", "max-age=1"],
      cdn("max-age =100"),
    ),
    row(
      "check",
      "cdn-max-age-space-after-equals",
      "drops the field for a space after an equals sign",
      ["Cache-Control", "max-age=1"],
      cdn("max-age= 100"),
    ),
    row("required", "cdn-max-age-0", "does not reuse a response with max-age=0", cdn("max-age=0")),
    row(
      "check",
      "cdn-max-age-case-insensitive",
      "drops the field for a key in capitals, which no Dictionary has",
      cdn("MaX-aGe=3600"),
    ),
    row(
      "required",
      "cdn-max-age-0-expires",
      "does not reuse a response with max-age=0 although Expires is to come",
      cdn("max-age=0"),
      ["Expires", 10000],
      ["Date", 0],
    ),
    row(
      "required",
      "cdn-max-age-long-cc-max-age",
      "prefers a short max-age to a long one of Cache-Control",
      ["Cache-Control", "max-age=3600"],
      cdn("max-age=1"),
    ),
    row(
      "required",
      "cdn-no-store-cc-fresh",
      "does not store a response with no-store, however fresh by Cache-Control",
      ["Cache-Control", "max-age=10000"],
      cdn("no-store"),
      ["Expires", 10000],
      ["Date", 0],
    ),
    row(
      "required",
      "cdn-cc-invalid-sh-type-unknown",
      "ignores a field that is no Dictionary",
      cdn("max-age=10000, &&&&&"),
      ["Cache-Control", "no-store"],
    ),
    row(
      "required",
      "cdn-cc-invalid-sh-type-wrong",
      "ignores a field whose max-age is a string",
      cdn('max-age="10000"'),
      ["Cache-Control", "no-store"],
    ),
  ]),
  ...notReused(
    [
      row(
        "required",
        "cdn-private",
        "does not reuse a private response, however fresh by Cache-Control",
        ["CDN-Cache-Control", "private"],
        ["Cache-Control", "max-age=10000"],
        ["Expires", 10000],
        ["Date", 0],
      ),
      row(
        "required",
        "cdn-no-cache",
        "does not reuse a response with no-cache, however fresh by Cache-Control",
        ["CDN-Cache-Control", "no-cache"],
        ["Cache-Control", "max-age=10000"],
        ["Expires", 10000],
        ["Date", 0],
      ),
    ],
    0,
  ),
  conformanceCase("check", "cdn-remove-header", "passes the field on, for caches behind it", "9213 2.2", [
    {
      reply: {
        fields: [
          ["Cache-Control", "max-age=10000"],
          ["CDN-Cache-Control", "foo"],
          ["Expires", 10000],
          ["Date", 0],
        ],
      },
    },
  ]),
  exceeding("cdn-remove-age-exceed", "sends Age", { present: ["Age"] }),
  exceeding("cdn-date-update-exceed", "leaves Date as it is", { fields: [["Date", { sinceStart: 0 }]] }),
  exceeding("cdn-expires-update-exceed", "leaves Expires as it is", {
    fields: [["Expires", { sinceStart: 1 }]],
  }),
];

function cdn(value: string): FieldLine {
  return ["CDN-Cache-Control", value, "may-change"];
}

function row(kind: Kind, id: string, title: string, ...fields: readonly FieldLine[]): Row {
  return [kind, id, title, "9213 2.1", fields];
}

function exceeding(
  id: string,
  title: string,
  expect: { readonly present?: readonly string[]; readonly fields?: readonly FieldLine[] },
): Case {
  return conformanceCase("check", id, `${title} beyond the max-age of Cache-Control`, "9213 2.2", [
    {
      reply: {
        fields: [
          ["Cache-Control", "max-age=1"],
          ["Expires", 1],
          ["CDN-Cache-Control", "max-age=10000"],
          ["Date", 0],
        ],
      },
      pause: PAUSE,
    },
    { expect: { from: "cache", ...expect } },
  ]);
}
