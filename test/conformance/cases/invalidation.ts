import { type Case, conformanceCase, type Exchange, FRESH, PAUSE } from "../case.ts";

const METHODS = ["POST", "PUT", "DELETE", "M-SEARCH"];

export const invalidation: readonly Case[] = [
  ...METHODS.flatMap((method) => [
    conformanceCase(
      "required",
      `invalidate-${method}`,
      `does not reuse what a ${method} has changed`,
      "9111 4.4",
      [
        { reply: { fields: FRESH }, pause: PAUSE },
        { request: { method, body: "abc" } },
        { expect: { from: "origin" } },
      ],
    ),
    conformanceCase(
      "optimal",
      `invalidate-${method}-failed`,
      `reuses what a ${method} has failed to change`,
      "9111 4.4",
      [
        { reply: { fields: FRESH }, pause: PAUSE },
        { request: { method, body: "abc" }, reply: { status: 500 } },
        { expect: { from: "cache" } },
      ],
    ),
    named(`invalidate-${method}-location`, method, "/location_target", "Location"),
    named(`invalidate-${method}-cl`, method, "/content_location_target", "Content-Location"),
  ]),
];

function named(id: string, method: string, target: string, field: string): Case {
  const title = `does not reuse what the ${field} of a ${method} names`;
  const get: Exchange = { request: { target }, reply: { fields: FRESH } };
  return conformanceCase("check", id, title, "9111 4.4", [
    get,
    {
      request: { method, body: "abc" },
      reply: {
        fields: [
          ["Location", "{path}/location_target"],
          ["Content-Location", "{path}/content_location_target"],
        ],
      },
    },
    { ...get, expect: { from: "origin" } },
  ]);
}
