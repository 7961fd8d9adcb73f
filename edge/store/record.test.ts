import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { searchVariance } from "../rules/no-vary-search.ts";
import { Records, recordTexts } from "./record.ts";
import { keyIn, sizesIn, softPurgedIn } from "./record-layout.ts";
import { offsetOf } from "./slab.ts";
import type { StoredResponse } from "./stored-response.ts";

const moment = (wall: number) => ({ wall, monotonic: wall / 3 });
const body = (text: string) => ({ chunks: [Buffer.from(text)], bodyLength: text.length });

describe("a record", () => {
  /** Where the record is. */
  function written(stored: StoredResponse) {
    const records = new Records({ poisons: true }, { poisons: true });
    const texts = recordTexts(stored);
    const address = records.add(stored, texts, 1);
    return { records, address, extent: records.extentOf(address), at: offsetOf(address), texts };
  }

  const lines = (...all: readonly (readonly [string, string])[]) => ({ fields: Fields.of(all) });
  const cases: Record<string, StoredResponse> = {
    "without anything": storedResponse("/"),
    "with all its facts": storedResponse("/a?b=1", {
      ...lines(
        [
          "Cache-Control",
          'max-age=60, s-maxage=x, private="a, b", no-cache, must-revalidate, public, immutable',
        ],
        ["ETag", 'W/"abc"'],
        ["Content-Encoding", "gzip, br"],
        ["Surrogate-Control", "max-age=5"],
      ),
      ...body("hello"),
      requestTime: moment(1_795_000_000_123.25),
      responseTime: moment(1_795_000_000_456.5),
      method: "POST",
      authorized: true,
      sent: "as-stored",
      site: "shop",
      selecting: new Map([
        ["accept", "text/html"],
        ["cookie", undefined],
      ]),
      tags: ["a", "b c", ""],
      mark: { position: { epoch: 1_795_765_476_971_001, seq: 7 }, flushes: 3, invalidations: 2 },
    }),
    "of a part": storedResponse("/p", {
      status: 206,
      ...lines(["Content-Range", "bytes 2-4/9"], ["ETag", '"\xff"']),
      ...body("cde"),
    }),
    "with one empty tag": storedResponse("/t", { tags: [""] }),
    "with fields that are no lines": storedResponse("/f", lines(["a:b", "c\r\nd"], ["e", "f"])),
    "with two entity tags, which are none": storedResponse("/e", lines(["ETag", '"a"'], ["ETag", '"b"'])),
    "with chars of more than a byte": storedResponse("/€?ü", { tags: ["日本"], ...lines(["a", "ü"]) }),
    "of a base": storedResponse("/b", {
      base: "https://shop.example",
      key: "default https://shop.example/b",
    }),
    "that stands for other targets": storedResponse("/v?x", {
      variance: searchVariance(Fields.of([["No-Vary-Search", 'params=("utm"), key-order']])),
    }),
    "with a body in pieces": storedResponse("/c", {
      chunks: [Buffer.from("ab"), Buffer.from("cd")],
      bodyLength: 4,
    }),
  };
  for (const [what, stored] of Object.entries(cases))
    it(`${what} says the same as the response`, () => {
      const { records, extent, at, texts } = written(stored);
      const read = records.reader.read(extent, at, undefined);
      expect([...read.fields]).to.deep.equal([...stored.fields]);
      expect([...read.clientFields]).to.deep.equal([...stored.clientFields]);
      expect(Buffer.concat(read.chunks)).to.deep.equal(Buffer.concat(stored.chunks));
      const alike = { fields: stored.fields, clientFields: stored.clientFields, chunks: stored.chunks };
      expect({ ...read, ...alike }).to.deep.equal(stored);
      const { site, target, tags, variance } = stored;
      expect(records.reader.purgeable(extent, at)).to.deep.equal({ site, target, tags, variance });
      expect(keyIn(extent, at)).to.equal(stored.key);
      expect(softPurgedIn(extent, at)).to.equal(undefined);
      const { bodyLength } = stored;
      const sizes = { length: texts.length, bodyLength, tags: tags.length, varies: variance !== undefined };
      expect(sizesIn(extent, at)).to.deep.equal(sizes);
    });

  it("has a body of 32 KiB in it, and not one of a byte more", () => {
    for (const [length, inRecord] of [
      [32 * 1024, 32 * 1024],
      [32 * 1024 + 1, 0],
    ] as const) {
      const own = [Buffer.alloc(length, 1)];
      const stored = storedResponse("/", { chunks: own, bodyLength: length });
      const { records, extent, at, texts } = written(stored);
      expect(texts.length - recordTexts(storedResponse("/")).length).to.equal(inRecord);
      expect(records.reader.read(extent, at, inRecord === 0 ? own : undefined).chunks).to.deep.equal(own);
    }
  });

  it("does not write beyond its body, even when more bytes are given than it has", () => {
    const { extent, at, texts } = written(storedResponse("/", { ...body("abc"), bodyLength: 2 }));
    expect(extent.bytes[at + texts.length - 1]).to.equal("b".charCodeAt(0));
    expect(extent.bytes[at + texts.length]).to.equal(0);
  });

  it("is copied when it is read: what is read stays when the memory is used again", () => {
    const { records, address, extent, at } = written(storedResponse("/", body("abc")));
    const { chunks, key } = records.reader.read(extent, at, undefined);
    records.remove(address);
    expect(records.held).to.equal(0);
    expect([Buffer.concat(chunks).toString(), key]).to.deep.equal(["abc", "default /"]);
  });
});
