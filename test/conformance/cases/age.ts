import { type Case, type FieldLine, type Kind, notReused, type Row, reused } from "../case.ts";

const RULE = "9111 5.1";

export const age: readonly Case[] = [
  ...reused([
    row("required", "age-parse-nonnumeric", "ignores an Age that is no number", "abc"),
    row("required", "age-parse-negative", "ignores a negative Age", "-7200"),
    row("required", "age-parse-float", "ignores an Age with a fraction", "7200.0"),
    row("check", "age-parse-parameter", "ignores an Age with a parameter", "7200;foo=bar"),
    row(
      "check",
      "age-parse-numeric-parameter",
      "ignores an Age with a number in a parameter",
      "7200;foo=111",
    ),
    row("required", "age-parse-prefix", "takes the first member of an Age: 0, old", "0, 7200"),
    row("required", "age-parse-prefix-twoline", "takes the first line of two Ages: 0, then old", "0", "7200"),
    row("required", "age-parse-dup-0", "takes one of two equal members of an Age", "0, 0"),
    row("required", "age-parse-dup-0-twoline", "takes one of two equal lines of Age", "0", "0"),
    [
      "required",
      "age-parse-dup-old",
      "does not add up two equal lines of Age",
      RULE,
      [
        ["Date", 0],
        ["Cache-Control", "max-age=10000"],
        ["Age", "3600", "may-change"],
        ["Age", "3600", "may-change"],
      ],
    ],
  ]),
  ...notReused([
    row("required", "age-parse-large-minus-one", "finds the Age 2147483647 stale", "2147483647"),
    row("required", "age-parse-large", "finds the Age 2147483648 stale", "2147483648"),
    row("required", "age-parse-larger", "finds the Age 2147483649 stale", "2147483649"),
    row("required", "age-parse-suffix", "takes the first member of an Age: old, 0", "7200, 0"),
    row("required", "age-parse-suffix-twoline", "takes the first line of two Ages: old, then 0", "7200", "0"),
  ]),
];

function row(kind: Kind, id: string, title: string, ...ages: readonly string[]): Row {
  const lines = ages.map((value): FieldLine => ["Age", value, "may-change"]);
  return [kind, id, title, RULE, [["Date", 0], ["Cache-Control", "max-age=3600"], ...lines]];
}
