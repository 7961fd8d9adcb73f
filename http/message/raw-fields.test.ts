import { expect } from "chai";
import { rawValues } from "./raw-fields.ts";

describe("rawValues", () => {
  it("finds every line of one field, whatever its case, in order", () => {
    const raw = ["Host", "a", "VIA", "1", "Vib", "2", "via", "", "X-Via", "3"];
    expect(rawValues(raw, "via")).to.deep.equal(["1", ""]);
    expect(rawValues(raw, "constructor")).to.deep.equal([]);
  });
});
