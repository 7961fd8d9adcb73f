import { expect } from "chai";
import { get, stored } from "../../test/rig/message.fixture.ts";
import { firstSlice, isSlice, rangeOf, versionOf } from "./slice.ts";

const SIZE = 100;
const rules = { slice: SIZE } as const;
const number = (...lines: string[]): number | undefined => firstSlice(get(...lines), rules)?.number;
const part = (range: string, ...lines: string[]) => ({
  ...stored(`Content-Range: bytes ${range}`, ...lines),
  status: 206,
});

describe("the first slice of an answer", () => {
  for (const [range, expected] of [
    ["bytes=0-5", 0],
    ["bytes=99-", 0],
    ["bytes=100-100", 1],
    ["bytes= 250-999", 2],
    ["bytes=-5", 0],
    ["bytes=999999999999999-", 9_999_999_999_999],
    ["bytes=1000000000000000-", undefined],
    ["bytes=0-1,5-6", undefined],
    ["items=0-1", undefined],
    ["bytes=5-1", 0],
    ["bytes=0-5,3-9", 0],
  ] as const)
    it(`is ${expected} for ${range}`, () => expect(number(`Range: ${range}`)).to.equal(expected));

  it("is 0 for the whole, and none where only the origin can answer, or nothing may be fetched", () => {
    expect(number()).to.equal(0);
    expect(number('If-None-Match: "a"')).to.equal(0);
    for (const line of [
      'If-Match: "a"',
      "If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT",
      "Cache-Control: no-store",
      "Cache-Control: only-if-cached",
      "Content-Length: 5",
    ])
      expect(number(line), line).to.equal(undefined);
  });

  it("is 0 for HEAD, whatever its Range, and none for other methods", () => {
    const asked = get("Range: bytes=500-");
    expect(firstSlice({ ...asked, method: "HEAD" }, rules)?.number).to.equal(0);
    expect(firstSlice({ ...asked, method: "POST" }, rules)).to.equal(undefined);
    expect(firstSlice(asked, { slice: "off" })).to.equal(undefined);
  });
});

describe("a slice", () => {
  it("asks for its bytes", () => expect(rangeOf({ size: SIZE, number: 2 })).to.equal("bytes=200-299"));

  for (const [range, is] of [
    ["200-299/1000", true],
    ["200-249/250", true],
    ["200-298/1000", false],
    ["200-300/1000", false],
    ["100-199/1000", false],
    ["200-299/*", false],
  ] as const)
    it(`is ${is ? "" : "not "}bytes ${range}`, () =>
      expect(isSlice(part(range, 'ETag: "a"'), { size: SIZE, number: 2 })).to.equal(is));

  it("has as many bytes as its place, and a strong validator unless it is the whole", () => {
    const first = { size: SIZE, number: 0 };
    expect(isSlice(part("0-99/1000", 'ETag: "a"', "Content-Length: 100"), first)).to.equal(true);
    expect(isSlice(part("0-99/1000", 'ETag: "a"', "Content-Length: 99"), first)).to.equal(false);
    expect(isSlice(part("0-99/1000", 'ETag: W/"a"'), first)).to.equal(false);
    expect(isSlice(part("0-99/1000"), first)).to.equal(false);
    expect(isSlice(part("0-9/10"), first)).to.equal(true);
    expect(isSlice(stored('ETag: "a"'), first)).to.equal(false);
  });
});

describe("the version of a slice", () => {
  const OLD = "Last-Modified: Sat, 01 Jan 2000 00:00:00 GMT";

  it("is its strong tag, or its strong date, with length and coding", () => {
    const version = versionOf(part("0-99/1000", 'ETag: "a"'));
    expect(version).to.equal(versionOf(part("100-199/1000", 'ETag: "a"', OLD)));
    for (const other of [
      part("0-99/1000", 'ETag: "b"'),
      part("0-99/1001", 'ETag: "a"'),
      part("0-99/1000", 'ETag: "a"', "Content-Encoding: gzip"),
      part("0-99/1000", OLD, "Date: Sat, 01 Jan 2000 00:00:01 GMT"),
    ])
      expect(versionOf(other)).to.be.a("string").and.not.equal(version);
  });

  it("is unknown with a weak tag, or a date of less than a second before the response", () => {
    expect(versionOf(part("0-99/1000", 'ETag: W/"a"', OLD))).to.equal(undefined);
    expect(versionOf(part("0-99/1000", OLD, "Date: Sat, 01 Jan 2000 00:00:00 GMT"))).to.equal(undefined);
  });
});
