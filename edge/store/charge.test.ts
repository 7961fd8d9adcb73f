import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { searchVariance } from "../rules/no-vary-search.ts";
import { chargedBytes } from "./charge.ts";

const MIB = 2 ** 20;

describe("the bytes that a stored response is charged for", () => {
  const charged = (target: string, given: Parameters<typeof storedResponse>[1] = {}) =>
    chargedBytes(storedResponse(target, given));
  const none = charged("/a");
  const withBody = (length: number) => ({ chunks: [new Uint8Array(length)], bodyLength: length });

  it("are at most 600 beyond fields and body of 1 KiB, with two tags", () => {
    const fields = Fields.of([
      ["Content-Type", "text/html; charset=utf-8"],
      ["Cache-Control", "public, max-age=60, stale-while-revalidate=30"],
      ["ETag", '"5f2b8c1d"'],
      ["Date", "Tue, 01 Sep 2026 10:00:00 GMT"],
    ]);
    const given = { fields, ...withBody(1024), tags: ["product-123", "category-7"] };
    expect(charged("/shop/category-7/product-123", given) - fields.characters - 1024).to.be.at.most(600);
  });

  it("grow with each of its texts, in steps of an eighth at most", () => {
    for (const [given, length] of [
      [{ fields: Fields.of([["A", "b".repeat(4_000)]]) }, 4_000],
      [{ selecting: new Map([["a", "b".repeat(4_000)]]) }, 4_000],
      [{ tags: ["b".repeat(4_000)] }, 4_000],
      [withBody(4_000), 4_000],
    ] as const)
      expect(charged("/a", given) - none).to.be.within(length, 1.2 * length + 44);
    expect(charged(`/${"b".repeat(4_000)}`) - none).to.be.within(4_000, 4_800);
  });

  it("count a body of more than 32 KiB as memory of its own", () => {
    expect(charged("/a", withBody(32 * 1024)) - none).to.be.within(32 * 1024, 36 * 1024);
    expect(charged("/a", withBody(MIB)) - none).to.equal(MIB + 320);
  });

  it("count the tags, and that it stands for other targets", () => {
    const tags = Array.from({ length: 100 }, (_, n) => `t${n}`);
    expect(charged("/a", { tags }) - none).to.be.at.least(100 * 44);
    const variance = searchVariance(Fields.of([["No-Vary-Search", 'params=("utm")']]));
    expect(charged("/a", { variance }) - none).to.be.at.least(800);
  });
});
