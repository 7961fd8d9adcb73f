import { expect } from "chai";
import { get, stored, withHead } from "../../test/rig/message.fixture.ts";
import { answersWholly, clamped, combined, completion, heldPart } from "./partial.ts";
import type { StoredHead } from "./stored-head.ts";

function part(range: string, ...lines: readonly string[]): StoredHead {
  return withHead(stored(`Content-Range: bytes ${range}`, 'ETag: "a"', ...lines), { status: 206 });
}

describe("heldPart", () => {
  it("is the part that a 206 of a whole of known length holds", () => {
    expect(heldPart(part("5-9/10"))).to.deep.equal({ first: 5, last: 9, length: 10 });
    expect(heldPart(part("5-9/*"))).to.equal(undefined);
    expect(heldPart({ ...part("5-9/10"), status: 200 })).to.equal(undefined);
    expect(heldPart({ ...stored(), status: 206 })).to.equal(undefined);
  });
});

describe("answersWholly", () => {
  const cases: readonly (readonly [string, boolean])[] = [
    ["bytes=5-9", true],
    ["bytes=-5", true],
    ["bytes=6-8", true],
    ["bytes=6-", true],
    ["bytes=-1", true],
    ["bytes=5-5, 9-9", true],
    ["bytes=4-9", false],
    ["bytes=-6", false],
    ["bytes=0-1", false],
    ["bytes=5-5, 0-1", false],
    ["bytes=10-", false],
    ["items=5-9", false],
  ];
  for (const [range, expected] of cases) {
    it(`is ${expected} for ${range} of a stored 5-9 of 10`, () => {
      expect(answersWholly(part("5-9/10"), get(`Range: ${range}`))).to.equal(expected);
    });
  }

  it("is false for a part and a request of the whole, and true for any whole response", () => {
    expect(answersWholly(part("5-9/10"), get())).to.equal(false);
    expect(answersWholly(part("0-9/10"), get())).to.equal(false);
    expect(answersWholly(part("5-9/10"), { ...get("Range: bytes=5-9"), method: "HEAD" })).to.equal(false);
    expect(answersWholly(stored(), get("Range: bytes=5-9"))).to.equal(true);
  });

  it("is false when the client has part of another representation", () => {
    expect(answersWholly(part("5-9/10"), get("Range: bytes=5-9", 'If-Range: "b"'))).to.equal(false);
    expect(answersWholly(part("5-9/10"), get("Range: bytes=5-9", 'If-Range: "a"'))).to.equal(true);
  });
});

describe("completion", () => {
  it("asks for the end or the start that is missing, on condition of the same representation", () => {
    expect(completion(part("0-4/10"))).to.deep.equal([
      ["Range", "bytes=5-"],
      ["If-Range", '"a"'],
    ]);
    expect(completion(part("5-9/10"))).to.deep.equal([
      ["Range", "bytes=0-4"],
      ["If-Range", '"a"'],
    ]);
  });

  it("is impossible with two pieces missing, and with none", () => {
    expect(completion(part("3-4/10"))).to.equal(undefined);
    expect(completion(part("0-9/10"))).to.equal(undefined);
  });

  it("has no condition without a strong entity tag", () => {
    for (const tag of [[], ['ETag: W/"a"']]) {
      const head = withHead(stored("Content-Range: bytes 0-4/10", ...tag), { status: 206 });
      expect(completion(head)).to.deep.equal([["Range", "bytes=5-"]]);
    }
  });
});

describe("clamped", () => {
  const range = (bytes: number) => clamped(part("4-9/10"), bytes)?.get("Content-Range");

  it("is the part with as many bytes as came, from its first byte on", () => {
    expect([range(6), range(5), range(1)]).to.deep.equal(["bytes 4-9/10", "bytes 4-8/10", "bytes 4-4/10"]);
  });

  it("is nothing when no byte came, or more than was said", () => {
    expect([range(0), range(7)]).to.deep.equal([undefined, undefined]);
  });
});

describe("combined", () => {
  it("makes a whole response of parts that meet, with the newer fields", () => {
    const whole = combined(part("0-4/10", "X: old"), part("5-9/10", "X: new"));
    expect(whole?.status).to.equal(200);
    expect([...(whole?.fields ?? [])]).to.deep.equal([
      ["ETag", '"a"'],
      ["X", "new"],
      ["Content-Length", "10"],
    ]);
  });

  it("makes a larger part of parts that overlap or touch", () => {
    const larger = combined(part("4-6/10"), part("2-4/10"));
    expect(larger?.held).to.deep.equal({ first: 2, last: 6, length: 10 });
    expect([larger?.status, larger?.fields.get("content-range")]).to.deep.equal([206, "bytes 2-6/10"]);
    expect(larger?.fields.get("content-length")).to.equal("5");
  });

  it("refuses parts with a gap, of other representations, of other lengths, or weakly tagged", () => {
    expect(combined(part("0-3/10"), part("5-9/10"))).to.equal(undefined);
    expect(combined(part("0-4/10"), part("5-10/11"))).to.equal(undefined);
    const other = withHead(stored("Content-Range: bytes 5-9/10", 'ETag: "b"'), { status: 206 });
    expect(combined(part("0-4/10"), other)).to.equal(undefined);
    const weak = (range: string) =>
      withHead(stored(`Content-Range: bytes ${range}`, 'ETag: W/"a"'), { status: 206 });
    expect(combined(weak("0-4/10"), weak("5-9/10"))).to.equal(undefined);
  });
});
