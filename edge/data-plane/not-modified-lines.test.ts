import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { NotModifiedLines } from "./not-modified-lines.ts";

const stored = (tag: string) =>
  storedResponse("/a", {
    fields: Fields.of([
      ["Content-Type", "text/plain"],
      ["ETag", tag],
      ["Content-Length", "5"],
      ["Date", "Thu, 01 Jan 2026 00:00:00 GMT"],
    ]),
  });

describe("the field lines of a 304", () => {
  it("are those of the stored response without the fields of its content, however many others are asked for", () => {
    const lines = new NotModifiedLines();
    const first = stored('"first"');
    const expected = 'ETag: "first"\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n';
    expect(lines.of(first)).to.equal(expected);
    for (let n = 0; n < 5_000; n += 1) {
      expect(lines.of(stored(`"${n}"`))).to.include(`ETag: "${n}"`);
      if (n % 1_000 === 0) expect(lines.of(first)).to.equal(expected);
    }
    expect(lines.of(first)).to.equal(expected);
  });
});
