import { type Case, conformanceCase, type FieldLine, notReused, PAUSE, type Row, reused } from "../case.ts";

/** The field of the W3C note "Edge Architecture", which goes before Cache-Control and stays with us. */
const RULE = "W3C Edge Architecture section 2.2";

export const surrogateControl: readonly Case[] = [
  ...reused([
    row("max-age", "reuses a response with a positive max-age", surrogate("max-age=3600")),
    row("max-age-max", "reuses a response with the max-age 2147483648", surrogate("max-age=2147483648")),
    row(
      "max-age-max-plus",
      "reuses a response with a max-age far beyond 32 bits",
      surrogate("max-age=99999999999"),
    ),
    row(
      "max-age-extension",
      "takes max-age beside a directive that it does not know",
      surrogate("foobar, max-age=3600"),
    ),
    row(
      "max-age-case-insensitive",
      "reads directive names without regard to case",
      surrogate("MaX-aGe=3600"),
    ),
    row(
      "max-age-expires",
      "takes max-age although Expires is past",
      surrogate("max-age=3600"),
      ["Expires", -10000],
      ["Date", 0],
    ),
    row(
      "max-age-cc-max-age-invalid-expires",
      "takes max-age although Expires is no date",
      surrogate("max-age=3600"),
      ["Expires", "0", "may-change"],
      ["Date", 0],
    ),
    row(
      "max-age-short-cc-max-age",
      "prefers a long max-age to a short one of Cache-Control",
      ["Cache-Control", "max-age=1"],
      surrogate("max-age=3600"),
    ),
    row(
      "fresh-cc-nostore",
      "stores a fresh response although Cache-Control says no-store",
      ["Cache-Control", "no-store"],
      surrogate("max-age=10000"),
    ),
  ]),
  ...notReused([
    row(
      "max-age-other-target",
      "does not take a max-age for another surrogate",
      ["Date", 0],
      surrogate("max-age=3600;not-for-you"),
    ),
    row(
      "max-age-age",
      "does not reuse a response whose Age is beyond max-age",
      ["Date", 0],
      surrogate("max-age=3600"),
      ["Age", "7200"],
    ),
    row(
      "max-age-space-before-equals",
      "does not take a max-age with a space before its equals sign",
      ["Cache-Control", "max-age=1"],
      surrogate("max-age =100"),
    ),
    row(
      "max-age-space-after-equals",
      "does not take a max-age with a space after its equals sign",
      ["Cache-Control", "max-age=1"],
      surrogate("max-age= 100"),
    ),
    row("max-age-0", "does not reuse a response with max-age=0", surrogate("max-age=0")),
    row(
      "max-age-0-expires",
      "does not reuse a response with max-age=0 although Expires is to come",
      surrogate("max-age=0"),
      ["Expires", 10000],
      ["Date", 0],
    ),
    row(
      "max-age-long-cc-max-age",
      "prefers a short max-age to a long one of Cache-Control",
      ["Cache-Control", "max-age=3600"],
      surrogate("max-age=1"),
    ),
    row("no-store", "does not store a response with no-store", surrogate("no-store")),
    row(
      "no-store-cc-fresh",
      "does not store a response with no-store, however fresh by Cache-Control",
      ["Cache-Control", "max-age=10000"],
      surrogate("no-store"),
      ["Expires", 10000],
      ["Date", 0],
    ),
  ]),
  conformanceCase(
    "ours",
    "surrogate-remove-header",
    "keeps the field from the client, at once and from the cache",
    RULE,
    [
      {
        reply: { fields: [["Cache-Control", "max-age=10000"], surrogate("foo")] },
        expect: { absent: ["Surrogate-Control"] },
        pause: PAUSE,
      },
      { expect: { from: "cache", absent: ["Surrogate-Control"] } },
    ],
  ),
];

function surrogate(value: string): FieldLine {
  return ["Surrogate-Control", value, "may-change"];
}

function row(id: string, title: string, ...fields: readonly FieldLine[]): Row {
  return ["ours", `surrogate-${id}`, title, RULE, fields];
}
