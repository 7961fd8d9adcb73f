import { type Case, conformanceCase, type FieldLine, notReused, PAUSE, reused } from "../case.ts";

const ETAG: FieldLine = ["ETag", '"abcd"'];
const VALIDATED = {
  reply: { notModifiedIf: ["If-None-Match", '"abcd"'] },
  expect: { from: "validation" },
} as const;

export const responseDirectives: readonly Case[] = [
  ...notReused(
    [
      [
        "required",
        "cc-resp-private-shared",
        "does not store a private response",
        "9111 5.2.2.7",
        [["Cache-Control", "private, max-age=3600"]],
      ],
      [
        "required",
        "cc-resp-no-store",
        "does not store a response with no-store",
        "9111 5.2.2.5",
        [["Cache-Control", "no-store"]],
      ],
      [
        "required",
        "cc-resp-no-store-case-insensitive",
        "reads no-store without regard to case",
        "9111 5.2",
        [["Cache-Control", "No-StOrE"]],
      ],
      [
        "required",
        "cc-resp-no-store-fresh",
        "does not store no-store, however fresh",
        "9111 5.2.2.5",
        fresh("no-store"),
      ],
      [
        "required",
        "cc-resp-no-cache",
        "does not reuse a response with no-cache, however fresh",
        "9111 5.2.2.4",
        fresh("no-cache"),
      ],
      [
        "required",
        "cc-resp-no-cache-case-insensitive",
        "reads no-cache without regard to case",
        "9111 5.2",
        fresh("No-CaChE"),
      ],
    ],
    0,
  ),
  older("cc-resp-no-store-old-new", "no-store"),
  older("cc-resp-no-store-old-max-age", "no-store, max-age=0"),
  conformanceCase(
    "optimal",
    "cc-resp-no-cache-revalidate",
    "stores a response with no-cache, and validates it for every use",
    "9111 5.2.2.4",
    [{ reply: { fields: [["Cache-Control", "no-cache"], ETAG] } }, VALIDATED],
  ),
  conformanceCase(
    "optimal",
    "cc-resp-no-cache-revalidate-fresh",
    "validates a response with no-cache for every use, however fresh",
    "9111 5.2.2.4",
    [{ reply: { fields: [...fresh("no-cache"), ETAG] } }, VALIDATED],
  ),
  unnamed("headers-omit-headers-listed-in-Cache-Control-no-cache-single", ["a"], ["b", "2"]),
  unnamed("headers-omit-headers-listed-in-Cache-Control-no-cache", ["a", "b"], ["c", "3"]),
  ...reused(
    [
      [
        "optimal",
        "cc-resp-must-revalidate-fresh",
        "reuses a fresh response with must-revalidate",
        "9111 5.2.2.2",
        [["Cache-Control", "max-age=10000, must-revalidate"], ETAG],
      ],
    ],
    0,
  ),
  conformanceCase(
    "required",
    "cc-resp-must-revalidate-stale",
    "validates a stale response with must-revalidate",
    "9111 5.2.2.2",
    [
      { reply: { fields: [["Cache-Control", "max-age=2, must-revalidate"], ETAG] } },
      { expect: { from: "cache" }, pause: PAUSE },
      VALIDATED,
    ],
  ),
];

function fresh(directive: string): readonly FieldLine[] {
  return [
    ["Cache-Control", `max-age=10000, ${directive}`],
    ["Expires", 10000],
    ["Date", 0],
  ];
}

/** The second GET never reaches the origin: what is stored stays in use while it is fresh. */
function older(id: string, policy: string): Case {
  return conformanceCase(
    "required",
    id,
    `uses a fresh response although the next would be "${policy}"`,
    "9111 5.2.2.5",
    [
      { reply: { fields: [...fresh("public"), ["A", "1"]] }, pause: PAUSE },
      {
        reply: {
          fields: [
            ["Cache-Control", policy],
            ["Date", 0],
            ["A", "2"],
          ],
        },
        expect: { from: "cache" },
        pause: PAUSE,
      },
      { expect: { from: "cache", fields: [["A", "1"]] } },
    ],
  );
}

function unnamed(id: string, named: readonly string[], kept: readonly [string, string]): Case {
  const title = `reuses a response without the ${named.length} fields that its no-cache names`;
  return conformanceCase("check", id, title, "9111 5.2.2.4", [
    {
      reply: {
        fields: [
          ["Cache-Control", `no-cache="${named.join(", ")}"`],
          ["a", "1"],
          ["b", "2"],
          ["c", "3"],
          ["Cache-Control", "max-age=3600"],
          ["Date", 0],
        ],
      },
      pause: PAUSE,
    },
    { expect: { from: "cache", fields: [kept], absent: named } },
  ]);
}
