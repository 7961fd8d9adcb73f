import { type Case, conformanceCase, type FieldLine, FRESH, PAUSE, type Reply } from "../case.ts";
import { KEPT, NOT_KEPT } from "../field-list.ts";

export const storedFields: readonly Case[] = [
  conformanceCase(
    "required",
    "headers-omit-headers-listed-in-Connection",
    "keeps no field that Connection lists",
    "9111 3.1",
    [
      {
        reply: {
          fields: [
            ...FRESH,
            ["Connection", "a, b", "may-change"],
            ["a", "1", "may-change"],
            ["b", "2", "may-change"],
            ["c", "3", "may-change"],
          ],
        },
        pause: PAUSE,
      },
      { expect: { from: "cache", fields: [["c", "3"]], absent: ["a", "b"] } },
    ],
  ),
  ...KEPT.map(({ name, newer, freeBody }) => {
    const lines: readonly FieldLine[] = name === "Cache-Control" ? [] : [["Cache-Control", "max-age=3600"]];
    const reply: Reply = { fields: [["Date", 0], [name, newer], ...lines] };
    const body = freeBody === true ? ({ body: "any" } as const) : {};
    return conformanceCase("required", `headers-store-${name}`, `keeps ${name}`, "9111 3.1", [
      { reply, expect: body, pause: PAUSE },
      { expect: { from: "cache", fields: [[name, newer]], ...body } },
    ]);
  }),
  ...NOT_KEPT.map((name) => {
    const value = "abcdefghijklmno";
    const fields: readonly FieldLine[] = [
      ["Date", 0],
      [name, value, "may-change"],
      ["Cache-Control", "max-age=3600"],
    ];
    // RFC 9112 section 6.3: a transfer coding that is not chunked ends with the connection.
    const reply: Reply = name === "Transfer-Encoding" ? { fields, closes: true } : { fields };
    return conformanceCase("required", `headers-store-${name}`, `does not keep ${name}`, "9111 3.1", [
      { reply, pause: PAUSE },
      { expect: { from: "cache", absent: [[name, value]] } },
    ]);
  }),
];
