import { expect } from "chai";
import fc from "fast-check";
import { get, stored } from "../../test/rig/message.fixture.ts";
import {
  contentRange,
  isExcessiveRange,
  parseContentRange,
  type ResolvedRange,
  resolveRange,
} from "./range.ts";

const TAGGED = stored('ETag: "a"');

function resolve(range: string, length = 10, head = TAGGED): ResolvedRange["kind"] | string {
  const resolved = resolveRange(get(`Range: ${range}`), head, length);
  return resolved.kind === "parts" ? resolved.parts.map((p) => `${p.first}-${p.last}`).join() : resolved.kind;
}

describe("resolveRange", () => {
  const nines = "9".repeat(400);
  const cases: readonly (readonly [string, string])[] = [
    ["bytes=0-4", "0-4"],
    ["BYTES=0-4", "0-4"],
    ["bytes=4-", "4-9"],
    ["bytes=-3", "7-9"],
    ["bytes=-30", "0-9"],
    ["bytes=9-9", "9-9"],
    ["bytes=0-99", "0-9"],
    [`bytes=5-${nines}`, "5-9"],
    [`bytes=-${nines}`, "0-9"],
    ["bytes=0-1, 4-5,,8-", "0-1,4-5,8-9"],
    ["bytes=8-, 0-1", "8-9,0-1"],
    ["bytes=0-1, 2-3", "0-1,2-3"],
    ["bytes=0-1, 20-30", "0-1"],
    ["bytes=10-", "unsatisfiable"],
    ["bytes=10-20, 30-", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    [`bytes=${nines}-`, "unsatisfiable"],
    ["bytes=0-5, 5-9", "whole"],
    ["bytes=0-, -1", "whole"],
    ["bytes=4-3", "whole"],
    ["bytes=0-1, 4-3", "whole"],
    ["bytes=-", "whole"],
    ["bytes=", "whole"],
    ["bytes=,", "whole"],
    ["bytes", "whole"],
    ["bytes =0-1", "whole"],
    ["bytes=0 - 1", "whole"],
    ["bytes=+0-1", "whole"],
    ["bytes=0x0-1", "whole"],
    ["bytes=a-b", "whole"],
    ["items=0-4", "whole"],
    ["bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7", "0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7"],
    ["bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8", "whole"],
    [`bytes=${Array.from({ length: 1000 }, (_, n) => `${n}-${n}`)}`, "whole"],
  ];
  for (const [range, expected] of cases) {
    it(`answers ${range.slice(0, 50)} of 10 bytes with ${expected}`, () => {
      expect(resolve(range)).to.equal(expected);
    });
  }

  it("honours a range in a GET for a 200 only, and one Range only", () => {
    const range = { ...get("Range: bytes=0-1"), method: "HEAD" };
    expect(resolveRange(range, TAGGED, 10).kind).to.equal("whole");
    expect(resolve("bytes=0-1", 10, { ...TAGGED, status: 404 })).to.equal("whole");
    expect(resolveRange(get("Range: bytes=0-1", "Range: bytes=2-3"), TAGGED, 10).kind).to.equal("whole");
    expect(resolveRange(get(), TAGGED, 10).kind).to.equal("whole");
    expect(resolve("bytes=0-", 0)).to.equal("whole");
  });

  const date = "Thu, 15 Jan 2026 10:00:00 GMT";
  const dated = stored(`Last-Modified: ${date}`, "Date: Thu, 15 Jan 2026 12:00:00 GMT");
  const ifRange: readonly (readonly [string, typeof TAGGED, boolean])[] = [
    ['"a"', TAGGED, true],
    ['"b"', TAGGED, false],
    ['W/"a"', TAGGED, false],
    ['W/"a"', stored('ETag: W/"a"'), false],
    ['"a"', stored(), false],
    ["a", TAGGED, false],
    [date, dated, true],
    ["Thu, 15 Jan 2026 10:00:01 GMT", dated, false],
    ["Thu, 15 Jan 2026 09:59:59 GMT", dated, false],
    [date, stored(`Last-Modified: ${date}`), false],
    [date, stored(`Last-Modified: ${date}`, `Date: ${date}`), false],
  ];
  for (const [value, head, honoured] of ifRange) {
    it(`${honoured ? "honours" : "ignores"} a range with If-Range: ${value} of ${[...head.fields].join("; ")}`, () => {
      const request = get("Range: bytes=0-1", `If-Range: ${value}`);
      expect(resolveRange(request, head, 10).kind).to.equal(honoured ? "parts" : "whole");
    });
  }

  it("gives only parts that exist, do not overlap and are at most eight", () => {
    const bound = fc.oneof(fc.nat(30).map(String), fc.constant(""));
    const spec = fc.tuple(bound, bound).map(([first, last]) => `${first}-${last}`);
    const value = fc.oneof(
      fc.string(),
      fc.array(spec, { maxLength: 12 }).map((all) => `bytes=${all}`),
    );
    fc.assert(
      fc.property(value, fc.nat(20), (range, length) => {
        const resolved = resolveRange(get(`Range: ${range}`), TAGGED, length);
        if (resolved.kind !== "parts") return;
        expect(resolved.parts.length).to.be.within(1, 8);
        const seen = new Set<number>();
        for (const { first, last } of resolved.parts) {
          expect(first).to.be.at.most(last);
          expect(last).to.be.below(length);
          for (let at = first; at <= last; at += 1) {
            expect(seen.has(at)).to.equal(false);
            seen.add(at);
          }
        }
      }),
    );
  });
});

describe("an excessive range", () => {
  const parts = (count: number) =>
    `bytes=${Array.from({ length: count }, (_, i) => `${10 * i}-${10 * i + 1}`)}`;

  it("has more than eight parts, or parts that overlap, or is malformed", () => {
    expect([isExcessiveRange(parts(8)), isExcessiveRange(parts(9))]).to.deep.equal([false, true]);
    for (const value of [
      "bytes=0-,0-",
      "bytes=0-5,5-9",
      "bytes=-1,-2",
      "bytes=5-2",
      "bytes=a",
      "Bytes=0-1,1-2",
    ]) {
      expect(isExcessiveRange(value), value).to.equal(true);
    }
  });

  it("is none of the others, nor one of another unit, which the origin may know", () => {
    for (const value of ["bytes=0-", "bytes=-5", "bytes=0-1,-1", "bytes=0-1,4-5", "lines=1-2,1-2"]) {
      expect(isExcessiveRange(value), value).to.equal(false);
    }
  });
});

describe("Content-Range", () => {
  it("is written for a part and for a 416", () => {
    expect(contentRange({ first: 2, last: 5 }, 10)).to.equal("bytes 2-5/10");
    expect(contentRange(undefined, 10)).to.equal("bytes */10");
  });

  it("is read, with and without the length of the whole", () => {
    expect(parseContentRange("bytes 2-5/10")).to.deep.equal({ first: 2, last: 5, length: 10 });
    expect(parseContentRange("bytes 2-5/*")).to.deep.equal({ first: 2, last: 5, length: undefined });
  });

  for (const value of [
    "",
    "bytes */10",
    "bytes 5-2/10",
    "bytes 2-10/10",
    "items 2-5/10",
    "bytes=2-5/10",
    "bytes 2-5",
  ]) {
    it(`is refused when it is "${value}"`, () => {
      expect(parseContentRange(value)).to.equal(undefined);
    });
  }
});
