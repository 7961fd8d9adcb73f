import { expect } from "chai";
import { storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { DecodedResponses } from "./decoded-responses.ts";

describe("the responses kept as objects", () => {
  const small = (row: number) => ({ row, responses: [storedResponse(`/${row}`)] });

  it("are those used lately", () => {
    const decoded = new DecodedResponses(4_000);
    // Each takes some 1,500 bytes, so three are a generation.
    for (let row = 1; row <= 6; row += 1) {
      decoded.set(`k${row}`, small(row));
      decoded.get("k1");
    }
    const known = [1, 2, 3, 4, 5, 6].filter((row) => decoded.peek(`k${row}`) !== undefined);
    expect(known).to.include.members([1, 5, 6]).and.not.include(2);
  });

  it("are no more than two generations", () => {
    const decoded = new DecodedResponses(15_000);
    for (let row = 1; row <= 1_000; row += 1) decoded.set(`k${row}`, small(row));
    const known = Array.from({ length: 1_000 }, (_, i) => decoded.peek(`k${i + 1}`)).filter(Boolean);
    expect(known.length).to.be.within(10, 20);
  });

  it("are forgotten when they are replaced or dropped, in whichever generation they are", () => {
    const decoded = new DecodedResponses(1);
    decoded.set("a", small(1));
    decoded.set("b", small(2));
    decoded.delete("a");
    decoded.set("b", small(3));
    expect([decoded.get("a"), decoded.get("b")?.row]).to.deep.equal([undefined, 3]);
    decoded.clear();
    expect(decoded.get("b")).to.equal(undefined);
  });
});
