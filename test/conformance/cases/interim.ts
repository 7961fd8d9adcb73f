import { type Case, conformanceCase, FRESH, type Interim, PAUSE } from "../case.ts";

const PROCESSING: Interim = { status: 102 };
const HINT: Interim = { status: 103, fields: { link: "</styles.css>; rel=preload; as=style" } };
const HINTS: Interim = { status: 103, fields: { ...HINT.fields, "x-my-header": "test" } };

export const interim: readonly Case[] = [
  passed("optimal", "interim-102", "passes a 102 through, and keeps the final response", PROCESSING),
  passed(
    "optimal",
    "interim-103",
    "passes a 103 through with its fields, and keeps the final response",
    HINTS,
  ),
  passed("required", "interim-not-cached", "does not keep a 103", HINT),
  passed("optimal", "interim-no-header-reuse", "does not keep the fields of a 103", HINTS),
];

function passed(kind: "required" | "optimal", id: string, title: string, hint: Interim): Case {
  const absent = ["x-my-header"];
  return conformanceCase(kind, id, title, "9110 15.2", [
    { reply: { fields: FRESH, interim: [hint] }, expect: { interim: [hint], absent }, pause: PAUSE },
    { expect: { from: "cache", interim: [], absent } },
  ]);
}
