import { expect } from "chai";
import fc from "fast-check";
import { FieldLines } from "./field-lines.ts";

const LIMITS = { fields: 3, bytes: 40 };

/** Reads the text as it grows to each of these lengths, and then whole. */
function told(text: string, lengths: readonly number[] = []): string {
  const lines = new FieldLines(0, LIMITS);
  for (const length of [...lengths, text.length]) {
    const read = lines.read(text.slice(0, length));
    if (read.kind === "fault") return read.fault;
    if (read.kind === "fields") return `${JSON.stringify(read.raw)} ${text.slice(read.end)}`.trimEnd();
  }
  return "incomplete";
}

describe("FieldLines", () => {
  it("begins where it is told to, and tells where the section ends", () => {
    const text = "line\r\nA: b\r\n\r\nbehind";
    const read = new FieldLines(6, LIMITS).read(text);
    expect(read).to.deep.equal({ kind: "fields", raw: ["A", "b"], end: text.length - "behind".length });
  });

  const sections: readonly (readonly [string, string])[] = [
    ["\r\n", "[]"],
    ["A:\r\n\r\n", '["A",""]'],
    ["A: \t\r\n\r\n", '["A",""]'],
    ["a:  b c\t \r\nA:b:c\r\n\r\n", '["a","b c","A","b:c"]'],
    ["!#$%&'*+-.^_`|~09azAZ: b\r\n\r\n", '["!#$%&\'*+-.^_`|~09azAZ","b"]'],
    ["A: 1\r\nA: 2\r\nA: 3\r\n\r\n", '["A","1","A","2","A","3"]'],
    ["A: 1\r\nA: 2\r\nA: 3\r\nA: 4\r\n\r\n", "too-many-fields"],
    ["A: 1\r\nA: 2\r\nA: 3\r\n\rx\n\r\n", "too-many-fields"],
    [`A:${"x".repeat(36)}\r\n\r\n`, `["A","${"x".repeat(36)}"]`],
    [`A:${"x".repeat(37)}\r\n\r\n`, "fields-too-large"],
    [`A:${"x".repeat(39)}`, "fields-too-large"],
    [`\0${"x".repeat(39)}\n`, "fields-too-large"],
    ["\t\r\n", "folded-field"],
    ["A\t:\r\n", "space-before-colon"],
    ["A:\n", "bare-line-end"],
    ["A:\r\r\n", "bare-line-end"],
    ["A\r\n", "malformed-field"],
    [":\r\n", "malformed-field"],
    ["A:\x01\r\n", "malformed-field"],
    ["A b: c\r\n", "malformed-field"],
  ];
  for (const [text, expected] of sections) {
    it(`reads ${JSON.stringify(text)} as ${expected}`, () => {
      expect(told(text)).to.equal(expected);
      expect(
        told(
          text,
          Array.from(text, (_char, at) => at),
        ),
      ).to.equal(expected);
    });
  }

  it("comes to the same result in whatever pieces the section arrives", () => {
    const part = fc.constantFrom(
      "A",
      "b",
      ":",
      " ",
      "\t",
      "\r",
      "\n",
      "\r\n",
      "A: b\r\n",
      "\r\n\r\n",
      "\0",
      "\xe9",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), fc.array(fc.nat({ max: 60 })), (parts, lengths) => {
        const text = parts.join("");
        const growing = lengths.filter((length) => length < text.length).sort((a, b) => a - b);
        expect(told(text, growing)).to.equal(told(text));
      }),
    );
  });
});
