import { type Case, conformanceCase, type Exchange, type FieldLine, PAUSE } from "../case.ts";
import { KEPT, type KeptField } from "../field-list.ts";

const MODIFIED = "Wed, 01 Jan 2020 00:00:00 GMT";

export const update304: readonly Case[] = [
  conformanceCase(
    "required",
    "304-lm-use-stored-Test-Header",
    "answers with the stored fields that a 304 leaves out",
    "9111 4.3.4",
    [
      {
        reply: {
          fields: [
            ["Cache-Control", "max-age=2"],
            ["Last-Modified", MODIFIED],
            ["Date", 0],
            ["Test-Header", "stored"],
          ],
        },
        pause: PAUSE,
      },
      {
        reply: {
          fields: [
            ["Last-Modified", MODIFIED],
            ["Date", 0],
          ],
          notModifiedIf: ["If-Modified-Since", MODIFIED],
        },
        expect: { from: "validation", fields: [["Test-Header", "stored"]] },
      },
    ],
  ),
  ...KEPT.filter(({ name }) => name !== "ETag").map(updated),
  conformanceCase(
    "check",
    "304-etag-update-response-ETag",
    "asks again without the condition when a 304 is about another ETag",
    "9111 4.3.4",
    [
      {
        reply: {
          fields: [
            ["Date", 0],
            ["Cache-Control", "max-age=2"],
            ["ETag", '"older"'],
          ],
        },
        pause: PAUSE,
      },
      {
        reply: {
          fields: [
            ["Date", 0],
            ["Cache-Control", "max-age=2"],
            ["ETag", '"newer"'],
          ],
          notModifiedIf: ["If-None-Match", '"older"'],
        },
        expect: { from: "validation", fields: [["ETag", '"newer"']] },
      },
      { expect: { from: "cache", fields: [["ETag", '"newer"']] } },
    ],
  ),
];

function updated(field: KeptField): Case {
  const { name, older, newer, updates, freeBody } = field;
  const kind = updates.startsWith("must") ? "required" : "check";
  const keeps = updates.endsWith("not");
  const after: FieldLine = [name, keeps ? older : newer];
  const title = keeps ? `leaves ${name} as it is when a 304 has it` : `takes ${name} from a 304`;
  const body = freeBody === true ? ({ body: "any" } as const) : {};
  const exchanges: readonly Exchange[] = [
    { reply: { fields: replied(field, older) }, expect: body, pause: PAUSE },
    {
      reply: { fields: replied(field, newer), notModifiedIf: ["If-None-Match", '"tag"'] },
      expect: { from: "validation", fields: [after], ...body },
    },
    { expect: { from: "cache", fields: [after], ...body } },
  ];
  return conformanceCase(kind, `304-etag-update-response-${name}`, title, "9111 3.2", exchanges);
}

function replied({ name, updates }: KeptField, value: string): readonly FieldLine[] {
  const line: FieldLine = updates.endsWith("not") ? [name, value, "may-change"] : [name, value];
  const lifetime: readonly FieldLine[] = name === "Cache-Control" ? [] : [["Cache-Control", "max-age=2"]];
  return [["Date", 0], line, ...lifetime, ["ETag", '"tag"']];
}
