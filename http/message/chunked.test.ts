import { expect } from "chai";
import fc from "fast-check";
import { cuts, everyByte, pieces } from "../../test/rig/arrival.ts";
import { mutated } from "../../test/rig/mutated-message.ts";
import { CHUNK_END, ChunkedDecoder, chunkStart, LAST_CHUNK } from "./chunked.ts";

const bytesOf = (text: string): Buffer => Buffer.from(text, "latin1");

/** "content|end|behind", where `behind` is what is left; "content|more"; or "content|malformed: …". */
function told(text: string, cutAt: readonly number[] = []): string {
  const decoder = new ChunkedDecoder();
  let content = "";
  let before = 0;
  for (const piece of pieces(bytesOf(text), cutAt)) {
    const read = decoder.push(piece);
    content += Buffer.concat(read.content).toString("latin1");
    if (read.kind === "malformed") return `${content}|malformed: ${read.why}`;
    if (read.kind === "end") return `${content}|end|${read.trailers}|${text.slice(before + read.end)}`;
    before += piece.length;
  }
  return `${content}|more`;
}

const NO_SIZE = "|malformed: a chunk does not begin with its size";
const NO_EXTENSION = "|malformed: the text after a chunk's size is no extension";
const TOO_LONG = "|malformed: a chunk's line is longer than allowed";
/** A chunk with 128 bytes of extensions. */
const EXTENDED = `1;${"a".repeat(127)}\r\nx\r\n`;
const OVERRUN = "|malformed: a chunk is longer than its size says";

describe("ChunkedDecoder", () => {
  const contents: readonly (readonly [string, string])[] = [
    ["0\r\n\r\n", "|end||"],
    ["5\r\nhello\r\n0\r\n\r\nGET", "hello|end||GET"],
    ["a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n", "01234567890123456789|end||"],
    ["2\r\n\r\n\r\n0\r\n\r\n", "\r\n|end||"],
    ["0\r\nA: b\r\nC:\r\n\r\nGET", "|end|A,b,C,|GET"],
    ['3;a;b=c;d="e\\"f;g"\r\nabc\r\n0;x\r\n\r\n', "abc|end||"],
    ["5\r\nhel", "hel|more"],
    ["5\r\nhello", "hello|more"],
    ["5\r\nhello\r\n0\r\n", "hello|more"],
    ["5\r\nhello\r\n0\r\n\r", "hello|more"],
    ["1fffffffffffff\r\nx", "x|more"],
    ["20000000000000\r\nx", "|malformed: a chunk is larger than allowed"],
    ["ffffffffffffffff\r\n", "|malformed: a chunk is larger than allowed"],
    ["00000000000000005\r\n", NO_SIZE],
    ["", "|more"],
    ["\r\n", NO_SIZE],
    ["x\r\n", NO_SIZE],
    ["-1\r\n", NO_SIZE],
    ["+1\r\n", NO_SIZE],
    ["0x5\r\n", NO_SIZE],
    [" 5\r\n", NO_SIZE],
    ["5 \r\n", NO_SIZE],
    ["5\t;a\r\n", NO_SIZE],
    ["5\n", NO_SIZE],
    ["5\r", "|more"],
    ["5\rX\n", NO_EXTENSION],
    ["5;\r\n", NO_EXTENSION],
    ["5; a\r\n", NO_EXTENSION],
    ["5;a=\r\n", NO_EXTENSION],
    ['5;a="b\r\n', NO_EXTENSION],
    ["5;a\n", NO_EXTENSION],
    ["5;a\0\r\n", NO_EXTENSION],
    ["5;a\rb\r\n", NO_EXTENSION],
    [`5;${"a".repeat(252)}\r\n`, "|more"],
    [`5;${"a".repeat(253)}\r\n`, TOO_LONG],
    [`5;${"a".repeat(1000)}`, TOO_LONG],
    [`${EXTENDED.repeat(31)}1;${"a".repeat(125)}\r\nx\r\n0;a\r\n\r\n`, `${"x".repeat(32)}|end||`],
    [
      `${EXTENDED.repeat(31)}1;${"a".repeat(126)}\r\nx\r\n0;a\r\n\r\n`,
      `${"x".repeat(32)}|malformed: more chunk extensions than allowed`,
    ],
    ["3\r\nabcd\r\n", `abc${OVERRUN}`],
    ["3\r\nabc\n0\r\n\r\n", `abc${OVERRUN}`],
    ["3\r\nabc0\r\n\r\n", `abc${OVERRUN}`],
    ["3\r\nabc\rX", `abc${OVERRUN}`],
    ["0\r\nA : b\r\n\r\n", "|malformed: in the trailer section, a field's name may not be followed by space"],
    [
      "0\r\nA: b\n\r\n",
      "|malformed: in the trailer section, every line must end with CR and LF, and neither may stand alone",
    ],
    [
      `0\r\nA: ${"b".repeat(8 * 1024)}`,
      "|malformed: in the trailer section, the fields are larger than allowed",
    ],
    [`${`1;${"a".repeat(199)}\r\nx\r\n`.repeat(20)}1`, `${"x".repeat(20)}|more`],
    [
      `1;${"a".repeat(199)}\r\nx\r\n`.repeat(21),
      `${"x".repeat(20)}|malformed: more chunk extensions than allowed`,
    ],
  ];
  for (const [text, expected] of contents) {
    it(`reads ${JSON.stringify(text.slice(0, 60))} as ${JSON.stringify(expected.slice(0, 60))}`, () => {
      expect(told(text)).to.equal(expected);
      expect(told(text, everyByte(bytesOf(text)))).to.equal(expected);
    });
  }

  it("begins at the given index, and hands out the content without copying it", () => {
    const chunk = bytesOf("head5\r\nhello\r\n0\r\n\r\n");
    const read = new ChunkedDecoder().push(chunk, 4);
    expect(read.content.map((piece) => piece.buffer === chunk.buffer)).to.deep.equal([true]);
    expect(read).to.include({ kind: "end", end: chunk.length });
  });

  it("comes to the same result in whatever pieces the content arrives", () => {
    const messages = [
      "5\r\nhello\r\n0\r\n\r\nGET",
      '3;n="q\\"";m=v\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\n',
    ];
    fc.assert(
      fc.property(mutated(messages), cuts, (text, cutAt) => {
        expect(told(text, cutAt)).to.equal(told(text));
        expect(told(text, everyByte(bytesOf(text)))).to.equal(told(text));
      }),
    );
  });

  it("gives back what was written in chunks", () => {
    const written = fc.array(fc.string({ minLength: 1, unit: "binary-ascii" }), { maxLength: 20 });
    fc.assert(
      fc.property(written, cuts, (parts, cutAt) => {
        const frames = parts.map((part) => chunkStart(part.length) + part + CHUNK_END);
        expect(told(`${frames.join("")}${LAST_CHUNK}`, cutAt)).to.equal(`${parts.join("")}|end||`);
      }),
    );
  });
});
