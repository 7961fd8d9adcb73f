import { type Case, conformanceCase, type Exchange, type FieldLine, FRESH, PAUSE } from "../case.ts";

const AUTHORIZATION: FieldLine = ["Authorization", "FOO"];

export const authorization: readonly Case[] = [
  conformanceCase(
    "required",
    "other-authorization",
    "does not reuse the response to a request with Authorization, however fresh",
    "9111 3.5",
    [authorized(FRESH), { expect: { from: "origin" } }],
  ),
  allowed("other-authorization-public", "max-age=3600, public", "public"),
  allowed("other-authorization-must-revalidate", "max-age=3600, must-revalidate", "must-revalidate"),
  allowed("other-authorization-smaxage", "s-maxage=3600", "s-maxage"),
];

function allowed(id: string, policy: string, by: string): Case {
  const title = `reuses the response to a request with Authorization when ${by} allows it`;
  const fields: readonly FieldLine[] = [
    ["Cache-Control", policy],
    ["Date", 0],
  ];
  return conformanceCase("optimal", id, title, "9111 3.5", [
    authorized(fields),
    { expect: { from: "cache" } },
  ]);
}

function authorized(fields: readonly FieldLine[]): Exchange {
  return {
    request: { fields: [AUTHORIZATION] },
    reply: { fields },
    expect: { sent: [AUTHORIZATION] },
    pause: PAUSE,
  };
}
