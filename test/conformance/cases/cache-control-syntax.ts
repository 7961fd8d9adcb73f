import { type Case, type FieldLine, type Kind, notReused, type Row, reused } from "../case.ts";

export const cacheControlSyntax: readonly Case[] = [
  ...reused([
    row(
      "check",
      "freshness-max-age-two-fresh-stale-sameline",
      "takes the first of two max-ages, fresh",
      "9111 4.2.1",
      "max-age=1800, max-age=1",
    ),
    row(
      "check",
      "freshness-max-age-two-fresh-stale-sepline",
      "takes the first of two max-ages on two lines, fresh",
      "9111 4.2.1",
      "max-age=1800",
      "max-age=1",
    ),
    row(
      "check",
      "freshness-max-age-quoted",
      "reads a max-age whose digits are quoted",
      "9111 5.2",
      'max-age="3600"',
    ),
    row(
      "required",
      "freshness-max-age-leading-zero",
      "reads a max-age with leading zeros",
      "9111 1.2.2",
      "max-age=003600",
    ),
  ]),
  ...notReused([
    row(
      "check",
      "freshness-max-age-two-stale-fresh-sameline",
      "takes the first of two max-ages, stale",
      "9111 4.2.1",
      "max-age=1, max-age=1800",
    ),
    row(
      "check",
      "freshness-max-age-two-stale-fresh-sepline",
      "takes the first of two max-ages on two lines, stale",
      "9111 4.2.1",
      "max-age=1",
      "max-age=1800",
    ),
    row(
      "required",
      "freshness-max-age-ignore-quoted",
      "does not take for a directive what stands in a quoted string before it",
      "9111 5.2",
      'extension="max-age=3600", max-age=1',
    ),
    row(
      "required",
      "freshness-max-age-ignore-quoted-rev",
      "does not take for a directive what stands in a quoted string after it",
      "9111 5.2",
      'max-age=1, extension="max-age=3600"',
    ),
    row(
      "check",
      "freshness-max-age-space-before-equals",
      "does not take a max-age with a space before its equals sign",
      "9111 5.2",
      "max-age =3600",
    ),
    row(
      "check",
      "freshness-max-age-space-after-equals",
      "does not take a max-age with a space after its equals sign",
      "9111 5.2",
      "max-age= 3600",
    ),
    row(
      "required",
      "freshness-max-age-single-quoted",
      "does not take a max-age in single quotes",
      "9111 5.2",
      "max-age='3600'",
    ),
    row(
      "check",
      "freshness-max-age-decimal-zero",
      "does not take a max-age with a fraction of zero",
      "9111 1.2.2",
      "max-age=3600.0",
    ),
    row(
      "check",
      "freshness-max-age-decimal-five",
      "does not take a max-age with a fraction",
      "9111 1.2.2",
      "max-age=3600.5",
    ),
    row(
      "check",
      "freshness-max-age-a100",
      "does not take a max-age that begins with a letter",
      "9111 1.2.2",
      "max-age=a3600",
    ),
    row(
      "check",
      "freshness-max-age-100a",
      "does not take a max-age that ends in a letter",
      "9111 1.2.2",
      "max-age=3600a",
    ),
  ]),
];

function row(kind: Kind, id: string, title: string, rule: string, ...values: readonly string[]): Row {
  const fields = values.map((value): FieldLine => ["Cache-Control", value, "may-change"]);
  return [kind, id, title, rule, fields];
}
