import { type Case, notReused, PAUSE, type Row, reused } from "../case.ts";

export const expiresSyntax: readonly Case[] = [
  ...reused([
    valid("32bit", "of 32 bits", "Tue, 19 Jan 2038 14:14:08 GMT"),
    valid("far-future", "in the far future", "Sun, 21 Nov 2286 04:46:39 GMT"),
    valid("rfc850", "in the form of RFC 850", "Thursday, 18-Aug-50 02:01:18 GMT"),
    valid("ansi-c", "in the form of asctime", "Thu Aug  8 02:01:18 2050"),
    valid("wrong-case-weekday", "with its weekday in capitals", "THU, 18 Aug 2050 02:01:18 GMT"),
    valid("wrong-case-month", "with its month in capitals", "Thu, 18 AUG 2050 02:01:18 GMT"),
    valid("wrong-case-tz", "with its time zone in another case", "Thu, 18 Aug 2050 02:01:18 gMT"),
  ]),
  ...notReused(
    [
      invalid("utc", "with the time zone UTC", "Thu, 18 Aug 2050 02:01:18 UTC"),
      invalid("aest", "with a time zone of its own", "Thu, 18 Aug 2050 02:01:18 AEST"),
      invalid("2-digit-year", "with a year of two digits", "Thu, 18 Aug 50 02:01:18 GMT"),
      invalid("no-comma", "without its comma", "Thu 18 Aug 2050 02:01:18 GMT"),
    ],
    PAUSE,
  ),
  ...notReused(
    [
      invalid("multiple-spaces", "with several spaces", "Thu, 18  Aug  2050 02:01:18 GMT"),
      invalid("date-dashes", "with dashes in its date", "Thu, 18-Aug-2050 02:01:18 GMT"),
      invalid("time-periods", "with full stops in its time", "Thu, 18 Aug 2050 02.01.18 GMT"),
      invalid("1-digit-hour", "with an hour of one digit", "Thu, 18 Aug 2050 2:01:18 GMT"),
      invalid(
        "multiple-lines",
        "on two lines",
        "Thu, 18 Aug 2050 2:01:18 GMT",
        "Thu, 18 Aug 2050 2:01:19 GMT",
      ),
    ],
    0,
  ),
];

function valid(id: string, what: string, value: string): Row {
  return row("optimal", id, `reads an Expires ${what}`, "9110 5.6.7", [value]);
}

function invalid(id: string, what: string, ...values: readonly string[]): Row {
  return row("required", `invalid-${id}`, `takes an Expires ${what} for the past`, "9111 5.3", values);
}

function row(
  kind: "required" | "optimal",
  id: string,
  title: string,
  rule: string,
  values: readonly string[],
): Row {
  const lines = values.map((value) => ["Expires", value, "may-change"] as const);
  return [kind, `freshness-expires-${id}`, title, rule, [...lines, ["Date", 0]]];
}
