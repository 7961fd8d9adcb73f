import { expect } from "chai";
import { RequestIds } from "./request-id.ts";

describe("request identifiers", () => {
  it("are 128 random bits, each another one", () => {
    const ids = new RequestIds();
    const made = Array.from({ length: 1000 }, () => ids.next());
    for (const id of made) expect(id).to.match(/^[0-9a-f]{32}$/);
    expect(new Set(made)).to.have.property("size", 1000);
  });

  it("are taken as given when they can be one", () => {
    const ids = new RequestIds();
    const given = ["0b1c2d3e-4f5a-6b7c-8d9e-0f1a2b3c4d5e", "x", "a".repeat(128)];
    for (const id of given) expect(ids.of(id)).to.equal(id);
    for (const id of [undefined, "", "a b", 'a"b', "a\u00e9", "a".repeat(129), "a, b"])
      expect(ids.of(id)).to.match(/^[0-9a-f]{32}$/);
  });
});
