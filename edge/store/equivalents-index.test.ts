import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { searchVariance } from "../rules/no-vary-search.ts";
import { EquivalentsIndex } from "./equivalents-index.ts";
import type { StoredResponse } from "./stored-response.ts";

describe("the index of equivalent targets", () => {
  const varying = (value: string) => ({ variance: searchVariance(Fields.of([["No-Vary-Search", value]])) });
  const utm = varying('params=("utm")');
  let index: EquivalentsIndex<StoredResponse>;
  const found = (target: string, site = "default") =>
    index.find({ site, target }).map((stored) => stored.target);

  beforeEach(() => {
    index = new EquivalentsIndex();
  });

  it("finds one of a thousand responses at a path, on its site and base alone", () => {
    for (let i = 0; i < 1_000; i += 1) index.add(storedResponse(`/a?n=${i}&utm=x`, utm));
    expect(found("/a?n=999&utm=y")).to.deep.equal(["/a?n=999&utm=x"]);
    expect([found("/a?n=999&utm=y", "shop"), found("/b?n=999")]).to.deep.equal([[], []]);
    expect(index.find({ site: "default", base: "https://shop", target: "/a?n=999" })).to.deep.equal([]);
  });

  it("does not give the target that is asked for, which its own key finds", () => {
    index.add(storedResponse("/a?utm=x", utm));
    expect(found("/a?utm=x")).to.deep.equal([]);
  });

  it("knows 4 values of the field for a path, and not the next", () => {
    for (let i = 1; i <= 5; i += 1) index.add(storedResponse(`/a?x=${i}&p${i}`, varying(`params=("p${i}")`)));
    expect([found("/a?x=4"), found("/a?x=5")]).to.deep.equal([["/a?x=4&p4"], []]);
  });

  it("gives the 16 newest of those that are alike", () => {
    for (let i = 1; i <= 17; i += 1) index.add(storedResponse(`/a?utm=${i}`, utm));
    expect(found("/a")).to.have.length(16).and.not.include("/a?utm=1");
  });

  it("forgets what is removed, and what is not in it is no error", () => {
    const [first, second] = [storedResponse("/a?utm=1", utm), storedResponse("/a?utm=2", utm)];
    index.add(first);
    index.add(second);
    for (const stored of [first, first, storedResponse("/b", utm), storedResponse("/a")])
      index.remove(stored);
    expect(found("/a")).to.deep.equal(["/a?utm=2"]);
    index.remove(second);
    expect(found("/a")).to.deep.equal([]);
  });

  it("reads the query of a request once, however many responses its path has", () => {
    let looks = 0;
    class CountedKeys extends Set<string> {
      override has(key: string): boolean {
        looks += 1;
        return super.has(key);
      }
    }
    const variance = { onlyThese: false, keys: new CountedKeys(["utm"]), ordered: true };
    for (let i = 0; i < 64; i += 1) index.add(storedResponse(`/a?p&q&n=${i}&utm=x`, { variance }));
    looks = 0;
    expect(found("/a?p&q&n=5&utm=y")).to.deep.equal(["/a?p&q&n=5&utm=x"]);
    // p, q, n and utm.
    expect(looks).to.equal(4);
  });
});
